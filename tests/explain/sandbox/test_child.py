"""Hostile model files of every kind: each ends in an answer or in one sentence, quickly, and its process is gone.

Damage is made by the same code that the child process runs, so that hundreds of files take seconds; what could take the
process itself down (bombs, declared sizes, depth) goes through real processes.
"""

from __future__ import annotations

import copy
import json
import os
import signal
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from sklearn import (
    calibration,
    ensemble,
    gaussian_process,
    linear_model,
    naive_bayes,
    neighbors,
    neural_network,
    svm,
)
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, PowerTransformer, StandardScaler
from skops.io import dumps

from plumbline.domain import PlumblineError
from plumbline.explain.sandbox import child
from plumbline.explain.sandbox.call import CallLimits, describe_model, score_rows
from plumbline.explain.sandbox.pool import _CHILDREN
from tests.explain.processor import processor_seconds

xgb = pytest.importorskip("xgboost")
onnx = pytest.importorskip("onnx")
skl2onnx = pytest.importorskip("skl2onnx")

RNG = np.random.default_rng(4)
X = np.round(RNG.normal(size=(80, 4)) * 8).astype(np.float32).astype(float) / 8
Y = X[:, 0] + X[:, 1] * X[:, 2] > 0
ROWS, BACKGROUND = X[:3], X[10:18]

SKOPS = {
    "linear": make_pipeline(StandardScaler(), linear_model.LogisticRegression()),
    "forest": ensemble.RandomForestClassifier(3, max_depth=3),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2),
    "histogram": ensemble.HistGradientBoostingClassifier(max_iter=3),
    "network": neural_network.MLPClassifier((5,), solver="lbfgs", max_iter=20),
    "naive bayes": naive_bayes.GaussianNB(),
    "neighbours": neighbors.KNeighborsClassifier(3, weights="distance"),
    "support vectors": svm.SVC(),
    "process": gaussian_process.GaussianProcessRegressor(optimizer=None),
    "voting": ensemble.VotingClassifier(
        [("a", naive_bayes.GaussianNB()), ("b", linear_model.LogisticRegression())], voting="soft"
    ),
    "stacking": ensemble.StackingClassifier([("a", naive_bayes.GaussianNB()), ("b", svm.LinearSVC())], cv=2),
    "bagging": ensemble.BaggingClassifier(linear_model.LogisticRegression(), n_estimators=2),
    "adaboost": ensemble.AdaBoostClassifier(n_estimators=2),
    "calibrated": calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2, method="isotonic"),
    "mixing steps": make_pipeline(PowerTransformer(), PCA(3), PolynomialFeatures(2), linear_model.LogisticRegression()),
    "bins": make_pipeline(KBinsDiscretizer(3), linear_model.LogisticRegression()),
}  # fmt: skip


@cache
def file_of(kind: str) -> bytes:
    """A sound file of a kind: a reader, or one of the models in skops files."""
    if kind == "LightGBM text":
        quiet = {"objective": "binary", "verbose": -1, "num_leaves": 4, "num_threads": 1}
        return lgb.train(quiet, lgb.Dataset(X, Y), 3).model_to_string().encode()
    if kind in ("XGBoost json", "XGBoost ubj"):
        booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, Y), 3)
        return bytes(booster.save_raw(kind.split()[1]))
    if kind == "ONNX":
        model = ensemble.RandomForestClassifier(3, max_depth=3).fit(X, Y)
        shape = skl2onnx.common.data_types.FloatTensorType([None, 4])
        return skl2onnx.convert_sklearn(model, initial_types=[("x", shape)]).SerializeToString()
    return dumps(SKOPS[kind].fit(X, Y))


READERS = ("LightGBM text", "XGBoost json", "XGBoost ubj", "ONNX")


def sound(body: bytes) -> bool:
    """Whether a file is answered; else its refusal is one sentence. Both come quickly."""
    with processor_seconds(5):
        told, blobs = child.reply({"task": "explain"}, body, ROWS, BACKGROUND)
    if told["ok"]:
        assert len(blobs) >= 4
        return True
    assert "\n" not in told["what"]
    assert told["what"].strip()
    return False


@pytest.mark.parametrize("kind", [*READERS, *SKOPS])
def test_a_sound_file_is_answered_and_a_part_of_it_is_not(kind: str) -> None:
    body = file_of(kind)
    assert sound(body)
    whole = body.index(b"end of trees") if kind == "LightGBM text" else len(body)  # its parameters come after
    for share in (0.02, 0.3, 0.6, 0.9):
        assert not sound(body[: int(whole * share)]), share
    told, _ = child.reply({"task": "score"}, body, X[:2, :3], None)  # a column is missing
    assert not told["ok"]
    assert "takes 4 features, not 3" in told["what"] or "looks at a feature" in told["what"]


