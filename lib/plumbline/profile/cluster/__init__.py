"""Profiles of decisions that lie in a cluster: counted there by the counter of ``profile.partial``, added up there, and
stored here as those of any load.

The counter travels as a zip of the few modules it needs (``parcel``). Grids come from the same sample of the reference
that DuckDB would take, so that edges and counts are identical.
"""
