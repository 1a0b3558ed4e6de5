"""What the log itself shows: completeness, consistency, personal data, age."""
