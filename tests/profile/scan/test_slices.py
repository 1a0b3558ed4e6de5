"""Slices as codes select the rows that a filter of the same spelling selects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plumbline.domain import PlumblineError, Slice
from plumbline.profile import build
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.scan import slices
from plumbline.profile.scope import number_range
from tests.factory.decision_tables import binary_log, insert, make_system, workspace


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    log = binary_log(np.random.default_rng(4), 500)
    ws = workspace(Path(tmp_path_factory.mktemp("slices")))
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
    with ws.read() as cursor:
        yield cursor, system, log
    ws.close()


def test_a_slice_holds_what_its_filter_selects(held) -> None:
    cursor, system, _ = held
    by = slices.slicers(cursor, system)
    assert [one.column for one in by] == ["segment:region", "feature:x", "feature:k", "feature:c"]
    rows = slices.read_slices(cursor, system, Slice(), "accuracy", by)
    assert rows.available == len(rows.values) == outcome_profile(cursor, system).n_labelled.sum()
    for column, codes in zip(rows.columns, rows.codes, strict=True):
        for code, label in enumerate(column.labels):
            profile = outcome_profile(cursor, system, Slice(where=((column.name, label),)))
            right = sum(np.trace(table[:, :-1]) for table in profile.confusion)
            assert int((codes == code).sum()) == profile.n_labelled.sum(), (column.name, label)
            assert rows.values[codes == code].sum() == right


def test_a_number_has_the_code_that_its_statement_gives(held) -> None:
    cursor, system, _ = held
    slicer = next(one for one in slices.slicers(cursor, system) if one.column == "feature:x")
    edge = slicer.cuts[1]
    numbers = [
        None,
        float("nan"),
        float("inf"),
        -float("inf"),
        1e200,
        -1e200,
        edge,
        np.nextafter(edge, -9e9),
        0.0,
    ]
    sql = slicer.sql.replace('"feature:x"', "x")
    cursor.execute("CREATE TEMP TABLE number (place INTEGER, x DOUBLE)")
    cursor.executemany("INSERT INTO number VALUES (?, ?)", list(enumerate(numbers)))
    stated = cursor.execute(f"SELECT {sql} FROM number ORDER BY place", slicer.params).fetchall()
    read = cursor.execute("SELECT x FROM number ORDER BY place").fetchnumpy()["x"]
    cursor.execute("DROP TABLE number")
    assert slicer.codes(read).tolist() == [code for (code,) in stated]
    assert slicer.codes(read)[:6].tolist() == [len(slicer.labels) - 1] * 6


@pytest.mark.parametrize(
    "metric", ["precision", "recall", "specificity", "brier", "log_loss", "positive_rate"]
)
def test_the_mean_over_rows_is_the_metric(held, metric: str) -> None:
    from plumbline.monitor.metrics.counts import counts_of
    from plumbline.monitor.metrics.metrics import METRICS

    cursor, system, _ = held
    rows = slices.read_slices(cursor, system, Slice(), metric, ())
    whole = counts_of(outcome_profile(cursor, system)).pool()
    assert rows.values.mean() == pytest.approx(METRICS[metric].compute(whole)[0], abs=1e-9)


def test_beyond_the_most_rows_a_stated_sample_is_taken(held, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, system, _ = held
    monkeypatch.setattr(slices, "MOST_ROWS", 100)
    rows = slices.read_slices(cursor, system, Slice(), "accuracy", slices.slicers(cursor, system))
    again = slices.read_slices(cursor, system, Slice(), "accuracy", slices.slicers(cursor, system))
    assert 50 < len(rows.values) < 150 < rows.available
    assert (rows.codes == again.codes).all()


def test_a_range_is_half_open_and_a_stray_one_is_refused(held) -> None:
    cursor, system, log = held
    seen = log[log["arm"] != "shadow"]
    found = outcome_profile(cursor, system, Slice(where=(("feature:k", "1..3"),))).n.sum()
    assert found == seen["feature:k"].isin([1.0, 2.0]).sum()
    assert number_range("1..") == (1.0, None)
    assert number_range("..-2.5") == (None, -2.5)
    assert number_range("..") is number_range("a..b") is number_range("7") is None
    with pytest.raises(PlumblineError, match="no column"):
        slices.slicer(cursor, system, "feature:nothing")
