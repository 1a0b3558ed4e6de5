-- Random draws of a version's decisions, kept in a table draw_<system> beside its decisions: gathering them from a long log
-- takes seconds. "basis" says of which loads; see store.loads.basis.
CREATE TABLE draw (
    system VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    PRIMARY KEY (system, version)
);
-- Whether the model file of a version reproduces its logged scores, as found over a kept draw of the same loads.
CREATE TABLE model_check (
    system VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    PRIMARY KEY (system, version)
);
