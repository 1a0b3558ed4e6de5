-- Who may use the HTTP interface: a name, the SHA-256 of what is shown once, a role, systems as a JSON list (empty: all),
-- and the last day on which it holds. A revoked token stays, so that its name on the trail is nobody else's.
CREATE TABLE token (name VARCHAR PRIMARY KEY, digest VARCHAR NOT NULL, access VARCHAR NOT NULL, systems VARCHAR NOT NULL,
    until DATE, given_by VARCHAR NOT NULL, given_at TIMESTAMP NOT NULL, revoked_at TIMESTAMP);
-- What became of each request that pushed rows. `load_id` is empty where nothing was loaded; `key`: the caller's own name of
-- the request; `fault`: why all of it was refused.
CREATE TABLE receipt (id VARCHAR NOT NULL, system VARCHAR NOT NULL, kind VARCHAR NOT NULL, actor VARCHAR NOT NULL,
    key VARCHAR NOT NULL, digest VARCHAR NOT NULL, received_at TIMESTAMP NOT NULL, load_id INTEGER, rows_read BIGINT NOT NULL,
    rows_loaded BIGINT NOT NULL, rows_duplicate BIGINT NOT NULL, rows_quarantined BIGINT NOT NULL, reasons VARCHAR NOT NULL,
    fault VARCHAR NOT NULL,
    CHECK (rows_read = rows_loaded + rows_duplicate + rows_quarantined));
