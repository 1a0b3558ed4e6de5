-- A statement may carry its evidence (a file, kept by its SHA-256) and a second person's approval.
ALTER TABLE attestation ADD COLUMN evidence VARCHAR DEFAULT '';
ALTER TABLE attestation ADD COLUMN evidence_name VARCHAR DEFAULT '';
ALTER TABLE attestation ADD COLUMN approved_by VARCHAR DEFAULT '';
ALTER TABLE attestation ADD COLUMN approved_on DATE;
CREATE TABLE evidence_file (sha256 VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, body BLOB NOT NULL, made_at TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL);

-- Incidents with what their clocks run from; `body` is canonical JSON.
CREATE SEQUENCE incident_id START 1;
CREATE TABLE incident (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, opened_at TIMESTAMP NOT NULL, closed_at TIMESTAMP,
    body VARCHAR NOT NULL);
