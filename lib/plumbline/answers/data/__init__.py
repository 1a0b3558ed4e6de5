"""What goes in and out: loads, folders, sources, labels, quarantine, roles, erasure, and what the log is worth."""
