"""Explanations, their sources and reasons in words on small inputs, as the product said them when this was written: a
few of the answers were looked at, and the code was not read for the others, so that what is wrong in them is kept as
well as what is right. The contributions themselves are held by the tests of the modules that make them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import AttributionSource, Bins, Explanation, Kind, PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.counterfactual.actionable import changeable_features, move_for
from plumbline.explain.counterfactual.neighbors import distances, nearest_positions, neighbour_distance, place
from plumbline.explain.explanation import Instance, _largest_factors, choose_source, explain_row, method_words
from plumbline.explain.link_functions import IDENTITY, LOGIT
from plumbline.explain.reasons.logged_attributions import check_logged
from plumbline.explain.reasons.sentences import ReasonWording, adverse_order, reasons_for, value_text
from plumbline.explain.reasons.twins import twins
from plumbline.explain.sandbox.call import FeatureInfo
from plumbline.explain.surrogate import LinearFit, Surrogate
from plumbline.explain.surrogate_inputs import InputCode, code_matrix, design_matrix, learn_inputs
from tests.known_answers import Table, differences

NAMES = ("age", "income", "debt", "city", "rate", "limit", "years")


def _surrogate(grade: str = "shown", *, link: Any = LOGIT, cutoff: float | None = 0.5) -> Surrogate:
    inputs = tuple(InputCode(name=name, kind=Kind.NUMERIC, fill=1.0, scale=2.0) for name in NAMES)
    fitted = LinearFit(np.array([1.0, -2.0, 0.5, 0.25, 3.0, -0.125, 0.0]), 0.25, np.full(7, 0.5))
    return Surrogate(
        version="3",
        kind="ridge",
        link=link,
        inputs=inputs,
        fitted=fitted,
        r2=0.98,
        agreement=0.96,
        cutoff=cutoff,
        residual=0.03,
        n=1200,
        grade=grade,
        sentence=message("imitates the logged scores"),
    )


def _instance(**more: Any) -> Instance:
    values = dict(zip(NAMES, (41.0, 2.5, 3.0, 1.0, 0.75, 9.0, 1.0), strict=True))
    return Instance(**({"decision_id": "d1", "values": values, "score": 0.7} | more))


def _sources() -> Iterator[tuple[str, Any]]:
    good, bad = (
        SimpleNamespace(passed=p, sentence=message("The check passed." if p else "It failed."))
        for p in (True, False)
    )
    for recorded in (True, False):
        for name, logged in (("none", None), ("good", good), ("bad", bad)):
            for other, model in (("none", None), ("good", good), ("bad", bad)):
                for grade in (None, "shown", "top factors", "refused"):
                    surrogate = None if grade is None else _surrogate(grade)
                    said = choose_source(recorded=recorded, logged=logged, model=model, surrogate=surrogate)  # type: ignore[arg-type]
                    yield f"recorded {recorded}, check {name}, model {other}, surrogate {grade}", said


def _rows() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(281)
    parts = rng.integers(-9, 10, (60, 3)) / 8.0
    for link in ("probability", "value"):
        margin = 0.25 + parts.sum(axis=1)
        score = 1 / (1 + np.exp(-margin)) if link == "probability" else margin * 100
        check = check_logged(parts if link == "probability" else parts * 100, score, version="1")
        yield f"{link}, checked", (check.passed, check.base, check.share, check.tolerance, check.sentence)
        off = score.copy()
        off[::3] += 0.2
        worse = check_logged(parts, off, version="1")
        for name, one in (("", check), (", the check failed", worse), (", unchecked", None)):
            for base in (None, 0.25):
                for logged in (float(score[0]), float(score[0]) + 0.07, None):
                    recorded = dict(
                        zip("abc", (parts[0] * (1 if link == "probability" else 100)).tolist(), strict=True)
                    ) | {"n": float("nan")}
                    row = _instance(score=logged, recorded=recorded, recorded_base=base)
                    yield f"{link}{name}, base {base}, score {logged}", explain_row(row, logged=one)
    for grade in ("shown", "top factors", "refused"):
        for link in (LOGIT, IDENTITY):
            for score in (0.9, 0.1, None):
                yield (
                    f"surrogate {grade}, {link.name}, {score}",
                    explain_row(_instance(score=score), surrogate=_surrogate(grade, link=link)),
                )
    yield "no cut-off", explain_row(_instance(score=0.1), surrogate=_surrogate(cutoff=None))
    yield "nothing", explain_row(_instance())
    for n in (0, 4, 5, 6, 7):
        yield (
            f"largest of {n}",
            _largest_factors({name: (-1) ** i * float(i) for i, name in enumerate(NAMES[:n])}),
        )


def _methods() -> Iterator[tuple[str, Any]]:
    for asked in (True, False):
        for orders in (0, 32):
            for trees in (True, False):
                for background in (True, False):
                    info = SimpleNamespace(
                        asked=asked, orders=orders, trees=trees, needs_background=background
                    )
                    for space in ("", "probability"):
                        parts = [None, SimpleNamespace(errors=None, seeds=None, orders=orders)]
                        parts += [
                            SimpleNamespace(errors=np.array([[0.0123, np.nan]]), seeds=s, orders=8)
                            for s in (None, np.array([2**40 + 7]))
                        ]
                        said = [method_words(SimpleNamespace(info=info), space, p) for p in parts]  # type: ignore[arg-type]
                        yield (
                            f"asked {asked}, orders {orders}, trees {trees}, background {background}, {space}",
                            said,
                        )


def _reasons() -> Iterator[tuple[str, Any]]:
    values = {
        "age": 41.0,
        "income": None,
        "debt": 3.25,
        "city": "a  b",
        "rate": 0.75,
        "limit": 12345.6,
        "years": True,
    }
    base = explain_row(_instance(score=None), surrogate=_surrogate("shown", link=IDENTITY, cutoff=None))
    for name, parts in (
        ("mixed", (-2.0, 1.0, -0.5, -0.011, -0.25, -1500.0, 0.0)),
        ("small", (-2.0, -0.02, -0.0201, -0.0199, 3.0, 0.0, 0.0)),
        ("none", (0.0,) * 7),
        ("ties", (-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0)),
        ("up", (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)),
    ):
        for space in ("value", "log-odds", "probability", "log of the value"):
            one: Explanation = replace(
                base, attributions=dict(zip(NAMES, parts, strict=True)), values=values, output_space=space
            )
            for how, wording in {
                "low": ReasonWording(),
                "high": ReasonWording(adverse="high"),
                "protected": ReasonWording(protected=frozenset({"age", "debt"})),
                "against": ReasonWording(means={"age": -3.0, "rate": 1.0}, population="all"),
                "grouped": ReasonWording(
                    groups={"income": "money", "debt": "money", "age": "self"}, protected=frozenset({"age"})
                ),
                "phrased": ReasonWording(phrases={"age": "your age", "debt": "what you owe"}),
            }.items():
                if how == "low" or space == "value":
                    yield f"{name}, {space}, {how}", reasons_for(one, wording)
        yield (
            f"{name}, order",
            [
                adverse_order(dict(zip(NAMES, parts, strict=True)), {"age": 0.5}, way)
                for way in ("low", "high")
            ],
        )
    refused = explain_row(_instance())
    yield "refused", (reasons_for(refused), refused.source is AttributionSource.SURROGATE)
    for value in (
        None,
        float("nan"),
        float("inf"),
        True,
        False,
        0,
        999.94,
        999.96,
        1000,
        -1000.4,
        1e-9,
        np.float32(2.5),
        "a\n b",
        "x" * 40,
        "x" * 41,
        "",
    ):
        yield f"value {value!r} of {type(value).__name__}", value_text(value)


def _moves() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(282)
    accepted = np.r_[rng.integers(0, 30, 40) / 2.0, np.nan]
    cases = (
        {},
        {"direction": "up"},
        {"direction": "down"},
        {"direction": "sideways"},
        {"low": 3, "high": 9},
        {"low": 9, "high": 3},
        {"low": 5, "high": 5},
        {"step": 2.5},
        {"step": -1},
        {"step": 1, "low": 4.5, "direction": "up"},
        {"levels": ["3", "7", "x7"]},
        {"levels": ["b", "c"]},
        {"low": "", "high": "inf"},
        {"low": "abc"},
        {"step": "x"},
        {"high": float("nan")},
    )
    for limits in cases:
        try:
            (item,) = changeable_features({"f": limits})  # type: ignore[dict-item]
        except PlumblineError as error:
            yield f"{limits}", f"{type(error).__name__}: {error}"
            continue
        yield f"{limits}", item
        for value in (5.0, 0.0, 40.0, float("nan")):
            info = FeatureInfo(
                name="f", used=True, thresholds=(4.25, 8.0), low=None, high=None, categories=None
            )
            yield f"{limits} from {value}", move_for(item, 2, info, value, accepted, 1.5)
        kinds = FeatureInfo(
            name="f", used=True, thresholds=(), low=None, high=None, categories=("a", "b", "c")
        )
        yield (
            f"{limits}, categories",
            [move_for(item, 1, kinds, code, accepted, 1.0) for code in (0.0, 1.0, -1.0)],
        )
    (free,) = changeable_features({"f": {}})
    yield (
        "nobody accepted",
        move_for(
            free,
            0,
            FeatureInfo(name="f", used=True, thresholds=(), low=None, high=None, categories=None),
            1.0,
            np.array([np.nan]),
            1.0,
        ),
    )


def _neighbours() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(283)
    numbers = Bins(feature="x", kind=Kind.NUMERIC, edges=np.array([0.0, 1.0, 2.0, 5.0]))
    levels = Bins(feature="c", kind=Kind.CATEGORICAL, levels=("a", "b"))
    yield "numbers", place(numbers, np.array([-1.0, 0.0, 0.5, 5.0, 9.0, np.nan]))
    yield "no edges", place(replace(numbers, edges=np.empty(0)), np.array([1.0, np.nan]))
    yield "levels", place(levels, np.array(["b", None, "z", "a", float("nan"), "y", "z"], object))
    rows = rng.integers(0, 5, (12, 3)) / 4.0
    rows[3, 0] = rows[5, 1] = rows[6] = np.nan
    for categorical in ((False,) * 3, (True, False, False), (True,) * 3):
        apart = [distances(rows[i], rows, categorical) for i in (0, 3, 6)]
        yield (
            f"{categorical}",
            (
                apart,
                nearest_positions(apart[0], 4),
                [neighbour_distance(rows[:n], categorical) for n in (1, 2, 12)],
                neighbour_distance(rows, categorical, tried=3, share=0.5),
            ),
        )
    yield "no column", distances(np.empty(0), np.empty((3, 0)), ())


def _inputs() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(284)
    frame = pd.DataFrame(
        {
            "x": rng.integers(0, 9, 30) / 2.0,
            "gaps": np.where(rng.random(30) < 0.3, np.nan, 3.0),
            "still": np.ones(30),
            "none": np.full(30, np.nan),
            "c": rng.choice(np.array(["a", "b", None], object), 30),
            "yes": rng.random(30) < 0.5,
            "many": [f"l{i % 13}" for i in range(30)],
            "code": rng.integers(0, 3, 30),
        }
    )
    target = rng.integers(0, 9, 30) / 4.0
    learnt = learn_inputs(frame, target, {"code": Kind.CATEGORICAL})
    yield "learnt", [replace(one, levels=tuple(sorted(one.levels))) for one in learnt]
    ordered = tuple(replace(one, levels=tuple(sorted(one.levels))) for one in learnt)
    other = frame.iloc[:4].assign(c=["z", "a", None, "b"], x=[np.inf, 1.0, np.nan, -3.0])
    yield "matrices", (design_matrix(ordered, other), code_matrix(ordered, other))
    alike = pd.DataFrame(
        {
            "a": frame["x"],
            "b": 2 * frame["x"] + 1,
            "c": -frame["x"],
            "d": rng.integers(0, 9, 30),
            "e": frame["x"] + rng.integers(0, 2, 30) / 50,
        }
    )
    yield "twins", [twins(alike, list(alike.columns[:n])) for n in (1, 2, 5)]


TABLES: dict[str, Table] = {
    "sources": _sources,
    "rows": _rows,
    "methods": _methods,
    "reasons": _reasons,
    "moves": _moves,
    "neighbours": _neighbours,
    "inputs": _inputs,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
