"""Findings: what is raised, kept, handled, and what every signal is measured by."""
