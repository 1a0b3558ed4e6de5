"""Faults put into the product one at a time, to see whether the tests of its room notice: ``make bench-mutants``."""
