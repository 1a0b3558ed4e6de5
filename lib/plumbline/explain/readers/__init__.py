"""Model files read as arrays, without a class of a foreign library being built."""
