"""What is counted in a cluster is what a load of the same rows counts here, bit for bit, and stays so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.attach import AttachResult, attach, pull_attached
from plumbline.answers.data.load import FileAnswers, load_file, undo_load
from plumbline.domain import PlumblineError
from plumbline.logs.cluster import attachments
from plumbline.profile.cluster import counts as counts_module
from plumbline.profile.scan import decisions, exact
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.cluster.logs import PROFILES, classifier, counts, fractions, prices
from tests.cluster.server import Server, start

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]
SAMPLE = 2000


def _attach(ws: Workspace, server: Server, table: str, **more: Any) -> AttachResult:
    options = {"since": "decided_at", "size": SAMPLE, "actor": "Ana"} | more
    return attach(ws, server.address, title="x", item=table, **options)


def _loaded(folder: Path, *logs: pd.DataFrame, name: str = "here") -> Workspace:
    """The same rows, loaded here."""
    ws = open_workspace(folder / f"{name}.duckdb", memory_limit="1GB", read_from=[folder])
    for place, log in enumerate(logs):
        path = folder / f"{name}-{place}.parquet"
        log.to_parquet(path, coerce_timestamps="us")
        load_file(ws, path, title="x", actor="Ana")
    return ws


def _same(away: Workspace, here: Workspace) -> None:
    for table in PROFILES:
        assert counts(away, "x", table) == counts(here, "x", table), table
    np.testing.assert_allclose(fractions(away, "x"), fractions(here, "x"), rtol=1e-9)


def _write(folder: Path, *logs: pd.DataFrame) -> Path:
    """A table of several files; written anew where it is there."""
    path = folder / "table"
    path.mkdir(exist_ok=True)
    for place, log in enumerate(logs):
        log.to_parquet(path / f"part-{place}.parquet", coerce_timestamps="us")
    return path


@pytest.mark.parametrize("log", [classifier(6000), prices(4000)], ids=["classes", "numbers"])
def test_a_table_is_counted_as_its_file_would_be(server: Server, tmp_path: Path, log: pd.DataFrame) -> None:
    table = server.table("one", _write(tmp_path, log.iloc[:2500], log.iloc[2500:]))
    away = open_workspace(tmp_path / "away.duckdb")
    result = _attach(away, server, table)
    assert (result.decisions, result.n_read) == (len(log), len(log))
    # one share for every row: no day, version or outcome has more of them, however few it has
    assert abs(result.sampled - SAMPLE) < 4 * (SAMPLE * (1 - SAMPLE / len(log))) ** 0.5
    assert result.load is not None
    assert result.load.unchecked == ""
    _same(away, _loaded(tmp_path, log))
    with away.read() as cursor:
        assert systems.decisions_held(cursor, "x") == result.sampled
    again = pull_attached(away, "x", actor="Ana")
    assert (again.load, again.decisions, again.days) == (None, 0, 0)


def test_what_is_new_is_counted_once_and_can_be_taken_back(server: Server, tmp_path: Path) -> None:
    first, second = classifier(3000), classifier(800, days=15, first=60, seed=2)
    table = server.table("growing", _write(tmp_path, first))
    away = open_workspace(tmp_path / "away.duckdb")
    one = _attach(away, server, table)
    server.table("growing", _write(tmp_path, first, second))
    two = pull_attached(away, "x", actor="Ana")
    assert (one.decisions, two.decisions) == (3000, 800)
    here = _loaded(tmp_path, first, second)
    _same(away, here)
    assert one.load is not None
    assert two.load is not None
    with pytest.raises(PlumblineError, match="read from the same table after load 1"):
        undo_load(away, one.load.load_id, actor="Ana")
    undo_load(away, two.load.load_id, actor="Ana")
    undo_load(here, 2, actor="Ana")
    _same(away, here)
    assert pull_attached(away, "x", actor="Ana").decisions == 800  # the mark went back with the load


def test_labels_that_come_late_are_counted_in_the_cluster(server: Server, tmp_path: Path) -> None:
    full = classifier(3000)
    early = full.copy()
    late = (np.arange(len(full)) >= 2000) & (np.arange(len(full)) % 2 == 0)
    early.loc[late, ["label", "label_time"]] = None
    early["label_time"] = pd.to_datetime(early["label_time"])
    table = server.table("late", _write(tmp_path, early))
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, table)
    _same(away, _loaded(tmp_path, early))
    server.table("late", _write(tmp_path, full))
    changed = pull_attached(away, "x", actor="Ana")
    assert changed.load is None
    assert 10 < changed.days < 60
    _same(away, _loaded(tmp_path, full, name="later"))
    with away.read() as cursor:
        held = (
            cursor.execute("SELECT decision_id, label FROM decision_x").df().set_index("decision_id")["label"]
        )
        trail = cursor.execute("SELECT action FROM trail ORDER BY seq DESC LIMIT 20").fetchall()
    truth = full.set_index("decision_id")["label"]
    assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(held, truth[held.index], strict=True))
    assert ("counted anew",) in trail
    assert pull_attached(away, "x", actor="Ana").days == 0


def test_other_rows_are_not_mixed_in(server: Server, tmp_path: Path) -> None:
    log = classifier(1500)
    away = open_workspace(tmp_path / "away.duckdb", read_from=[tmp_path])
    _attach(away, server, server.table("alone", _write(tmp_path, log)))
    before = {table: counts(away, "x", table) for table in PROFILES}
    log.assign(decision_id=[f"e{i}" for i in range(len(log))]).to_csv(tmp_path / "more.csv", index=False)
    log[["decision_id", "label"]].dropna().to_csv(tmp_path / "labels.csv", index=False)
    for name in ("more.csv", "labels.csv"):
        with pytest.raises(PlumblineError, match="lie in a table that is not ours"):
            load_file(away, tmp_path / name, title="x", actor="Ana")
    assert {table: counts(away, "x", table) for table in PROFILES} == before


def test_the_counter_comes_from_the_parcel(server: Server, tmp_path: Path) -> None:
    from plumbline.profile.cluster.parcel import write_parcel

    session = server.session()
    session.addArtifact(str(write_parcel(tmp_path)), pyfile=True)

    def where(batches: Any) -> Any:
        import pyarrow as pa

        import plumbline.profile.partial.counter as counter

        yield from (pa.RecordBatch.from_pydict({"file": [counter.__file__]}) for _ in batches)

    row = session.range(1).mapInArrow(where, "file string").collect()[0]
    assert re.search(r"plumbline_counter_[0-9a-f]{16}\.zip", row[0])


Spoil = Callable[[Server, Path, pd.DataFrame], None]


def _retype(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", _write(folder, log.assign(amount=log["amount"].astype(str))))


def _drop(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", _write(folder, log.drop(columns="region")))


def _gone(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.session().sql("DROP TABLE default.spoilt")


def _broken_part(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", _write(folder, log))
    (folder / "table" / "part-0.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_retype, "'amount' is of type string, of which no numbers are made"),
        (_drop, "has no column 'region' any more"),
        (_gone, "no such table in the cluster"),
        (_broken_part, "The cluster failed"),
    ],
)
def test_what_breaks_overnight_is_one_sentence_and_nothing_is_half_counted(
    server: Server, tmp_path: Path, spoil: Spoil, sentence: str
) -> None:
    log = classifier(1200)
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, server.table("spoilt", _write(tmp_path, log)))
    before = {table: counts(away, "x", table) for table in PROFILES}
    more = classifier(300, days=5, first=60, seed=3)
    spoil(server, tmp_path, pd.concat([log, more], ignore_index=True))
    with pytest.raises(PlumblineError) as refusal:
        pull_attached(away, "x", actor="Ana")
    assert re.search(sentence, str(refusal.value)), refusal.value
    assert "\n" not in str(refusal.value)
    assert {table: counts(away, "x", table) for table in PROFILES} == before
    server.table("spoilt", _write(tmp_path, log, more))
    assert pull_attached(away, "x", actor="Ana").decisions == 300  # the next run goes on


def test_what_cannot_be_attached_says_why_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    log = classifier(1200)
    table = server.table("plain", _write(tmp_path, log))
    away = open_workspace(tmp_path / "away.duckdb")
    unreachable = replace(server, port=1)
    failing = server.view("failing", f"SELECT *, raise_error('no disk') AS amount2 FROM {table}")
    ignored = FileAnswers(maps=(("decision_id", "ignore"),))
    for where, item, more, sentence in (
        (unreachable, table, {}, "cannot be reached"),
        (server, "default.nowhere", {}, "no such table"),
        (server, "default.`x'; --", {}, "no such table"),
        (server, table, {"since": "nothing"}, "no column 'nothing'"),
        (server, table, {"answers": ignored}, "No column gives the id"),
        (server, failing, {}, "no disk"),
    ):
        with pytest.raises(PlumblineError, match=sentence):
            _attach(away, where, item, **more)
    with away.read() as cursor:
        assert systems.list_systems(cursor) == []
        assert attachments.find(cursor, "x") is None
    assert list(away.inbox.iterdir()) == []


def test_one_decision_is_looked_up_where_it_lies(server: Server, tmp_path: Path) -> None:
    log = classifier(1500, days=5)
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, server.table("lookup", _write(tmp_path, log)), size=1000)
    with away.read() as cursor:
        system = systems.get_system(cursor, "x")
        held = {row[0] for row in cursor.execute("SELECT decision_id FROM decision_x").fetchall()}
        other = log[~log["decision_id"].isin(held)].iloc[0]
        row = decisions.one(cursor, system, other["decision_id"])
        own = decisions.one(cursor, system, min(held))
        assert set(row.columns) == set(own.columns)
        assert (row.columns["prediction"], row.columns["feature:visits"]) == (
            other["prediction"],
            other["visits"],
        )
        assert row.time == other["decided_at"].tz_localize("UTC")
        with pytest.raises(PlumblineError, match="has no decision"):
            decisions.one(cursor, system, "nobody's")
        log.loc[3, "decision_id"] = log.loc[4, "decision_id"]
        assert exact.duplicate_ids(cursor, system) == 0
        server.table("lookup", _write(tmp_path, log))
        assert exact.duplicate_ids(cursor, system) == 1
        assert exact.span(cursor, system) == (
            log["decided_at"].min().tz_localize("UTC"), log["decided_at"].max().tz_localize("UTC"), len(log),
        )  # fmt: skip


def _deadly(group: int | None) -> Callable[[Any], Any]:
    """A counter whose worker dies, or takes the whole server with it."""

    def counting(plan: Any) -> Any:
        def count(batches: Any) -> Any:
            import os
            import signal

            if group:
                os.killpg(group, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
            yield from batches

        return count

    return counting


@pytest.mark.parametrize("dies", ["worker", "server"])
def test_what_dies_leaves_nothing_half_counted(
    server: Server, tmp_path: Path, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, folder = classifier(1500), tmp_path / "own"
    folder.mkdir()
    own = start(folder) if dies == "server" else server
    try:
        table = own.table("dying", _write(tmp_path, log))
        away = open_workspace(tmp_path / "away.duckdb")
        with monkeypatch.context() as patched:
            patched.setattr(counts_module, "counting", _deadly(own.process.pid if dies == "server" else None))
            with pytest.raises(PlumblineError) as refusal:
                _attach(away, own, table)
        assert "\n" not in str(refusal.value)
        assert "othing was changed" in str(refusal.value)
        with away.read() as cursor:
            assert systems.list_systems(cursor) == []
    finally:
        if dies == "server":
            own.kill()
    again = server.table("dying", tmp_path / "table")
    assert _attach(away, server, again).decisions == len(log)
