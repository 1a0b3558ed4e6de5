"""What each column means: guessed, asked, stated."""
