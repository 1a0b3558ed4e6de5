"""What people write beside the figures: events under every picture of time, comments, views under a name."""
