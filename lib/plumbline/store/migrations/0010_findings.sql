-- One row a problem, from its onset to its end. `closed_at`: when a check no longer found it open; `seen_at`: the last
-- check that did. Acknowledging says that a person saw it.
CREATE SEQUENCE finding_id START 1;
CREATE TABLE finding (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, signal VARCHAR NOT NULL, sentence VARCHAR NOT NULL,
    since TIMESTAMP, until TIMESTAMP, known_at TIMESTAMP, severity VARCHAR NOT NULL, confidence DOUBLE, page VARCHAR NOT NULL,
    figures VARCHAR NOT NULL, recorded_at TIMESTAMP NOT NULL, seen_at TIMESTAMP NOT NULL, closed_at TIMESTAMP,
    acknowledged_by VARCHAR NOT NULL DEFAULT '', acknowledged_at TIMESTAMP);
