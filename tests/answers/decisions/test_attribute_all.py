"""Attributions of every decision, kept: exact, resumed after a stop, gone with their load, their person, their file."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.decisions import model_files
from plumbline.answers.decisions.attribute_all import attribute_all
from plumbline.answers.decisions.background import background
from plumbline.answers.decisions.explain import ASKED, explain
from plumbline.answers.decisions.importance import model_use
from plumbline.answers.drift.features import importance_of
from plumbline.domain import AttributionSource, PlumblineError
from plumbline.profile.scan import attributions
from plumbline.store import systems
from plumbline.store.workspace import open_workspace

QUIET = {"objective": "binary", "verbose": -1, "num_leaves": 6, "num_threads": 1, "min_data_in_leaf": 5}


def _booster(seed: int) -> lgb.Booster:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(500, 3)), columns=["age", "rate", "sum"])
    return lgb.train(QUIET, lgb.Dataset(x, x["rate"] * (seed + 1) + x["age"] * x["sum"] > 0), 12)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two versions of 240 decisions in one load, 60 more of the second in another; files of both registered."""
    folder = tmp_path_factory.mktemp("attributing")
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(540, 3)).round(6), columns=["age", "rate", "sum"])
    frame.insert(0, "decision_id", [f"d{i}" for i in range(540)])
    frame.insert(1, "timestamp", pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(540) * 2, unit="h"))
    frame["customer_id"] = [f"p{i}" for i in range(540)]
    frame["model_version"] = np.where(np.arange(540) < 240, "1", "2")
    boosters = {"1": _booster(1), "2": _booster(2)}
    x = frame[["age", "rate", "sum"]]
    frame["score"] = np.where(
        frame["model_version"] == "1", boosters["1"].predict(x), boosters["2"].predict(x)
    )
    frame["prediction"] = np.where(frame["score"] > 0.5, "yes", "no")
    for name, part in (("one", frame[:480]), ("two", frame[480:])):
        part.to_csv(folder / f"{name}.csv", index=False)
        load_file(ws, folder / f"{name}.csv", title="loans", actor="test")
    for version, booster in boosters.items():
        booster.save_model(folder / f"{version}.txt")
        assert model_files.register(ws, "loans", version, folder / f"{version}.txt", actor="test").passed
    ws.close()
    return folder, boosters, frame


@pytest.fixture
def scored(made, tmp_path):
    """A copy of it for each test to change."""
    folder, boosters, frame = made
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    ws = open_workspace(tmp_path / "workspace.duckdb", read_from=[tmp_path])
    yield ws, boosters, frame
    ws.close()


def _stored(ws) -> dict[str, int]:
    with ws.read() as cursor:
        found = attributions.attribution_coverage(cursor, systems.get_system(cursor, "loans"))
    return pd.Series([s.n for s in found]).groupby([s.version for s in found]).sum().to_dict()


def test_all_are_kept_and_are_the_native_ones(scored) -> None:
    ws, boosters, frame = scored
    with ws.read() as cursor:
        system = systems.get_system(cursor, "loans")
        assert importance_of(cursor, system) is None
    made = attribute_all(ws, "loans", actor="test", batch=100)
    assert (made.explained, made.before, made.adds_up, made.versions) == (540, 0, 540, ("1", "2"))
    with ws.read() as cursor:
        rows, parts = attributions.sample_attributions(cursor, system, "2", (None, None), 5_000)
        weights = importance_of(cursor, system)
    native = boosters["2"].predict(
        frame.set_index("decision_id").loc[rows["decision_id"], ["age", "rate", "sum"]], pred_contrib=True
    )
    np.testing.assert_allclose(parts, native[:, :3], atol=1e-6)
    assert weights == pytest.approx(
        dict(zip(["age", "rate", "sum"], np.abs(native[:, :3]).mean(axis=0), strict=True))
    )


def test_an_explanation_against_the_fixed_background_is_the_same_after_more_loads(scored, tmp_path) -> None:
    ws, boosters, frame = scored
    before = explain(ws, "loans", "d300", space="probability")
    assert "100 decisions of the reference, fixed for this version, sha256" in before.baseline
    assert before.base_value + sum(before.attributions.values()) == pytest.approx(before.score, abs=1e-6)
    more = frame[300:400].assign(decision_id=[f"e{i}" for i in range(100)], age=frame["age"][300:400] + 1)
    more["score"] = boosters["2"].predict(more[["age", "rate", "sum"]])
    more.to_csv(tmp_path / "more.csv", index=False)
    load_file(ws, tmp_path / "more.csv", title="loans", actor="test")
    after = explain(ws, "loans", "d300", space="probability")
    kept = ("base_value", "attributions", "baseline", "output_space", "reasons")
    assert repr([getattr(after, k) for k in kept]) == repr([getattr(before, k) for k in kept])
    undo_load(ws, 2, actor="test")  # takes some of the fixed decisions away: said, and still explained
    less = explain(ws, "loans", "d300", space="probability")
    assert re.search(r"those \d\d of 100 fixed decisions that the log still holds", less.baseline)
    with ws.write() as cursor:
        cursor.execute("DELETE FROM model_background")
        system = systems.get_system(cursor, "loans")
        assert "drawn from what the log holds now" in background(cursor, system, "2").words


