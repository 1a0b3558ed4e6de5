-- Looks into registries and repositories. `body` is canonical JSON of what was read; `place` holds no credentials.
CREATE SEQUENCE IF NOT EXISTS probe_id START 1;
CREATE TABLE IF NOT EXISTS probe (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, kind VARCHAR NOT NULL, place VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, body VARCHAR NOT NULL);
