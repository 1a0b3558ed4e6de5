-- An exemption names its document. An answer of the context that makes less mandatory waits for a second person.
ALTER TABLE exemption ADD COLUMN link VARCHAR DEFAULT '';
ALTER TABLE context ADD COLUMN approved_by VARCHAR DEFAULT '';
ALTER TABLE context ADD COLUMN approved_at TIMESTAMP;
