"""One module a kind of signal; pure functions of profiles."""
