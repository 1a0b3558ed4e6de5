"""What the child process is asked and answers: bytes in, bytes out, its limits, and its words about a model.

The truth is the library that trained the model: its own predictions, contributions and table of splits.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.formats import read_model
from plumbline.explain.sandbox import child, serve
from plumbline.sandbox.limits import Limits, environment
from tests.environment import product
from tests.explain.readers.test_lightgbm import data, train

X, Y = data()
BINARY = train({"objective": "binary"}, X, Y > 0, rounds=5)
CLASSES = train({"objective": "multiclass", "num_class": 3}, X, np.digitize(Y, [-0.5, 0.5]), rounds=4)
ROWS, BACKGROUND = X[:4], X[10:30]


def body_of(booster: lgb.Booster) -> bytes:
    return booster.model_to_string().encode()


def blob(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()


def question(
    task: str, rows: np.ndarray | None = None, background: np.ndarray | None = None, **more: Any
) -> bytes:
    """One question with its rows, as a parent sends it."""
    sent = [b"" if a is None else blob(a) for a in (rows, background)]
    sizes = {"rows_bytes": len(sent[0]), "background_bytes": len(sent[1])}
    return json.dumps({"task": task} | sizes | more).encode() + b"\n" + b"".join(sent)


def request(body: bytes, task: str, *arrays: np.ndarray | None, **more: Any) -> bytes:
    """A whole life: the model's bytes stand between the line and the rows."""
    line, _, rest = question(
        task, *arrays, model_bytes=len(body), megabytes=2_048, seconds=60, **more
    ).partition(b"\n")
    return line + b"\n" + body + rest


def taken(answer: bytes) -> tuple[dict[str, Any], list[np.ndarray], bytes]:
    """The line of an answer, its arrays, and what comes after them."""
    line, _, rest = answer.partition(b"\n")
    told = json.loads(line)
    arrays = []
    for size in told.get("blobs", ()):
        arrays.append(np.load(io.BytesIO(rest[:size]), allow_pickle=False))
        rest = rest[size:]
    return told, arrays, rest


