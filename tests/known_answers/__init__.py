"""Answers of the product's pure functions on small inputs, kept as text: a change of any figure shows in a diff.

A test module in a room's folder that ends in ``_answers`` lists its tables: a name, and a generator of
(what was asked, the answer). The answers lie beside it in a text file of the same name, and ``differences`` compares
them, numbers with a relative tolerance. ``python -m tests.environment.known_answers`` writes the files anew.

What is kept was held against an independent truth, or read line by line, when it was first written: each module says
how. Inputs are built from seeds of numpy's ``PCG64`` by basic operations only.
"""

from tests.known_answers.record import Table, differences, write

__all__ = ["Table", "differences", "write"]
