"""The commands, a module a room; ``cli`` is the door that gathers them."""
