"""Processes of their own for what other people made: limits on memory and time, and an end that is one sentence."""
