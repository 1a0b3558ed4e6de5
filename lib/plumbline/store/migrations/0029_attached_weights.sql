-- The weights that the decisions of a window have, which a sample of them may miss. NULL: none, or counted before.
ALTER TABLE attachment_window ADD COLUMN weight_low DOUBLE;
ALTER TABLE attachment_window ADD COLUMN weight_high DOUBLE;
