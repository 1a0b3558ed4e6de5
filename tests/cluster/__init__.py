"""Decisions that stay in a cluster, against a real Spark Connect server on this machine: `make test-spark`."""
