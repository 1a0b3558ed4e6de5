-- What each merged load was by itself: when it came, with which file, and what it brought. The load that took the others
-- has a row of its own, for the first of them. Empty where the loads were merged by an earlier version.
ALTER TABLE merged_load ADD COLUMN made_at TIMESTAMP;
ALTER TABLE merged_load ADD COLUMN sha256 VARCHAR;
ALTER TABLE merged_load ADD COLUMN rows_read BIGINT;
ALTER TABLE merged_load ADD COLUMN rows_loaded BIGINT;
ALTER TABLE merged_load ADD COLUMN labels_joined BIGINT;
