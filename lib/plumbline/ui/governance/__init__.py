"""The Governance page."""
