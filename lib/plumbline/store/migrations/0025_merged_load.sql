-- Of how many gathered pushes a load is; 0: a file was loaded. Those that an hour or a day brought become one load.
ALTER TABLE load ADD COLUMN pushes INTEGER DEFAULT 0;
UPDATE load SET pushes = CASE WHEN regexp_full_match(file, 'push-[0-9a-f]{26}\.parquet') THEN 1 ELSE 0 END;
-- Which load took the rows of one that is no longer there, and how many rows lie before them in it.
CREATE TABLE merged_load (load_id INTEGER NOT NULL, system VARCHAR NOT NULL, into_load INTEGER NOT NULL,
    rows_before BIGINT NOT NULL);
