"""What a session holds, and what is kept for it."""
