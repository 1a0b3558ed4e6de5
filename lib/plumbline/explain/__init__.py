"""Attributions of single decisions and of many: logged, from a model file, from a surrogate."""
