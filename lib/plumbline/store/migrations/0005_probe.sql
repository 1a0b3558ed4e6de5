-- Looks into registries and repositories. `body` is canonical JSON of what was read; `place` holds no credentials.
CREATE SEQUENCE probe_id START 1;
CREATE TABLE probe (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, kind VARCHAR NOT NULL, place VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, body VARCHAR NOT NULL);
