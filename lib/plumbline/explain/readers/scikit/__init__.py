"""Scikit-learn's models out of skops files: our own reading of each kind."""
