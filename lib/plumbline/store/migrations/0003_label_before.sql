-- What a decision's label was before a load changed it, so that undoing the load puts it back. A label that was
-- filled in where there was none has no entry. `row_load` and `row_line` name the decision.
CREATE TABLE label_before (system VARCHAR NOT NULL, by_load INTEGER NOT NULL, row_load INTEGER NOT NULL, row_line BIGINT NOT NULL,
    label VARCHAR, label_time TIMESTAMP, label_load INTEGER);