@pytest.mark.parametrize("kind", [*READERS, *SKOPS])
def test_bytes_changed_at_random_are_refused_or_harmless(kind: str) -> None:
    body, random = file_of(kind), np.random.default_rng(6)
    for _ in range(25):
        damaged = bytearray(body)
        for at in random.integers(0, len(body), 3):
            damaged[at] = random.integers(256)
        sound(bytes(damaged))


HOSTILE: tuple[Any, ...] = (
    None, -1, 0, 10**30, 2**31, "x", "", [], {}, float("nan"), 1e308, True, [[1]] * 3, "[" * 2_000,
)  # fmt: skip


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every value of a document, by its path."""
    held = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, inner in held for found in ((*path, key), *_places(inner, (*path, key)))]


def _with(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def _archive(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(body)) as held:
        return {name: held.read(name) for name in held.namelist()}


def _packed(parts: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", how) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize("kind", SKOPS)
def test_any_value_of_a_skops_schema_may_be_anything(kind: str) -> None:
    parts, random = _archive(file_of(kind)), np.random.default_rng(8)
    schema = json.loads(parts["schema.json"])
    paths = _places(schema)
    for at in random.integers(0, len(paths), 40):
        changed = _with(schema, paths[at], HOSTILE[random.integers(len(HOSTILE))])
        sound(_packed(parts | {"schema.json": json.dumps(changed).encode()}))


def _arrays() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    return {
        "not a number": lambda a: np.full_like(a, np.nan) if a.dtype.kind == "f" else (a - 1).astype(a.dtype),
        "infinite": lambda a: np.full_like(a, np.inf) if a.dtype.kind == "f" else ~np.zeros_like(a),
        "enormous": lambda a: np.full(a.shape, 1e308),
        "nought": np.zeros_like,
        "shorter": lambda a: a[: len(a) // 2] if a.ndim else a,
        "flat": np.ravel,
        "turned": lambda a: a.T.copy(),
        "text": lambda a: a.astype("U8"),
        "complex": lambda a: a.astype(complex),
        "empty": lambda a: a.ravel()[:0],
    }


@pytest.mark.parametrize("kind", SKOPS)
def test_any_array_of_a_skops_file_may_hold_anything(kind: str) -> None:
    parts = _archive(file_of(kind))
    arrays = [name for name in parts if name.endswith(".npy")]
    for name in arrays[:6]:
        held = np.load(BytesIO(parts[name]))
        for change in (_arrays() if held.dtype.names is None else {"nought": np.zeros_like}).values():
            out = BytesIO()
            np.save(out, change(held))
            sound(_packed(parts | {name: out.getvalue()}))


@pytest.mark.parametrize("kind", ["XGBoost json"])
def test_any_value_of_an_xgboost_document_may_be_anything(kind: str) -> None:
    document, random = json.loads(file_of(kind)), np.random.default_rng(9)
    paths = _places(document)
    for at in random.integers(0, len(paths), 150):
        changed = _with(document, paths[at], HOSTILE[random.integers(len(HOSTILE))])
        sound(json.dumps(changed).encode())


STRANGE = ["nan", "-1", "9" * 400, "1e999", "x", "", "0", "2147483648"]


def test_any_number_of_a_lightgbm_file_may_be_anything() -> None:
    lines, random = file_of("LightGBM text").decode().split("\n"), np.random.default_rng(10)
    held = [i for i, line in enumerate(lines) if "=" in line and line.split("=")[0] != "feature_names"]
    for at in random.choice(held, 120):
        key, _, values = lines[at].partition("=")
        words = values.split(" ")
        words[random.integers(len(words))] = random.choice(STRANGE)
        sound("\n".join([*lines[:at], f"{key}={' '.join(words)}", *lines[at + 1 :]]).encode())


def test_a_lightgbm_file_that_ends_between_two_trees_lacks_one() -> None:
    body = file_of("LightGBM text")
    assert not sound(body[: body.index(b"Tree=2")])


def test_any_attribute_of_an_onnx_node_may_be_anything() -> None:
    random = np.random.default_rng(11)
    for _ in range(80):
        model = onnx.ModelProto.FromString(file_of("ONNX"))
        node = next(n for n in model.graph.node if n.op_type.startswith("TreeEnsemble"))
        attribute = node.attribute[random.integers(len(node.attribute))]
        for held, values in (
            (attribute.ints, [-1, 0, 2**40, -(2**63)]), (attribute.floats, [float("nan"), float("inf"), 1e38, 0.0]),
            (attribute.strings, [b"", b"BRANCH_EQ", b"\xff"]),
        ):  # fmt: skip
            if len(held) and random.random() < 0.8:
                held[random.integers(len(held))] = values[random.integers(len(values))]
            elif len(held):
                del held[random.integers(len(held)) :]
        sound(model.SerializeToString())


def _shared(depth: int) -> bytes:
    """A voting model whose two members are one and the same, each again such a model: 2^depth of them in all."""
    parts = _archive(file_of("voting"))
    inner = json.loads(parts["schema.json"])
    for level in range(depth):
        outer = copy.deepcopy(json.loads(parts["schema.json"]))
        outer["__id__"] = 10_000_000 + level
        members = outer["content"]["content"]["estimators_"]
        members["content"] = [inner, {"__loader__": "CachedNode", "__id__": inner["__id__"]}]
        inner = outer
    return _packed(parts | {"schema.json": json.dumps(inner).encode()})


def _nested() -> bytes:
    parts = _archive(file_of("linear"))
    deep = b'{"__loader__":"ListNode","content":[' * 50_000
    return _packed(parts | {"schema.json": deep})


def _swollen() -> bytes:
    """Some kilobytes that say that they unpack to a gigabyte."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(squeezed.compress(bytes(2**20)) for _ in range(48)) + squeezed.flush()
    name, size = b"schema.json", 2**30
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(body), size, len(name), 0)
    entry = struct.pack(
        "<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, 0, len(body), size, len(name), 0, 0, 0, 0, 0, 0
    )
    local, central = b"PK\x03\x04" + head + name + body, b"PK\x01\x02" + entry + name
    return local + central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


