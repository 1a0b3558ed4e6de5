"""Methods that know no signal: proportions, tests, dependence of days."""
