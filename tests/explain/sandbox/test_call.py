"""Model files are opened in a child process: hostile ones are a sentence, never an outage."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import lightgbm as lgb
import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.readers.formats import detect_format, read_model
from plumbline.explain.sandbox.call import CallLimits, describe_model, explain_rows, score_rows
from plumbline.explain.trees import MAX_CATEGORY
from plumbline.sandbox.limits import environment
from tests.environment import product
from tests.explain.readers.test_lightgbm import data, train

xgb = pytest.importorskip("xgboost")


@pytest.fixture(scope="module")
def lightgbm_text() -> str:
    x, y = data()
    return train({"objective": "binary"}, x, y > 0, rounds=5).model_to_string()


@pytest.fixture(scope="module")
def xgboost_document() -> dict:
    x, y = data()
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(x, y > 0), 3)
    return json.loads(bytes(booster.save_raw("json")))


def test_one_decision_takes_well_under_a_second_and_agrees_with_the_library(lightgbm_text) -> None:
    x, _ = data()
    explain_rows(lightgbm_text.encode(), x[:1])  # byte code is compiled once
    found = explain_rows(
        lightgbm_text.encode(), x[:1], limits=CallLimits(cpu_seconds=1)
    )  # its start included
    native = lgb.Booster(model_str=lightgbm_text)
    assert found.contributions is not None
    assert found.contributions[0] == pytest.approx(native.predict(x[:1], pred_contrib=True)[0, :-1])
    assert found.score[0, 0] == pytest.approx(native.predict(x[:1])[0])


def test_the_child_imports_numpy_and_nothing_heavier() -> None:
    code = "import sys, plumbline.explain.sandbox.child; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([product.python(), "-c", code], capture_output=True, text=True, check=True)
    names = {name.split(".")[0] for name in loaded.stdout.split()}
    assert "numpy" in names
    assert not names & {"pandas", "scipy", "shap", "sklearn", "lightgbm", "xgboost", "duckdb", "streamlit"}


def test_the_child_sees_no_secrets(monkeypatch) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "secret")
    assert "PLUMBLINE_KEY" not in environment()
    assert "secret" not in str(environment())


@pytest.mark.parametrize(
    "body",
    [
        *(pickle.dumps({"a": 1}, protocol=p) for p in range(6)),
        pickle.dumps(np.zeros(2), protocol=0),
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x1f\x8b\x08\x00rest",
        b"\x78\x9crest",
        b"binf....",
        b"hello",
        b"",
        b"\x00" * 40,
    ],
)
def test_pickles_and_strangers_are_refused_by_content_before_anything_starts(body) -> None:
    with pytest.raises(PlumblineError, match="The model file was refused") as refused:
        detect_format(body)
    assert "\n" not in str(refused.value)


def test_a_refused_pickle_says_how_to_save_the_model_again() -> None:
    with pytest.raises(PlumblineError, match=r"can run code.*save_model\('model.json'\)"):
        describe_model(pickle.dumps([1]))


def _tree(document: dict) -> dict:
    return document["learner"]["gradient_booster"]["model"]["trees"][0]


def _change(key, value):
    def change(document):
        _tree(document)[key][0] = value

    return change


def _base(text):
    def change(document):
        document["learner"]["learner_model_param"]["base_score"] = text

    return change


XGBOOST_DAMAGE = {
    "child far away": _change("left_children", 99_999_999),
    "child negative": _change("right_children", -5),
    "child itself": _change("left_children", 0),
    "child twice": lambda d: _tree(d)["right_children"].__setitem__(0, _tree(d)["left_children"][0]),
    "child huge": _change("left_children", 10**30),
    "child a fraction": _change("left_children", 1.5),
    "child a text": _change("left_children", "one"),
    "feature far away": _change("split_indices", 99_999_999),
    "feature negative": _change("split_indices", -3),
    "threshold not a number": _change("split_conditions", float("nan")),
    "cover zero": _change("sum_hessian", 0.0),
    "cover not a number": _change("sum_hessian", float("nan")),
    "leaf infinite": lambda d: _tree(d).__setitem__(
        "split_conditions", [float("inf")] * len(_tree(d)["left_children"])
    ),
    "array short": lambda d: _tree(d)["split_indices"].pop(),
    "base not a number": _base("nan"),
    "base outside": _base("[1.5]"),
    "base no number": _base("five"),
    "trees gone": lambda d: d["learner"]["gradient_booster"]["model"].__setitem__("trees", []),
    "class far away": lambda d: d["learner"]["gradient_booster"]["model"].__setitem__(
        "tree_info", [7] * len(d["learner"]["gradient_booster"]["model"]["trees"])
    ),
    "features claimed": lambda d: d["learner"]["learner_model_param"].__setitem__("num_feature", "999999999"),
    "classes claimed": lambda d: d["learner"]["learner_model_param"].__setitem__("num_class", "999999999"),
    "learner a list": lambda d: d.__setitem__("learner", [1, 2]),
}


@pytest.mark.parametrize("damage", XGBOOST_DAMAGE)
def test_a_hostile_xgboost_file_is_refused_with_one_sentence(xgboost_document, damage) -> None:
    document = json.loads(json.dumps(xgboost_document))
    XGBOOST_DAMAGE[damage](document)
    with pytest.raises(PlumblineError, match="The model file was refused: ") as refused:
        read_model(json.dumps(document).encode())
    assert "\n" not in str(refused.value)


def _line(key, value):
    """Replace the first number of a line of the first tree."""

    def change(text):
        head, _, rest = text.partition(f"\n{key}=")
        return f"{head}\n{key}={value} {rest.split(' ', 1)[1]}"

    return change


LIGHTGBM_DAMAGE = {
    "child far away": _line("left_child", 99_999_999),
    "child far below": _line("left_child", -99_999),
    "child itself": _line("left_child", 0),
    "child no number": _line("left_child", "x"),
    "feature far away": _line("split_feature", 99_999_999),
    "feature negative": _line("split_feature", -7),
    "count zero": _line("leaf_count", 0),
    "leaf not a number": _line("leaf_value", "nan"),
    "leaf enormous": _line("leaf_value", "1e308"),
    "threshold not a number": _line("threshold", "nan"),
    "kind unknown": _line("decision_type", 12),
    "kind a category without sets": _line("decision_type", 1),
    "number enormous": _line("split_feature", "9" * 400),
    "leaves claimed": lambda t: t.replace("\nnum_leaves=15", "\nnum_leaves=999999999", 1),
    "features claimed": lambda t: t.replace("max_feature_idx=5", "max_feature_idx=999999999"),
    "rounds claimed": lambda t: t.replace("num_tree_per_iteration=1", "num_tree_per_iteration=0"),
    "cut short": lambda t: t[: len(t) // 3],
    "no trees": lambda t: t[: t.index("Tree=0")],
}


@pytest.mark.parametrize("damage", LIGHTGBM_DAMAGE)
def test_a_hostile_lightgbm_file_is_refused_with_one_sentence(lightgbm_text, damage) -> None:
    changed = LIGHTGBM_DAMAGE[damage](lightgbm_text)
    assert changed != lightgbm_text
    with pytest.raises(PlumblineError, match="The model file was refused: ") as refused:
        read_model(changed.encode())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"learner":' + b"[" * 100_000,
        b"{L" + (10**10).to_bytes(8, "big") + b"x",
        b"{L" + (7).to_bytes(8, "big") + b"learner[$d#L" + (10**10).to_bytes(8, "big"),
        b"{L" + (7).to_bytes(8, "big") + b"learner[#L" + (10**10).to_bytes(8, "big"),
        b"{L" + (7).to_bytes(8, "big") + b"learner" + b"[" * 5_000,
        b"{L" + (7).to_bytes(8, "big") + b"learner[$Z#L" + (10**10).to_bytes(8, "big"),
        b'{"learner": {"gradient_booster": 5}}',
        b"tree\nnum_class=1\n",
    ],
    ids=range(8),
)
def test_declared_sizes_and_depth_cost_nothing(body) -> None:
    with pytest.raises(PlumblineError, match="refused") as refused:
        describe_model(body, CallLimits(cpu_seconds=3))
    assert "ended its process" not in str(refused.value)  # which its limit on processor time would have done


@pytest.mark.parametrize("kind", ["lightgbm", "json", "ubj"])
def test_random_damage_is_refused_or_harmless(lightgbm_text, xgboost_document, kind) -> None:
    rng = np.random.default_rng(7)
    x, y = data()
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(x, y > 0), 2)
    body = lightgbm_text.encode() if kind == "lightgbm" else bytes(booster.save_raw(kind))
    for _ in range(60):
        damaged = bytearray(body)
        for at in rng.integers(0, len(body), 4):
            damaged[at] = rng.integers(256) if kind == "ubj" else rng.choice(list(b"0123456789-e. \n,"))
        try:
            ensemble = read_model(bytes(damaged))
        except PlumblineError:
            continue
        assert np.isfinite(ensemble.core.value).all()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps address space")
def test_too_much_memory_is_a_sentence(lightgbm_text) -> None:
    with pytest.raises(PlumblineError, match="memory"):
        score_rows(lightgbm_text.encode(), np.zeros((3_000_000, 6)), limits=CallLimits(megabytes=256))


def test_too_much_time_is_a_sentence(lightgbm_text) -> None:
    with pytest.raises(PlumblineError, match=r"given up after 0\.01 s"):
        score_rows(lightgbm_text.encode(), np.zeros((1, 6)), limits=CallLimits(wall_seconds=0.01))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has the parent's clock only")
def test_too_much_processor_time_is_a_sentence() -> None:
    x, y = data()
    body = train({"objective": "binary"}, x, y > 0, rounds=100).model_to_string().encode()
    rows = np.random.default_rng(0).normal(size=(100_000, 6))
    with pytest.raises(PlumblineError, match="ended its process"):  # each row against each of the background
        explain_rows(body, rows, background=rows[:2_000], limits=CallLimits(cpu_seconds=1))


def test_a_category_code_out_of_bounds_is_refused(lightgbm_text) -> None:
    words = " ".join(["4294967295"] * (MAX_CATEGORY // 32 + 2))
    changed = lightgbm_text.replace(
        "num_cat=0", f"num_cat=1\ncat_boundaries=0 {MAX_CATEGORY // 32 + 2}\ncat_threshold={words}", 1
    )
    changed = _line("threshold", 0)(_line("decision_type", 1)(changed))
    with pytest.raises(PlumblineError, match="category code above"):
        read_model(changed.encode())


def test_a_model_is_described(lightgbm_text) -> None:
    info = describe_model(lightgbm_text.encode())
    assert (info.format, info.link, info.outputs, info.trees) == ("LightGBM text", "logit", 1, 5)
    assert [f.name for f in info.features] == [f"Column_{i}" for i in range(6)]
    assert all(list(f.thresholds) == sorted(f.thresholds) for f in info.features)
