"""DuckDB around the workspace's file: connections, the key, extensions, a lost database, work that is called off."""
