"""Inputs of a model matched to columns of a log, by name and by content, and its scores held against the logged ones.
Whole models are held against LightGBM's by ``test_registered_model.py``; here the model is a few lines of this file,
so that the map that has to be found is known, and so are the share and the view; the rest was looked at by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import PlumblineError, Task
from plumbline.domain.messages import message
from plumbline.explain import column_match, registered_model
from plumbline.explain.column_match import _assign, _misfit, _numeric_columns, propose_feature_map
from plumbline.explain.link_functions import LOGIT
from plumbline.explain.registered_model import (
    VIEWS,
    ModelCheck,
    RegisteredModel,
    _code_column,
    _require_additivity,
    _spelling,
    align_features,
    background_rows,
    candidate_views,
    check_model,
    match_columns,
    model_parts,
)
from plumbline.explain.sandbox.call import FeatureInfo, ModelInfo, ModelOutput
from tests.known_answers import Table, differences

NAN = float("nan")
WEIGHT = np.array([1.0, -0.5, 0.25])


def _feature(name: str, **more: Any) -> FeatureInfo:
    told = {"used": True, "categories": None, "low": None, "high": None, "thresholds": ()} | more
    return FeatureInfo(name=name, **told)


def _info(*features: FeatureInfo, **more: Any) -> ModelInfo:
    told = {
        "format": "f",
        "objective": "o",
        "link": "logit",
        "outputs": 1,
        "trees": 0,
        "best_trees": 0,
    } | more
    return ModelInfo(features=features, **told)


def _refusal(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return str(error)


def _frame(n: int = 60, seed: int = 501) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 70, n) / 10.0, "rate": rng.integers(-8, 9, n) / 4.0,
            "sum": rng.integers(0, 900, n) / 100.0,
            "town": rng.choice(["a", "b"], n), "late": rng.random(n) < 0.5, "other": rng.integers(-30, 31, n) / 10.0,
        }
    )  # fmt: skip


def _answer(rows: Any, best: bool = False, link: bool = True) -> ModelOutput:
    """A logistic model of three inputs; with ``best`` another start."""
    margin = (rows @ WEIGHT - 1.0 + 0.5 * best)[:, None]
    return ModelOutput(info=_info(), margin=margin, score=np.asarray(LOGIT.back(margin)) if link else margin)


def _misfits() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(502)
    columns = {
        "numbers": rng.integers(0, 20, 40) / 2.0, "one": np.array([3.0]), "constant": np.full(9, 2.0),
        "none": np.array([]),
        "missing": np.array([NAN, np.inf, -np.inf]), "some missing": np.array([NAN, 1.0, 4.0, 9.0]),
        "negative": -rng.integers(0, 20, 40) / 2.0,
    }  # fmt: skip
    features = {
        "nothing told": _feature("f"), "a range": _feature("f", low=0.0, high=9.5),
        "points": _feature("f", thresholds=(1.25, 5.0, 7.5)),
        "both": _feature("f", low=-5.0, high=5.0, thresholds=(0.0, 2.0)),
        "far away": _feature("f", low=100.0, high=900.0, thresholds=(500.0,)),
        "least alone": _feature("f", low=1.0), "greatest alone": _feature("f", high=1.0),
        "no width": _feature("f", low=2.0, high=2.0),
        "edges": _feature("f", thresholds=(0.0, 9.5)),
    }  # fmt: skip
    for name, values in columns.items():
        for told, feature in features.items():
            yield f"{name}, {told}", _misfit(feature, values)
    for shape in ((0, 0), (1, 1), (2, 3), (3, 3), (4, 6)):
        yield f"assigned {shape}", _assign(rng.integers(0, 9, shape).astype(float))
    frame = _frame(3)
    for taken in (set(), {"age"}, {"age", "rate", "sum", "other"}):
        yield f"columns without {sorted(taken)}", _numeric_columns(frame, taken)


def _proposals() -> Iterator[tuple[str, Any]]:
    frame = _frame()
    scores = _answer(frame[["other", "age", "sum"]].to_numpy()).score[:, 0]
    model = RegisteredModel(body=b"m", sha256="0", version="1", feature_map={})
    used = (_feature("f0"), _feature("f1"), _feature("f2"))
    spread = tuple(
        replace(
            f, low=float(frame[c].min()), high=float(frame[c].max()), thresholds=(float(frame[c].median()),)
        )
        for f, c in zip(used, ("other", "age", "sum"), strict=True)
    )
    for name, (features, given, logged, table) in {
        "nothing told": (used, {}, scores, frame),
        "ranges told": (spread, {}, scores, frame),
        "one is given": (used, {"f1": "age"}, scores, frame),
        "all are given": (used, {"f0": "other", "f1": "age", "f2": "sum"}, scores, frame),
        "all are given wrongly": (used, {"f0": "age", "f1": "other", "f2": "sum"}, scores, frame),
        "one is not there": (used, {}, scores, frame.drop(columns="sum")),
        "as many columns as inputs": (used, {}, scores, frame[["sum", "other", "town", "age"]]),
        "too few columns": (used, {}, scores, frame[["age", "town"]]),
        "a category": ((*used[:2], _feature("f2", categories=("a", "b"))), {}, scores, frame),
        "percents": (used, {}, 100 * scores, frame),
        "the other class": (used, {}, 1 - scores, frame),
        "log-odds": (used, {}, np.asarray(LOGIT.forward(scores)), frame),
        "chance": (used, {}, np.random.default_rng(1).random(len(frame)), frame),
        "some unknown": (used, {}, np.where(np.arange(60) % 4 == 0, NAN, scores), frame),
        "one input not used": ((*used, _feature("f3", used=False)), {}, scores, frame),
        "the best trees": (used, {}, scores, frame),
    }.items():
        info = _info(*features)

        def score(body: Any, rows: Any, best: bool = False) -> ModelOutput:
            return _answer(rows[:, :3], best)

        with (
            patch.object(column_match, "describe_model", lambda body, info=info: info),
            patch.object(column_match, "score_rows", score),
            patch.object(registered_model, "score_rows", score),
        ):
            found = _refusal(
                lambda m=model, t=table, s=logged, g=given: propose_feature_map(
                    replace(m, feature_map=g), t, s
                )
            )
        if isinstance(found, tuple):
            names, check = found
            yield name, [sorted(names.items()), check.share, check.n, check.view]
        else:
            yield name, found


def _matches() -> Iterator[tuple[str, Any]]:
    features = tuple(_feature(name) for name in ("Age", "rate", "Ünit", "lost"))
    columns = ["age", "AGE", "rate", "ünit", "x"]
    for name, given in {
        "no map": {}, "a map": {"lost": "x", "rate": "age"}, "of nothing": {"lost": "y"}, "by case": {"lost": "X"},
    }.items():  # fmt: skip
        yield name, match_columns(_info(*features), columns, given)
        frame = pd.DataFrame({c: [1.0, NAN, 2.0] for c in columns})
        yield f"aligned by {name}", _refusal(lambda f=frame, g=given: align_features(_info(*features), f, g))
    many = tuple(_feature(f"f{i}") for i in range(10))
    yield "many lost", _refusal(lambda: align_features(_info(*many), frame, {}))
    idle = _info(_feature("rate"), _feature("gone", used=False))
    yield "one lost that is not used", align_features(idle, frame, {})
    levels = _feature("town", categories=("a", 1.0, "2", "true", 3))
    for name, values in {
        "texts": ["a", "b", None, "2"], "numbers": [1, 2.0, 3.0, NAN], "flags": [True, False],
        "spelt numbers": ["1", "1.0", "1e0", "01", "-1"],
        "empty": [],
    }.items():  # fmt: skip
        column = pd.Series(values, dtype=object, name="town")
        yield f"categories of {name}", _code_column(levels, column)
        yield f"numbers of {name}", _refusal(lambda c=column: _code_column(_feature("n"), c))
        yield f"numbers of {name}, not used", _code_column(_feature("n", used=False), column)
    for value in (
        True, False, np.True_, "True", "False", "TRUE", "true", 3, 3.0, "3", "3.0", "-0", "1e5", "1E+05",
        "1e1000", "007", ".5", "5.", "0.5",
        "1" * 17, "1" * 18, "0.1234567890123456789", "abc", "", None, "+3", " 3", NAN, "nan",
    ):  # fmt: skip
        yield f"spelling {value!r} {type(value).__name__}", _spelling(value)


def _views() -> Iterator[tuple[str, Any]]:
    ranges = {"unit": [0.0, 0.5, 1.0], "percent": [0.0, 50.0, 100.0], "free": [-1.0, 5.0], "none": [NAN]}
    for link in ("logit", "probability", "softmax", "identity", "log"):
        for outputs in (1, 3):
            for name, scores in ranges.items():
                yield (
                    f"{link} of {outputs}, {name}",
                    candidate_views(_info(link=link, outputs=outputs), np.array(scores)),
                )
    table = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
    held = ModelOutput(info=_info(), margin=np.log(table), score=table)
    for name, view in VIEWS.items():
        yield f"view {name}", [view(held, 0), view(held, 2), view(held, np.array([1, 0]))]


def _checks() -> Iterator[tuple[str, Any]]:
    model = RegisteredModel(body=b"m", sha256="0", version="1.5", feature_map={})
    info = _info(*(_feature(name) for name in ("age", "rate", "sum")))

    def ask(scores: Any, frame: pd.DataFrame, info: ModelInfo = info, **more: Any) -> Any:
        def score(body: Any, rows: Any, best: bool = False) -> ModelOutput:
            return _answer(rows, best, info.link == "logit")

        with (
            patch.object(registered_model, "score_rows", score),
            patch.object(registered_model, "score_warm", score),
            patch.object(registered_model, "describe_model", lambda body: replace(info, objective="alone")),
            patch.object(registered_model, "describe_warm", lambda body: replace(info, objective="warm")),
        ):
            found = _refusal(lambda: check_model(model, frame, scores, info=more.pop("told", info), **more))
        return found if isinstance(found, str) else replace(found, info=_info(objective=found.info.objective))

    frame = _frame(200, 503)
    x = frame[["age", "rate", "sum"]].to_numpy()
    right, early = _answer(x).score[:, 0], _answer(x, True).score[:, 0]
    for name, logged in {
        "right": right, "percent": 100 * right, "complement": 1 - right, "percent of complement": 100 - 100 * right,
        "log-odds": LOGIT.forward(right), "best trees": early, "rounded": np.round(right, 2),
        "near": right + 0.0009, "off": right + 0.0021,
    }.items():  # fmt: skip
        for trees in (0, 5):
            yield f"{name}, {trees} best", ask(logged, frame, replace(info, best_trees=trees))
    for wrong in (0, 1, 2, 3, 100, 200):
        logged = np.where(np.arange(200) < wrong, np.round(1 - right, 9), right)
        yield f"{wrong} of 200 wrong", ask(logged, frame)
    for known in (0, 19, 20, 21):
        yield f"{known} known", ask(np.where(np.arange(200) < known, right, NAN), frame, warm=True)
    large = _frame(1_003, 504)
    values = _answer(large[["age", "rate", "sum"]].to_numpy()).score[:, 0]
    for rows in (1_000, 1_001, 1_003):
        logged = np.where(np.arange(rows) < 30, 0.5, values[:rows])
        yield f"{rows} rows", ask(logged, large.iloc[:rows])
    yield (
        "a number",
        ask(_answer(x).margin[:, 0], frame, replace(info, link="identity"), task=Task.REGRESSION),
    )
    for warm in (False, True):
        yield f"described anew, warm: {warm}", ask(right, frame, told=None, warm=warm)
    yield "a class a row", ask(right, frame, output=np.zeros(200, np.int64))


def _explained(asked: list[Any], lost: str, where: str) -> Callable[..., ModelOutput]:
    """The model's process, which lacks something of its answer; ``asked`` is told what it was asked."""

    def explain(body: Any, rows: Any, **more: Any) -> ModelOutput:
        background = more.pop("background")
        asked.append(
            [where, len(rows), None if background is None else background.shape, sorted(more.items())]
        )
        held = _answer(rows)
        values, base = rows * WEIGHT, -1.0
        if more["space"] == "probability":
            values, base = (held.score - 0.5) * np.array([0.5, 0.25, 0.25]), 0.5
        if lost == "all":
            return held
        if lost == "base":
            base = NAN
        if lost == "a value":
            values = values + np.array([0.0, 0.0, 1e-4])
        if lost == "a row":
            held.margin[1], values[1] = NAN, NAN
        return replace(held, contributions=values, base=base, errors=0 * values)

    return explain


