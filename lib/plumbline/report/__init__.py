"""Plain forms of what the pages show, for the command line and for files."""
