-- The decisions that a version's contributions are measured against, fixed once: their places in the log and the
-- SHA-256 of their inputs, so that an explanation made years later is the one made today.
CREATE TABLE model_background (
    system VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    load_ids INTEGER[] NOT NULL,
    lines BIGINT[] NOT NULL,
    sha256 VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (system, version)
);
