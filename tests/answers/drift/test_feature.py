"""A number that was one value alone in the reference: below, at and above it."""

import numpy as np

from plumbline.answers.drift.feature import _quantiles
from plumbline.answers.drift.shapes import cells_of
from plumbline.domain import Bins, Kind

HELD = 0.422915
GRID = Bins(feature="demand", kind=Kind.NUMERIC, edges=np.array([np.nextafter(HELD, -np.inf), HELD]))


def test_says_what_lies_below_at_and_above_and_how_to_find_its_rows():
    labels, edges, then, now, where = cells_of(GRID, np.array([0.0, 40.0, 0.0]), np.array([5.0, 1.0, 30.0]))
    assert labels == ("below 0.422915", "0.422915", "above 0.422915")
    assert len(edges) == 0
    assert list(then) == [0, 40, 0]
    assert list(now) == [5, 1, 30]
    for value, cell in ((HELD - 1e-9, 0), (HELD, 1), (HELD + 1e-9, 2)):
        sides = [part.partition("..")[::2] for part in where]
        held = [(not low or value >= float(low)) and (not high or value < float(high)) for low, high in sides]
        assert held == [i == cell for i in range(3)]


def test_has_no_quantiles_from_a_grid_of_one_value():
    assert _quantiles(GRID, np.array([0.0, 40.0, 0.0]), np.array([5.0, 1.0, 30.0])) == ()