def test_a_stopped_pass_goes_on_where_it_was(scored) -> None:
    ws = scored[0]

    def stop(words: str, share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute_all(ws, "loans", actor="test", batch=90, say=stop)
    kept = sum(_stored(ws).values())
    assert 0 < kept < 540
    made = attribute_all(ws, "loans", actor="test")
    assert (made.before, made.explained) == (kept, 540 - kept)
    assert _stored(ws) == {"1": 240, "2": 300}
    assert attribute_all(ws, "loans", actor="test").explained == 0


@pytest.mark.parametrize(("off", "kept"), [(1e-13, 300), (1e-5, 0)])
def test_a_base_that_only_rounds_otherwise_keeps_what_was_made(scored, off: float, kept: int) -> None:
    """Another processor's last bits are no other model; another background's base is."""
    ws = scored[0]
    attribute_all(ws, "loans", version="2", actor="test")
    with ws.write() as cursor:
        system = systems.get_system(cursor, "loans")
        before = attributions.find_attribution_set(cursor, "loans", "2")
        assert before is not None
        attributions.begin_pass(cursor, system, replace(before, base=before.base * (1 + off)))
        after = attributions.find_attribution_set(cursor, "loans", "2")
    assert after is not None
    assert _stored(ws).get("2", 0) == kept
    assert (after.base == before.base) == bool(kept)  # what was kept stays as it was


def test_they_go_with_their_load_their_person_and_their_file(scored, tmp_path) -> None:
    ws = scored[0]
    attribute_all(ws, "loans", version="2", actor="test")
    assert _stored(ws) == {"2": 300}
    undo_load(ws, 2, actor="test")
    assert _stored(ws) == {"2": 240}
    erase_person(ws, "loans", decision_id="d300", actor="test")
    assert _stored(ws) == {"2": 239}
    model_files.register(ws, "loans", "2", tmp_path / "2.txt", actor="test")
    assert _stored(ws) == {}


def test_a_file_that_did_not_decide_explains_nothing(scored, tmp_path) -> None:
    ws = scored[0]
    assert not model_files.register(ws, "loans", "2", tmp_path / "1.txt", actor="test").passed
    with pytest.raises(PlumblineError, match="not the model that decided"):
        attribute_all(ws, "loans", version="2", actor="test")
    made = attribute_all(ws, "loans", actor="test")
    assert made.versions == ("1",)
    assert "Version 2" in made.skipped[0]


def test_of_several_classes_the_predicted_one_is_explained(tmp_path) -> None:
    rng = np.random.default_rng(8)
    x = pd.DataFrame(rng.normal(size=(300, 3)).round(6), columns=["age", "rate", "sum"])
    classes = np.array(["calm", "mixed", "urgent"])
    asked = QUIET | {"objective": "multiclass", "num_class": 3}
    booster = lgb.train(asked, lgb.Dataset(x, np.digitize(x["rate"], [-0.5, 0.5])), 6)
    booster.save_model(tmp_path / "1.txt")
    proba = booster.predict(x)
    frame = x.assign(
        decision_id=[f"d{i}" for i in range(300)], model_version="1", prediction=classes[proba.argmax(axis=1)],
        timestamp=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(300), unit="h"),
        **{f"proba_{name}": proba[:, k] for k, name in enumerate(classes)},
    )  # fmt: skip
    frame.to_csv(tmp_path / "log.csv", index=False)
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    try:
        load_file(ws, tmp_path / "log.csv", title="triage", actor="test")
        assert model_files.register(ws, "triage", "1", tmp_path / "1.txt", actor="test").passed
        used = model_use(ws, "triage")  # of a sample, before any are kept
        assert (used.source, used.n) == (AttributionSource.MODEL, 300)
        native = booster.predict(x, pred_contrib=True).reshape(300, 3, 4)[:, :, :3]
        mean = np.abs(native[np.arange(300), proba.argmax(axis=1)]).mean(axis=0)
        assert {f.feature: f.value for f in used.features} == pytest.approx(
            dict(zip(x.columns, mean, strict=True)), abs=1e-6
        )
        chance = model_use(ws, "triage", space="probability")
        assert (chance.space, chance.n) == ("probability", ASKED)
        for kind, parts, rows in ((used, used.parts, used.values), (chance, chance.parts, chance.values)):
            assert len(parts) == len(rows) == kind.n
        made = attribute_all(ws, "triage", actor="test", batch=120)
        assert (made.explained, made.adds_up, made.skipped) == (300, 300, ())
        with ws.read() as cursor:
            system = systems.get_system(cursor, "triage")
            rows, parts = attributions.sample_attributions(cursor, system, "1", (None, None), 500)
    finally:
        ws.close()
    at = rows["decision_id"].str[1:].astype(int).to_numpy()
    np.testing.assert_allclose(parts, native[at, proba[at].argmax(axis=1)], atol=1e-6)
