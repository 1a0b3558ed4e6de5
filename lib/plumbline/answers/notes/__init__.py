"""What people write beside the figures: events of the calendar, comments on decisions, views under a name."""
