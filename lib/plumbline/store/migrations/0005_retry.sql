-- Retrying rows in quarantine: how the file was read, which load took a row since, and of which load it is a retry.
-- A row stays in quarantine when a retry loads it, marked with that load, so that the first load's count still holds.
CREATE TABLE load_form (load_id INTEGER PRIMARY KEY, columns VARCHAR NOT NULL, delimiter VARCHAR NOT NULL,
    quote VARCHAR NOT NULL, mapping VARCHAR NOT NULL);
ALTER TABLE quarantine ADD COLUMN retried_by INTEGER;
ALTER TABLE load ADD COLUMN retry_of INTEGER;
