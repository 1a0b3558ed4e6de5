-- Everything the workspace keeps beside the decisions themselves. Times are naive UTC.
CREATE TABLE schema_version (version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL);
CREATE TABLE setting (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

CREATE TABLE system (
    key VARCHAR PRIMARY KEY,
    title VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL,
    task VARCHAR,
    positive VARCHAR,
    classes VARCHAR NOT NULL DEFAULT '[]',
    timezone VARCHAR NOT NULL DEFAULT 'UTC',
    reference_start TIMESTAMP,
    reference_end TIMESTAMP,
    reference_source VARCHAR NOT NULL DEFAULT 'none',
    settings VARCHAR NOT NULL DEFAULT '{}'
);
CREATE TABLE mapping (system VARCHAR NOT NULL, kind VARCHAR NOT NULL, body VARCHAR NOT NULL, saved_at TIMESTAMP NOT NULL,
    PRIMARY KEY (system, kind));
CREATE TABLE decision_column (system VARCHAR NOT NULL, name VARCHAR NOT NULL, role VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    source VARCHAR NOT NULL, first_load INTEGER NOT NULL, PRIMARY KEY (system, name));

CREATE SEQUENCE load_id START 1;
CREATE TABLE load (
    load_id INTEGER PRIMARY KEY,
    system VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_loaded BIGINT NOT NULL,
    rows_duplicate BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    labels_joined BIGINT NOT NULL,
    reference BOOLEAN NOT NULL,
    reasons VARCHAR NOT NULL,
    notes VARCHAR NOT NULL,
    undone_at TIMESTAMP,
    CHECK (rows_read = rows_loaded + rows_duplicate + rows_quarantined)
);
CREATE TABLE quarantine (load_id INTEGER NOT NULL, system VARCHAR NOT NULL, line BIGINT, reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL, raw VARCHAR NOT NULL);

CREATE TABLE model_file (sha256 VARCHAR NOT NULL, system VARCHAR NOT NULL, version VARCHAR NOT NULL, name VARCHAR NOT NULL,
    format VARCHAR NOT NULL, feature_map VARCHAR NOT NULL, share DOUBLE NOT NULL, checked INTEGER NOT NULL, passed BOOLEAN NOT NULL,
    body BLOB NOT NULL, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL,
    PRIMARY KEY (system, version));

CREATE TABLE context (system VARCHAR NOT NULL, question VARCHAR NOT NULL, answer VARCHAR NOT NULL, given_by VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL, PRIMARY KEY (system, question));
CREATE SEQUENCE attestation_id START 1;
CREATE TABLE attestation (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, control VARCHAR NOT NULL, status VARCHAR NOT NULL,
    statement VARCHAR NOT NULL, owner VARCHAR NOT NULL, made_on DATE NOT NULL, expires DATE NOT NULL, link VARCHAR NOT NULL);
CREATE SEQUENCE exemption_id START 1;
CREATE TABLE exemption (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, control VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    approver VARCHAR NOT NULL, until DATE NOT NULL, made_on DATE NOT NULL);
CREATE SEQUENCE scorecard_id START 1;
CREATE TABLE scorecard (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, verdict VARCHAR NOT NULL,
    inputs VARCHAR NOT NULL, body VARCHAR NOT NULL);

CREATE TABLE trail (seq BIGINT PRIMARY KEY, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL, action VARCHAR NOT NULL,
    system VARCHAR NOT NULL, detail VARCHAR NOT NULL, previous VARCHAR NOT NULL, digest VARCHAR NOT NULL);
