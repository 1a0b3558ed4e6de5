-- What scans of the decisions said, kept until the decisions change. `rests_on` is a digest of everything an answer rests
-- on (see plumbline.store.kept); one that differs is never read. No row of the log stands here, only counts, figures
-- and places.
CREATE TABLE kept (system VARCHAR NOT NULL, question VARCHAR NOT NULL, rests_on VARCHAR NOT NULL, body VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL);
