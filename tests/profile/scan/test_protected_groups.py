"""Numbers among protected attributes are cut at their quartiles, as pandas cuts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Slice
from plumbline.profile.scan.protected_groups import attributes, count_by_group
from tests.factory.decision_tables import binary_log, insert, make_system, workspace


def test_ages_are_four_bands_at_the_quartiles(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = binary_log(rng, 400).drop(columns="arm")
    rows["protected:age"] = np.where(rng.random(400) < 0.1, np.nan, rng.integers(18, 90, 400))
    rows["protected:sex"] = rng.choice(np.array(["f", "m", None], dtype=object), 400)
    rows["protected:one"] = 1.0
    rows["protected:none"] = np.nan
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, rows, 1)
        told = attributes(cursor, system, Slice())
        counts = count_by_group(cursor, system, Slice(), told, over_time=False)
    assert {(a.name, a.banded) for a in told} == {
        ("age", True), ("sex", False), ("one", True), ("none", True),
    }  # fmt: skip
    edges = rows["protected:age"].quantile([0.25, 0.5, 0.75]).tolist()
    names = [
        f"up to {edges[0]:g}", f"{edges[0]:g} to {edges[1]:g}", f"{edges[1]:g} to {edges[2]:g}",
        f"over {edges[2]:g}",
    ]  # fmt: skip
    band = pd.cut(rows["protected:age"], [-np.inf, *edges, np.inf], labels=names)
    one = {c.levels[0]: c.outcomes.n for c in counts if c.attributes == ("age",)}
    assert one == band.value_counts().to_dict()
    pairs = {c.levels: c.outcomes.n for c in counts if set(c.attributes) == {"age", "sex"}}
    truth = rows.groupby([band, "protected:sex"], observed=True).size()
    assert sorted(pairs.values()) == sorted(truth.tolist())
    assert {c.levels: c.outcomes.n for c in counts if c.attributes == ("one",)} == {("up to 1",): 400}
    assert not [c for c in counts if "none" in c.attributes]
    ages = [c.outcomes.n for c in counts if c.attributes == ("age",)]
    assert ages == sorted(ages, reverse=True)


@pytest.mark.parametrize("positive", ["yes", None])
def test_without_attributes_or_a_positive_class_there_are_no_groups(
    tmp_path: Path, positive: str | None
) -> None:
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, positive=positive)
        insert(cursor, system, binary_log(np.random.default_rng(1), 50), 1)
        assert count_by_group(cursor, system, Slice(), ()) == []
