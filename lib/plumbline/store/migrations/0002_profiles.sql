-- Mergeable counts of the decisions. Every row carries the load it came from, so that undoing a load is a
-- delete and merging is a sum. `version` and `arm` are '' where the log has none; days and times are UTC.

-- What the frozen grids of a system were made from.
CREATE TABLE profile_basis (system VARCHAR NOT NULL, reference_start TIMESTAMP, reference_end TIMESTAMP,
    row_set VARCHAR NOT NULL);
-- The frozen grid of one column. `basis`: reference, or the load used where the reference has no value.
CREATE TABLE profile_bin (system VARCHAR NOT NULL, col VARCHAR NOT NULL, place INTEGER NOT NULL, kind VARCHAR NOT NULL,
    edges DOUBLE[] NOT NULL, levels VARCHAR[] NOT NULL, decile_cells INTEGER[] NOT NULL, basis VARCHAR NOT NULL,
    rows_available BIGINT NOT NULL, rows_used BIGINT NOT NULL);
CREATE TABLE profile_feature (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, col VARCHAR NOT NULL,
    version VARCHAR NOT NULL, arm VARCHAR NOT NULL, day DATE NOT NULL, counts UINTEGER[] NOT NULL, missing UINTEGER NOT NULL,
    total DOUBLE NOT NULL, squares DOUBLE NOT NULL, other VARCHAR[] NOT NULL, other_n UINTEGER[] NOT NULL);
CREATE TABLE profile_outcome (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, version VARCHAR NOT NULL, arm VARCHAR NOT NULL,
    day DATE NOT NULL, n UINTEGER NOT NULL, n_labelled UINTEGER NOT NULL, n_scored UINTEGER NOT NULL,
    sum_log_loss DOUBLE NOT NULL, sum_brier DOUBLE NOT NULL, cells_negative UINTEGER[] NOT NULL,
    cells_positive UINTEGER[] NOT NULL, cells_unlabelled UINTEGER[] NOT NULL, moments DOUBLE[] NOT NULL,
    error_cells UINTEGER[] NOT NULL);
-- `label` is NULL while the decision has none; `prediction` is NULL where only a score was logged.
CREATE TABLE profile_confusion (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, version VARCHAR NOT NULL, arm VARCHAR NOT NULL,
    day DATE NOT NULL, prediction VARCHAR, label VARCHAR, n UINTEGER NOT NULL);
CREATE TABLE profile_hour (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, version VARCHAR NOT NULL, arm VARCHAR NOT NULL,
    hour TIMESTAMP NOT NULL, first_at TIMESTAMP NOT NULL, last_at TIMESTAMP NOT NULL, trained TIMESTAMP, n UINTEGER NOT NULL,
    positives DOUBLE NOT NULL, n_labelled UINTEGER NOT NULL, correct UINTEGER NOT NULL);
-- `present` counts the rows that hold each of: see plumbline.profile.activity.PRESENCE.
CREATE TABLE profile_presence (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, version VARCHAR NOT NULL, arm VARCHAR NOT NULL,
    day DATE NOT NULL, n UINTEGER NOT NULL, present UINTEGER[] NOT NULL, hours UINTEGER[] NOT NULL);
CREATE TABLE profile_delay (system VARCHAR NOT NULL, load_id INTEGER NOT NULL, version VARCHAR NOT NULL, arm VARCHAR NOT NULL,
    day DATE NOT NULL, n UINTEGER NOT NULL, counts UINTEGER[] NOT NULL);
