"""A number that took one value or few in the reference: at, below, between and above them."""

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


def _grid(values: list[float]) -> Bins:
    """The fine grid of a number that takes few values: each is a cell of no width."""
    inner = [edge for value in values[1:-1] for edge in (np.nextafter(value, -np.inf), value)]
    return Bins(feature="words", kind=Kind.NUMERIC, edges=np.array([values[0], *inner, values[-1]]))


def test_a_number_of_few_values_has_a_cell_with_its_name_for_each():
    grid = _grid([1.0, 2.0, 3.0, 4.0, 5.0])
    # up to 1, between, 2, between, 3, between, 4, above 4 to 5, above 5
    a = np.array([50.0, 0, 160, 0, 250, 0, 200, 90, 0])
    b = np.array([60.0, 3, 150, 0, 230, 2, 210, 80, 5])
    labels, edges, then, now, where = cells_of(grid, a, b)
    assert labels == ("below 2", "2", "3", "3 to 4", "4", "above 4")
    assert len(edges) == 0
    assert list(then) == [50, 160, 250, 0, 200, 90]
    assert list(now) == [63, 150, 230, 2, 210, 85]
    values = {1.0: 0, 2.0: 1, 3.0: 2, 3.5: 3, 4.0: 4, 5.0: 5, 9.0: 5, -1.0: 0}
    sides = [part.partition("..")[::2] for part in where]
    for value, cell in values.items():
        there = [
            (not low or value >= float(low)) and (not high or value < float(high)) for low, high in sides
        ]
        assert there == [i == cell for i in range(6)], value


def test_the_largest_of_few_values_is_named_with_what_lies_beyond():
    edges = np.array([edge for value in (0.0, 1.0, 2.0) for edge in (np.nextafter(value, -np.inf), value)])
    grid = Bins(feature="pain", kind=Kind.NUMERIC, edges=edges)
    a = np.array([0.0, 40, 0, 30, 0, 30, 0])
    labels, _, then, now, where = cells_of(grid, a, np.array([1.0, 40, 0, 30, 0, 20, 9]))
    assert labels == ("below 1", "1", "2 or more")
    assert list(then) == [40, 30, 30]
    assert list(now) == [41, 30, 29]
    assert where[0] is not None
    assert where[0].startswith("..")


def test_a_number_with_much_between_its_common_values_keeps_its_borders():
    grid = _grid([1.0, 2.0, 3.0, 4.0, 5.0])
    a = np.array([0.0, 50, 160, 90, 250, 80, 200, 90, 0])
    labels, edges, then, _, _ = cells_of(grid, a, a)
    assert labels == ()
    assert len(edges) == len(then) + 1
