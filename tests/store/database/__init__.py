"""Tests of what is written and whether it is what was."""
