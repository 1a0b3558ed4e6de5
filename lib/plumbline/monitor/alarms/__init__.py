"""When a movement becomes a finding: change points, running sums, lasting falls, episodes."""