def _lied() -> bytes:
    """Some kilobytes that unpack to 48 MB, and say to a hundred bytes."""
    body = bytearray(_swollen())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = body.index(mark) + offset
        body[at : at + 4] = struct.pack("<I", 100)
    return bytes(body)


def _terms() -> bytes:
    parts = _archive(file_of("mixing steps"))
    text = (
        parts["schema.json"].decode().replace('"_max_degree"', '"_was"').replace('"_min_degree"', '"_first"')
    )
    assert '"degree"' in text
    schema = json.loads(text)
    for path in _places(schema):
        if path[-1] == "degree":
            schema = _with(schema, (*path, "content"), "20")
    return _packed(parts | {"schema.json": json.dumps(schema).encode()})


BOMBS: dict[str, Callable[[], bytes]] = {
    "the same model over and over": lambda: _shared(20),
    "deep": _nested,
    "says it is a gigabyte": _swollen,
    "says it is small": _lied,
    "sixty thousand entries": lambda: _packed(
        {"schema.json": b"{}"} | {f"{i}.npy": b"" for i in range(60_001)}
    ),
    "terms": _terms,
    "deep json": lambda: b'{"learner":' + b'{"a":' * 200_000,
    "deep ubj": lambda: b"{" + b"i\x01a{" * 200_000,
    "declared array": lambda: b"{i\x01a[$l#l" + struct.pack(">i", 2**31 - 1),
    "declared tensor": lambda: b"\x08\x08:" + b"\xff\xff\xff\xff\x07" + b"\x0a" * 100,
    "deep graph": lambda: b"\x08\x08" + b":\x7f" * 5_000,
    "a line of numbers": lambda: b"tree\nversion=v4\nmax_feature_idx=" + b"9" * 3_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_end_in_one_sentence_within_seconds_and_leave_no_process(bomb: str) -> None:
    before, body = _children(), BOMBS[bomb]()
    with pytest.raises(PlumblineError) as refused:
        describe_model(body, CallLimits(megabytes=1_024, cpu_seconds=10, wall_seconds=200.0))
    assert "\n" not in str(refused.value)
    assert "given up" not in str(refused.value)
    assert f"(code {-signal.SIGXCPU})" not in str(
        refused.value
    )  # refused, not stopped by its limit on processor time
    assert f"(code {-signal.SIGKILL})" not in str(refused.value)
    assert _children() <= before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps address space")
def test_a_sound_file_for_which_there_is_no_memory_is_a_sentence_and_later_an_answer() -> None:
    before = _children()
    with pytest.raises(PlumblineError, match="memory"):
        score_rows(file_of("network"), ROWS, limits=CallLimits(megabytes=16))
    assert np.isfinite(score_rows(file_of("network"), ROWS).score).all()
    assert _children() <= before


def _children() -> set[int]:
    """Processes of ours that were not kept on purpose, dead ones that nobody waited for included."""
    kept = {one.process.pid for one in _CHILDREN.values()}
    found = set()
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            with open(f"/proc/{name}/stat") as held:
                parent = int(held.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == os.getpid() and int(name) not in kept:
            found.add(int(name))
    return found


@pytest.mark.filterwarnings("error")
def test_a_kernel_of_complex_numbers_is_refused_in_one_sentence() -> None:
    """Their imaginary part was dropped, and the model answered as another."""
    kernel = gaussian_process.kernels.RBF(np.ones(4))
    model = gaussian_process.GaussianProcessRegressor(kernel, optimizer=None).fit(X, Y)
    model.kernel_.length_scale = np.full(4, 1 + 2j)
    told, _ = child.reply({"task": "explain"}, dumps(model), ROWS, BACKGROUND)
    assert not told["ok"]
    assert "its length_scale is not made of numbers" in told["what"]
