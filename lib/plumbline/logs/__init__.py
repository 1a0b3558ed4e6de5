"""Reading files, guessing the mapping, validating, quarantine, loading, undoing."""