@pytest.fixture
def lived(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A child's or server's life in this process: what it was limited to, after how many bytes, and what it said."""

    def live(module: Any, sent: bytes) -> SimpleNamespace:
        source, sink, limits = io.BytesIO(sent), io.BytesIO(), []
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=source))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=sink))
        monkeypatch.setattr(module, "limit_resources", lambda asked: limits.append((asked, source.tell())))
        code = module.main()
        return SimpleNamespace(code=code, said=sink.getvalue(), limits=limits, left=source.read())

    return live


def test_a_process_answers_one_line_and_the_arrays_and_is_silent_otherwise() -> None:
    process = subprocess.run(
        [product.python(), "-P", "-s", "-m", "plumbline.explain.sandbox.child"],
        input=request(body_of(BINARY), "explain", ROWS), capture_output=True, env=environment(), check=False,
    )  # fmt: skip
    told, (margin, score, parts, base), rest = taken(process.stdout)
    assert (process.returncode, process.stderr, rest) == (0, b"", b"")
    assert set(told) == {"ok", "model", "blobs"}
    assert told["ok"] is True
    native = BINARY.predict(ROWS, pred_contrib=True)
    assert margin[:, 0] == pytest.approx(BINARY.predict(ROWS, raw_score=True), abs=1e-9)
    assert score[:, 0] == pytest.approx(BINARY.predict(ROWS), abs=1e-9)
    assert parts == pytest.approx(native[:, :-1], abs=1e-9)
    assert base.tolist() == pytest.approx([native[0, -1]], abs=1e-9)


def test_it_limits_itself_before_it_takes_the_model_and_reads_no_further_than_it_was_told(lived: Any) -> None:
    sent = request(body_of(BINARY), "describe")
    life = lived(child, sent + b"more")
    ((limits, at),) = life.limits
    assert limits == Limits(2_048, 60, 0.0)
    assert at == sent.index(b"\n") + 1
    assert (life.code, life.left) == (0, b"more")
    told, arrays, _ = taken(life.said)
    assert (told["model"]["trees"], told["blobs"], arrays) == (5, [], [])


def test_sizes_that_are_not_said_are_nought(lived: Any) -> None:
    body = body_of(BINARY)
    head = {"task": "score", "model_bytes": len(body), "megabytes": 99, "seconds": 1}
    life = lived(child, json.dumps(head).encode() + b"\n" + body)
    told, arrays, _ = taken(life.said)
    assert (told["ok"], arrays) == (True, [])  # nothing to score: the model is described


def test_a_server_answers_question_after_question_until_its_input_ends(lived: Any) -> None:
    body = body_of(BINARY)
    head = {"model_bytes": len(body), "megabytes": 300, "seconds": 900}
    questions = (
        question("score", ROWS), question("explain", ROWS[:1], BACKGROUND), question("score", X[:2, :3]),
        question("describe"),
    )  # fmt: skip
    life = lived(serve, json.dumps(head).encode() + b"\n" + body + b"".join(questions))
    ((limits, at),) = life.limits
    assert (limits.megabytes, limits.cpu_seconds, at) == (300, 900, len(json.dumps(head)) + 1)
    first, arrays, rest = taken(life.said)
    assert (first["ok"], arrays[1][:, 0]) == (True, pytest.approx(BINARY.predict(ROWS), abs=1e-9))
    second, arrays, rest = taken(rest)
    assert [a.shape for a in arrays] == [(1, 1), (1, 1), (1, 6), (1,)]
    # against a background the base is the mean margin there, and the contributions make up the rest
    assert arrays[3][0] == pytest.approx(BINARY.predict(BACKGROUND, raw_score=True).mean(), abs=1e-9)
    assert arrays[3][0] + arrays[2].sum() == pytest.approx(
        BINARY.predict(ROWS[:1], raw_score=True)[0], abs=1e-9
    )
    third, arrays, rest = taken(rest)
    assert (third["ok"], arrays, "\n" in third["what"]) == (
        False,
        [],
        False,
    )  # and the next is answered all the same
    fourth, arrays, rest = taken(rest)
    assert (fourth["model"], arrays, rest, second["ok"]) == (first["model"], [], b"", True)


@pytest.mark.parametrize("output", [0, 1, 2])
def test_the_output_that_is_asked_for_is_explained(output: int) -> None:
    told, blobs = child.reply({"task": "explain", "output": output}, body_of(CLASSES), ROWS, None)
    margin, score, parts, base = (np.load(io.BytesIO(b)) for b in blobs)
    assert told["blobs"] == [len(b) for b in blobs]
    native = CLASSES.predict(ROWS, pred_contrib=True).reshape(len(ROWS), 3, -1)[:, output]
    assert (parts, base[0]) == (
        pytest.approx(native[:, :-1], abs=1e-9),
        pytest.approx(native[0, -1], abs=1e-9),
    )
    assert base[0] + parts.sum(1) == pytest.approx(margin[:, output], abs=1e-9)
    assert score == pytest.approx(CLASSES.predict(ROWS), abs=1e-9)


def test_in_probability_the_parts_add_up_to_the_score_and_only_trees_that_are_asked_for_count() -> None:
    _, blobs = child.reply({"task": "explain", "space": "probability"}, body_of(BINARY), ROWS, BACKGROUND)
    margin, score, parts, base = (np.load(io.BytesIO(b)) for b in blobs[:4])
    assert base[0] == pytest.approx(BINARY.predict(BACKGROUND).mean(), abs=1e-9)
    assert base[0] + parts.sum(1) == pytest.approx(score[:, 0], abs=1e-9)
    assert margin[:, 0] == pytest.approx(BINARY.predict(ROWS, raw_score=True), abs=1e-9)
    xgb = pytest.importorskip("xgboost")
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, Y > 0), 6)
    booster.set_attr(best_iteration="2")
    body = bytes(booster.save_raw("json"))
    for best, rounds in ((True, 3), (False, 6)):
        _, blobs = child.reply({"task": "score", "best": best}, body, ROWS, None)
        native = booster.predict(xgb.DMatrix(ROWS), iteration_range=(0, rounds))
        assert np.load(io.BytesIO(blobs[1]))[:, 0] == pytest.approx(native, abs=1e-6)
        assert len(blobs) == 2


def test_a_model_without_trees_and_weights_tells_errors_and_seeds_where_it_is_estimated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "held_words", lambda body: {})
    monkeypatch.setattr(child, "held_model", lambda body: read_model(body))
    for errors, n in ((None, 4), (np.full((4, 6), 0.1), 6)):
        seeds = None if errors is None else np.arange(4.0)
        made = SimpleNamespace(parts=np.ones((4, 6)), base=0.5, errors=errors, seeds=seeds)
        monkeypatch.setattr(child, "probability_contributions", lambda *_, held=made, **__: held)
        _, arrays = child.answer({"task": "explain", "space": "probability"}, body_of(BINARY), ROWS, None)
        assert len(arrays) == n
        assert (arrays[2].sum(), arrays[3].tolist()) == (24.0, [0.5])
        if errors is not None:
            assert (arrays[4].sum(), arrays[5].tolist()) == (pytest.approx(2.4), [0.0, 1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (PlumblineError("It has no trees"), "It has no trees."),
        (MemoryError("17 GB"), "The model file was refused: it needs too much memory"),
        (RecursionError("1000"), "The model file was refused: it nests too deep"),
        (KeyError("secret\nvalue"), "The model file was refused: it cannot be read (KeyError)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_goes_wrong_is_one_sentence_without_what_the_file_holds(
    fault: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(child, "answer", fail)
    assert child.reply({"task": "describe"}, b"", None, None) == ({"ok": False, "what": words}, [])


def test_an_object_in_place_of_numbers_is_never_unpickled() -> None:
    held = io.BytesIO()
    np.save(held, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        child.unpack_array(held.getvalue())
    assert child.unpack_array(b"") is None


def test_a_model_is_read_once_for_many_questions() -> None:
    body = body_of(train({"objective": "binary"}, X, Y > 0, rounds=2))
    child.held_model.cache_clear()
    child.held_words.cache_clear()
    for _ in range(3):
        child.reply({"task": "score"}, body, ROWS, None)
    assert (child.held_model.cache_info().misses, child.held_words.cache_info().misses) == (1, 1)
    assert child.held_model.cache_info().maxsize == 1


@pytest.mark.parametrize("booster", [BINARY, CLASSES], ids=["binary", "three classes"])
def test_the_words_about_a_model_are_those_of_its_library(booster: lgb.Booster) -> None:
    words = child.describe(read_model(body_of(booster)))
    splits = booster.trees_to_dataframe().dropna(subset=["threshold"])
    classes = booster.num_model_per_iteration()
    link, objective = ("logit", "binary") if classes == 1 else ("softmax", "multiclass")
    assert (words["format"], words["link"], words["outputs"], words["trees"]) == (
        "LightGBM text", link, classes, booster.num_trees(),
    )  # fmt: skip
    assert words["objective"].startswith(objective)
    assert (words["needs_background"], words["asked"], words["orders"]) == (False, False, 0)
    ranges = booster.dump_model()["feature_infos"]
    for told, name in zip(words["features"], booster.feature_name(), strict=True):
        points = np.unique(splits.loc[splits["split_feature"] == name, "threshold"].astype(float))
        assert (told["name"], told["used"], told["categories"]) == (name, len(points) > 0, None)
        assert (told["low"], told["high"]) == (ranges[name]["min_value"], ranges[name]["max_value"])
        assert np.isin(told["thresholds"], points).all()
        assert len(told["thresholds"]) == min(len(points), 64)
        assert told["thresholds"] == sorted(told["thresholds"])
        assert not len(points) or (told["thresholds"][0], told["thresholds"][-1]) == (points[0], points[-1])


def test_of_many_split_points_64_are_told_and_an_input_that_is_not_used_has_none() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.random(4000), np.zeros(4000)])
    booster = train(
        {"objective": "regression", "min_data_in_leaf": 1, "num_leaves": 200}, x, x[:, 0] ** 2, rounds=3
    )
    used, idle = child.describe(read_model(body_of(booster)))["features"]
    splits = np.unique(booster.trees_to_dataframe()["threshold"].dropna())
    assert len(splits) > 150
    assert (len(used["thresholds"]), used["used"]) == (64, True)
    assert (used["thresholds"][0], used["thresholds"][-1]) == (splits[0], splits[-1])
    places = np.searchsorted(splits, used["thresholds"])
    assert np.diff(places).max() - np.diff(places).min() <= 1  # evenly among them
    assert (idle["used"], idle["thresholds"], idle["low"], idle["high"]) == (False, [], None, None)
