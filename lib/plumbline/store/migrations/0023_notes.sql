-- What people write beside the figures. What happened outside of the log and may explain it; both days are included.
CREATE SEQUENCE calendar_event_id START 1;
CREATE TABLE calendar_event (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, kind VARCHAR NOT NULL, text VARCHAR NOT NULL,
    first_day DATE NOT NULL, last_day DATE NOT NULL, added_by VARCHAR NOT NULL, added_at TIMESTAMP NOT NULL,
    CHECK (first_day <= last_day));
-- Beneath one decision; nothing that was written is changed later, and it goes when the decision is erased.
CREATE SEQUENCE comment_on_decision_id START 1;
CREATE TABLE comment_on_decision (id INTEGER PRIMARY KEY, system VARCHAR NOT NULL, decision VARCHAR NOT NULL,
    written_at TIMESTAMP NOT NULL, author VARCHAR NOT NULL, text VARCHAR NOT NULL);
-- A page as somebody set it up, under a name: `query` is a JSON object, parameter -> value.
CREATE TABLE named_view (system VARCHAR NOT NULL, name VARCHAR NOT NULL, page VARCHAR NOT NULL, query VARCHAR NOT NULL,
    saved_by VARCHAR NOT NULL, saved_at TIMESTAMP NOT NULL, PRIMARY KEY (system, name));
