"""Tests of what buyers and auditors ask for."""
