"""Digests that the trail takes up by itself: what is written through the store is tied to the next entry."""
