"""What is asked of single decisions: exact figures, groups, repeats, samples."""
