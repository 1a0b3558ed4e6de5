"""What moved: features, rows as wholes, associations, the cut-off of the score."""
