"""Counting a load in one scan."""
