"""Building, storing and reading profiles: the only code that scans decisions in bulk."""
