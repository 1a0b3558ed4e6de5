"""Tables in a Spark cluster: connecting, reading their cells as a load would, and drawing a sample of their rows.

Rows stay where they are. The cells of typed columns become the same values in Spark's SQL (``cells``) that a load makes
of them in DuckDB's; text that has to be parsed into a number or a time is refused, as no two engines agree on it: a
view in the cluster can do that. A sample is drawn by a hash of the decision's id that both engines reckon alike.
"""
