"""A number of a model that is damaged is refused, or nothing reads it: no file gives another answer in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, QuantileTransformer, RobustScaler
from skops.io import dumps

from plumbline.domain import PlumblineError
from plumbline.explain.model import margins
from plumbline.explain.readers.scikit import pipeline
from plumbline.explain.readers.scikit.skops_file import SkopsObject, read_skops
from tests.explain.readers.scikit.test_functions import PLAIN
from tests.explain.test_model_agnostic import CLASSIFIERS, REGRESSORS

pytestmark = pytest.mark.filterwarnings("ignore")
#: what says something else and is whole: a class that never came, and a machine that was fitted without probabilities
WHOLE = (("classes_", (3,)), ("_probA", (0,)))
ROWS = np.random.default_rng(1).normal(size=(60, 4))
TARGET = ROWS[:, 0] * ROWS[:, 1] + ROWS[:, 2]
CLASSES = (
    "network", "gaussian", "bernoulli", "complement", "neighbours by distance", "support vectors", "gaussian process",
    "quadratic", "discriminant", "adaboost", "calibrated", "isotonic",
)  # fmt: skip
STEPS = (RobustScaler(), KBinsDiscretizer(3, encode="ordinal"), QuantileTransformer(n_quantiles=9))
MODELS: dict[str, tuple[Any, Any]] = {
    **{name: (PLAIN[name], TARGET) for name in ("linear", "extra trees", "boosting", "histogram")},
    **{name: (CLASSIFIERS[name], TARGET > 0) for name in CLASSES},
    **{
        f"{name} of three": (CLASSIFIERS[name], np.digitize(TARGET, [-0.5, 0.5]))
        for name in ("support vectors", "gaussian")
    },
    **{
        f"{name} of numbers": (REGRESSORS[name], TARGET)
        for name in ("ridge of differences", "process of lines", "neighbours")
    },
    "steps": (make_pipeline(*STEPS, PLAIN["linear"]), TARGET),
}


def parts(stored: Any, seen: set[int]) -> Iterator[tuple[Any, Any]]:
    """Where an array or a number stands: what holds it, and under which name."""
    if id(stored) in seen:
        return
    seen.add(id(stored))
    holder = stored.state if isinstance(stored, SkopsObject) else stored
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if isinstance(value, (SkopsObject, dict, list)):
            yield from parts(value, seen)
        elif isinstance(value, (np.ndarray, float)) and not isinstance(value, bool):
            yield holder, key


def damaged(value: Any) -> Iterator[Any]:
    if isinstance(value, float):
        yield float("nan")
        return
    if value.dtype.kind == "f":
        broken = value.copy()
        broken.flat[:1] = np.nan
        yield broken
    if value.ndim:
        yield value[:-1]
        yield np.concatenate([value, value[-1:]])
    yield value[None]
    yield None


@pytest.mark.parametrize("name", MODELS)
def test_what_is_damaged_is_refused_or_not_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, target = MODELS[name]
    body = dumps(clone(model).fit(ROWS, target))
    outer = read_skops(body)
    monkeypatch.setattr(pipeline, "read_skops", lambda _: outer)
    healthy = margins(pipeline.read_scikit(body), ROWS[:7])
    wrong, refused = [], 0
    for holder, key in parts(outer, set()):
        value = holder[key]
        for broken in damaged(value):
            if (key, np.shape(broken)) in WHOLE:
                continue
            holder[key] = broken
            try:
                found = margins(pipeline.read_scikit(body), ROWS[:7])
                if not np.allclose(found, healthy, equal_nan=True, rtol=1e-9):
                    wrong.append(f"{key}: {np.shape(value)} as {np.shape(broken)}")
            except PlumblineError:
                refused += 1
            except Exception as error:
                wrong.append(f"{key}: {np.shape(value)} as {np.shape(broken)}: {error!r}")
        holder[key] = value
    assert not wrong
    assert refused > 3
