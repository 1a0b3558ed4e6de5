"""What the pages share: the shell, the sidebar, cards and plain text."""
