"""Tests of decisions that stay in a cluster, without one."""
