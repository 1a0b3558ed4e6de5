"""The seven scenario logs, generated from a seed."""
