"""Attributions as reasons in words, and over many decisions."""
