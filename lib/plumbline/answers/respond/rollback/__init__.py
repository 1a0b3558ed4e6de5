"""Rollback: how far it may go, what the interlocks say, the acts, and what the log shows afterwards."""
