-- Workspaces of the first two schemas kept model files without how well they fit the log; none could be registered there.
ALTER TABLE model_file ADD COLUMN IF NOT EXISTS share DOUBLE DEFAULT 0;
ALTER TABLE model_file ADD COLUMN IF NOT EXISTS checked INTEGER DEFAULT 0;
ALTER TABLE model_file ADD COLUMN IF NOT EXISTS passed BOOLEAN DEFAULT false;
