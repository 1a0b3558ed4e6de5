"""Retraining: its triggers, when one is due and what holds it back, firing it, and what the log shows afterwards."""
