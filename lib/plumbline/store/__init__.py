"""The DuckDB workspace: schema, connections, systems, decisions, trail."""
