"""Versions, switches, guardrails and rollbacks."""
