-- Attributions that were computed for decisions in the log, by the registered model file of their version. `parts` is in
-- the order of `features`; `load_id` and `line` name the decision. `adds_up`: base + sum met the logged score.
CREATE TABLE attribution (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, line BIGINT NOT NULL, version VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL, day DATE NOT NULL, adds_up BOOLEAN NOT NULL, parts FLOAT[] NOT NULL);
CREATE TABLE attribution_pass (system VARCHAR NOT NULL, version VARCHAR NOT NULL, sha256 VARCHAR NOT NULL,
    features VARCHAR NOT NULL, space VARCHAR NOT NULL, base DOUBLE NOT NULL, method VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL, PRIMARY KEY (system, version));
