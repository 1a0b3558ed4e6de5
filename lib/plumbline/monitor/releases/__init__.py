"""Who was in charge when, and what a switch changed."""
