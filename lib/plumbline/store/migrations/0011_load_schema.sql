-- Which columns each load held, and of which kind, so that changes from load to load can be told.
CREATE TABLE load_schema (load_id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, body VARCHAR NOT NULL);
