"""Tests of naming and reading sources."""
