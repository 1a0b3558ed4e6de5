"""How a value is written, on the screen, in a terminal and on paper."""
