"""Keeping a workspace running and whole: copies, verifying, the schedule, sources that fall silent."""
