"""What the pages share: the shell, the bar above every page, cards and plain text."""
