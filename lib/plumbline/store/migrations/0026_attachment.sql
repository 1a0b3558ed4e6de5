-- A system whose decisions lie in a table elsewhere: where that is, and which part of them is kept here as a sample.
-- share: of the decisions, by a hash of the id; size: how many rows were asked for when it was attached.
CREATE TABLE attachment (system VARCHAR NOT NULL PRIMARY KEY, location VARCHAR NOT NULL, item VARCHAR NOT NULL,
    since VARCHAR NOT NULL, share DOUBLE NOT NULL, size BIGINT NOT NULL, made_at TIMESTAMP NOT NULL);
-- What each load has counted: the rows above low (NULL: from the first on) up to and with high.
CREATE TABLE attachment_window (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, low VARCHAR, high VARCHAR NOT NULL,
    n_read BIGINT NOT NULL);
-- What each day of a load looked like when it was counted, so that labels that came late show.
CREATE TABLE attachment_day (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, day DATE NOT NULL, n BIGINT NOT NULL,
    digest VARCHAR NOT NULL);
