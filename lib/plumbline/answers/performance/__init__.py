"""How well a system does: metrics over time, estimates, segments, whom the figures speak of."""
