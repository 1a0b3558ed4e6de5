"""Keeping a workspace running and whole: backup, restore, verify, the schedule."""
