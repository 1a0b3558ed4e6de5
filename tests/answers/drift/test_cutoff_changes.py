"""The alarm of a cut-off from a loaded log: the query counts what the rule is tested on, and check raises it once."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pytest

from plumbline.answers.alerts.check import findings
from plumbline.answers.data.load import load_file, set_reference
from plumbline.answers.drift.cutoff_changes import reference_cut
from plumbline.answers.drift.features import drift
from plumbline.domain import Severity, Slice
from plumbline.profile.scan.score_sides import Scale, sides_by_day
from plumbline.report.language import language
from plumbline.report.translation import Translator
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.bench.detection.cutoffs import cut_of, left, sides_of, since_of
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import DAY, START, Drawn

BEGUN = START.to_pydatetime().replace(tzinfo=UTC)
ROLES = {
    "at": "timestamp", "id": "decision_id", "score": "score", "prediction": "prediction", "label": "label",
    "version": "version", "income": "feature:income",
}  # fmt: skip


@pytest.fixture(scope="module")
def log() -> Drawn:
    """Fifty-five decisions a day whose cut-off falls from 0.5 to 0.35 with version 1.1."""
    return drawn("fifty-five", 0, "cut-off")


@pytest.fixture(scope="module")
def held(log: Drawn, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder: Path = tmp_path_factory.mktemp("cutoff")
    log.frame[list(ROLES)].to_parquet(folder / "log.parquet")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load_file(
        ws, folder / "log.parquet", title="s", maps=tuple(ROLES.items()), positive="yes", timezone="UTC", actor="test"
    )  # fmt: skip
    set_reference(ws, "s", BEGUN, BEGUN + timedelta(days=log.kind.reference), actor="test")
    return ws


def test_the_query_counts_what_the_rule_is_tested_on(held: Workspace, log: Drawn) -> None:
    reference = (BEGUN, BEGUN + timedelta(days=log.kind.reference))
    with held.read() as cursor:
        system = systems.get_system(cursor, "s")
        cut, scale = reference_cut(cursor, system, Slice(*reference))
        own = cut_of(log.frame[log.frame["at"] < START + log.kind.reference * DAY])
        assert cut is not None
        assert own is not None
        assert scale == Scale()
        assert (cut.low, cut.high, cut.exceptions, cut.n) == (own.low, own.high, own.exceptions, own.n)
        sides, expected = (
            sides_by_day(cursor, system, Slice(), scale, cut.score),
            sides_of(log.frame, cut.score),
        )
    assert sides is not None
    assert (sides.first, sides.versions) == (expected.first, expected.versions)
    rows, others = (
        sorted(zip(*(getattr(s, f).tolist() for f in ("day", "version", "cell", "above", "yes", "n")), strict=True))
        for s in (sides, expected)
    )  # fmt: skip
    assert rows == others


def test_check_raises_it_once_and_drift_says_it_in_both_languages(held: Workspace, log: Drawn) -> None:
    with held.read() as cursor:
        own = [f for f in findings(cursor, systems.get_system(cursor, "s")) if f.signal.startswith("cutoff.")]
    (found,) = own
    assert found.severity is Severity.HIGH
    assert found.until is None
    assert found.known_at is not None
    assert found.known_at - since_of(log) <= timedelta(days=5)
    expected = left(log)[0]
    assert (found.since, found.known_at) == (expected.since, expected.at)
    assert (found.figures["value"], found.figures["version"]) == (expected.now, "1.1")
    said = drift(held, "s").sentence
    assert found.sentence in said
    translator = Translator(language("de"))
    german = translator.text(said)
    assert not translator.quoted
    assert "folgen seit dem" in german
    assert "zuvor 0,5" in german


def test_a_score_of_few_values_has_no_cutoff_that_is_known(tmp_path: Path) -> None:
    frame = drawn("few", 0).frame[["at", "id", "score", "prediction", "income"]]
    frame = frame.assign(
        score=(frame["score"] * 9).round() / 10, prediction=np.where(frame["score"] >= 0.5, "yes", "no")
    )
    frame.to_parquet(tmp_path / "log.parquet")
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    maps = tuple((c, role) for c, role in ROLES.items() if c in frame)
    load_file(
        ws, tmp_path / "log.parquet", title="s", maps=maps, positive="yes", timezone="UTC", actor="test"
    )
    with ws.read() as cursor:
        assert reference_cut(cursor, systems.get_system(cursor, "s"), Slice())[0] is None
    ws.close()


def test_scores_of_another_range_have_cells_of_their_own() -> None:
    scale = Scale(300.0, 850.0)
    assert scale.start(np.array([0, 2000])).tolist() == [300.0, 850.0]
