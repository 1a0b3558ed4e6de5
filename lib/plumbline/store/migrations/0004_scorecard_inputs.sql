-- What each kept scorecard was computed from, so that it can be computed again to the same bytes. Both are
-- canonical JSON; '' in scorecards kept before. `catalogue` and `rules` are SHA-256 of the data and the code.
ALTER TABLE scorecard ADD COLUMN given VARCHAR DEFAULT '';
ALTER TABLE scorecard ADD COLUMN card_sha256 VARCHAR DEFAULT '';
ALTER TABLE scorecard ADD COLUMN catalogue VARCHAR DEFAULT '';
ALTER TABLE scorecard ADD COLUMN rules VARCHAR DEFAULT '';
