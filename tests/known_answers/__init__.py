"""Answers of the product's pure functions on small inputs, kept as text: a change of any figure shows in a diff.

A test module in a room's folder that ends in ``_answers`` lists its tables: a name, and a generator of
(what was asked, the answer). The answers lie beside it in a text file of the same name, and ``differences`` compares
them, numbers with a relative tolerance. ``python -m tests.environment.known_answers`` writes the files anew.

What is kept was held against an independent truth when it was first written, or its code was read and the answers
looked at by sample: each module says which. Inputs are drawn from seeds; the lock names the version of numpy, and one
that draws otherwise is a reason to write them anew. What comes in no order is sorted first.
"""

from tests.known_answers.record import Table, differences, write

__all__ = ["Table", "differences", "write"]
