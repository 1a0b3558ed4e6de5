-- Acting on findings. A `body` is canonical JSON and holds no secret: credentials are named by their variable.
-- Where messages go, by name.
CREATE TABLE channel (name VARCHAR PRIMARY KEY, body VARCHAR NOT NULL);
-- The outbox: one row a message and channel, written in the transaction of what it tells of. `payload` is what is sent,
-- to the byte; `state`: queued, sent, failed, dead, suppressed.
CREATE TABLE delivery (id VARCHAR PRIMARY KEY, channel VARCHAR NOT NULL, event VARCHAR NOT NULL, system VARCHAR NOT NULL DEFAULT '',
    finding INTEGER, payload VARCHAR NOT NULL, payload_sha256 VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, due_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, state VARCHAR NOT NULL, reason VARCHAR NOT NULL DEFAULT '',
    receipt VARCHAR NOT NULL DEFAULT '', ended_at TIMESTAMP);
-- What people do with a finding: who has it and until when, until when it is muted and why.
CREATE TABLE finding_handling (finding INTEGER PRIMARY KEY, body VARCHAR NOT NULL);
CREATE SEQUENCE finding_comment_id START 1;
CREATE TABLE finding_comment (id INTEGER PRIMARY KEY, finding INTEGER NOT NULL, written_at TIMESTAMP NOT NULL, author VARCHAR NOT NULL,
    text VARCHAR NOT NULL);
-- What starts a retraining, and each time that it was due or fired, with what came of it.
CREATE TABLE retraining_trigger (system VARCHAR NOT NULL, name VARCHAR NOT NULL, body VARCHAR NOT NULL,
    PRIMARY KEY (system, name));
CREATE TABLE trigger_run (id VARCHAR PRIMARY KEY, system VARCHAR NOT NULL, name VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL,
    state VARCHAR NOT NULL, body VARCHAR NOT NULL);
-- How far a rollback may go by itself, and each proposal, drill and rollback with what the interlocks said.
CREATE TABLE rollback_mode (system VARCHAR PRIMARY KEY, body VARCHAR NOT NULL);
CREATE TABLE rollback_run (id VARCHAR PRIMARY KEY, system VARCHAR NOT NULL, made_at TIMESTAMP NOT NULL, state VARCHAR NOT NULL,
    body VARCHAR NOT NULL);
-- What holds for the workspace as a whole: the switch that stops all acting, the schedule, the heartbeat, freeze windows.
CREATE TABLE respond_setting (name VARCHAR PRIMARY KEY, body VARCHAR NOT NULL);
