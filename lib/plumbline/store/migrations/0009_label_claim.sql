-- Every label that any load gave a decision which more than its own load labelled: the label in force is one of
-- them (see plumbline.logs.claims), the others are its history. `place` is the row's place in the file, -1 for the
-- label that was there before. The decision's own label is among them, under the load that brought the decision.
CREATE TABLE label_claim (system VARCHAR NOT NULL, row_load INTEGER NOT NULL, row_line BIGINT NOT NULL,
    by_load INTEGER NOT NULL, place BIGINT NOT NULL, label VARCHAR, label_time TIMESTAMP);
INSERT INTO label_claim SELECT system, row_load, row_line, coalesce(label_load, row_load), -1, label, label_time
    FROM label_before;
DROP TABLE label_before;
