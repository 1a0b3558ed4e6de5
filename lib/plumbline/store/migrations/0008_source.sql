-- Where decisions are pulled from. `location` holds no secret: no password, no key, no query string. `item` is the
-- table or the query; '' where the location says all.
CREATE TABLE source (system VARCHAR NOT NULL, location VARCHAR NOT NULL, item VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL, since VARCHAR NOT NULL, added_at TIMESTAMP NOT NULL, PRIMARY KEY (system, location, item));
-- What each load brought of a source, and up to where; the newest says where the next pull begins. Undoing a load
-- takes its entry and the later ones back, so that the next pull reads those rows again.
CREATE TABLE source_pull (system VARCHAR NOT NULL, location VARCHAR NOT NULL, item VARCHAR NOT NULL,
    load_id INTEGER NOT NULL, mark VARCHAR, made_at TIMESTAMP NOT NULL);
