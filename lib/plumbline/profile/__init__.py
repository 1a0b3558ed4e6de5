"""Building, storing and reading profiles: the only code that scans decisions in bulk.

Counts are stored by load, version, arm and day. Reading sums them, so a month is the sum of its days;
undoing a load deletes its rows, and the profiles are what they would have been without it. A numeric
feature has at most 250 reference quantiles as edges, the deciles among them, so that population stability
over deciles is exact and Kolmogorov-Smirnov comes with its bound. When the reference changes, grids and
counts are made again in one pass. Late labels remake the outcome counts of the loads they touch.
"""
