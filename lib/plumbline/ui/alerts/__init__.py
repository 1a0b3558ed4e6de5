"""The Alerts page: findings and how each is handled, channels, and what became of every message."""