MODEL = RegisteredModel(body=b"m", sha256="0", version="1", feature_map={}, background=_frame(4, 505))
CHECK = ModelCheck(
    share=1.0,
    n=50,
    tolerance=0.001,
    sentence=message("It is not."),
    passed=True,
    info=_info(*(_feature(name) for name in ("age", "rate", "sum"))),
)


def _asked_for(lost: str, check: ModelCheck, frame: pd.DataFrame, **more: Any) -> Any:
    """Contributions, or why there are none, and what the model's process was asked."""
    asked: list[Any] = []
    with (
        patch.object(registered_model, "explain_warm", _explained(asked, lost, "warm")),
        patch.object(registered_model, "explain_rows", _explained(asked, lost, "alone")),
    ):
        found = _refusal(lambda: model_parts(MODEL, check, frame, **more))
    return [found if len(frame) < 9 else len(found.parts), asked]


def _parts() -> Iterator[tuple[str, Any]]:
    frame = _frame(3, 506)
    for view in ("score", "percent", "margin", "complement", "percent of complement"):
        for space in ("", "probability"):
            for link in ("logit", "probability"):
                now = replace(CHECK, view=view, info=replace(CHECK.info, link=link))
                yield f"{view}, {space or 'own'} space, {link}", _asked_for("", now, frame, space=space)
    for lost in ("a row", "a value", "base", "all"):
        for space in ("", "probability"):
            yield f"lost: {lost}, {space or 'own'} space", _asked_for(lost, CHECK, frame, space=space)
    for rows, alone in ((500, False), (501, False), (3, True)):
        yield (
            f"{rows} rows, {'alone' if alone else 'in company'}",
            _asked_for("", CHECK, _frame(rows, 507), alone=alone),
        )
    yield "not passed", _asked_for("", replace(CHECK, passed=False), frame)
    for needed in (False, True):
        for space in ("", "probability"):
            now = replace(CHECK, info=replace(CHECK.info, needs_background=needed))
            yield f"background: {needed}, {space}", background_rows(MODEL, now, space)
            yield (
                f"no background: {needed}, {space}",
                background_rows(replace(MODEL, background=None), now, space),
            )
    outputs = np.array([0.5, -3.0, 1000.0, NAN])
    for off in (0.0, 9e-7, 1.1e-6, 2.9e-6, 3.1e-6, 9e-4, 1.1e-3):
        for place in range(4):
            values = np.where(np.isnan(outputs), 7.0, outputs)[:, None] - 1.0
            values[place] += off
            yield f"{off} off in row {place}", _refusal(lambda v=values: _require_additivity(v, 1.0, outputs))
    yield "a base of no number", _refusal(lambda: _require_additivity(np.zeros((1, 1)), NAN, np.array([NAN])))


TABLES: dict[str, Table] = {
    "misfits": _misfits, "proposals": _proposals, "matches": _matches, "views": _views, "checks": _checks,
    "parts": _parts,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
