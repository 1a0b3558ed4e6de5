"""What is counted in a cluster is what a load of the same rows counts here, bit for bit, and stays so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers.data.attach import AttachResult, attach, pull_table
from plumbline.answers.data.erase import erase_person
from plumbline.answers.data.load import FileAnswers, load_file, undo_load
from plumbline.answers.performance.label_delay import delays
from plumbline.domain import PlumblineError, Task
from plumbline.logs.cluster import attachments, cells
from plumbline.logs.cluster.attachments import Window
from plumbline.logs.cluster.session import cluster, describe
from plumbline.logs.cluster.strata import sample_rule
from plumbline.logs.cluster.table import build_reading
from plumbline.logs.pull.location import read_location
from plumbline.profile.bins import has_new_basis
from plumbline.profile.cluster import counts as counts_module
from plumbline.profile.scan import decisions, exact
from plumbline.profile.scan.pauses import usual_pause
from plumbline.store import systems
from plumbline.store.backup import state_digest
from plumbline.store.workspace import Workspace, open_workspace
from tests.cluster.logs import PROFILES, classifier, counts, loaded, prices, same, write
from tests.cluster.server import Server, start
from tests.factory.samples import drawn

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]
SAMPLE = 2000


def _attach(ws: Workspace, server: Server, table: str, **more: Any) -> AttachResult:
    options = {"since": "decided_at", "size": SAMPLE, "actor": "Ana"} | more
    return attach(ws, server.address, title="x", item=table, **options)


def _held(ws: Workspace) -> set[str]:
    with ws.read() as cursor:
        return {row[0] for row in cursor.execute("SELECT decision_id FROM decision_x").fetchall()}


def _drawn(log: pd.DataFrame, share: float) -> set[str]:
    """The ids that a sample of these rows holds."""
    clocks = log["decided_at"].dt.to_pydatetime()
    sizes = log.groupby([log["decided_at"].dt.date, "model_version"]).size()
    least = sample_rule(SAMPLE, sizes.tolist(), share).least
    return drawn(zip(log["decision_id"], clocks, log["model_version"], strict=True), share, least)


def _share(ws: Workspace) -> float:
    with ws.read() as cursor:
        place = attachments.find(cursor, "x")
    assert place is not None
    return place.share


@pytest.mark.parametrize("log", [classifier(6000), prices(4000)], ids=["classes", "numbers"])
def test_a_table_is_counted_as_its_file_would_be(server: Server, tmp_path: Path, log: pd.DataFrame) -> None:
    table = server.table("one", write(tmp_path, log.iloc[:2500], log.iloc[2500:]))
    away = open_workspace(tmp_path / "away.duckdb")
    result = _attach(away, server, table)
    assert (result.decisions, result.n_read) == (len(log), len(log))
    assert SAMPLE * 0.7 < result.sampled <= SAMPLE
    assert _held(away) == _drawn(log, _share(away))
    assert result.load is not None
    assert result.load.unchecked == ""
    here = loaded(tmp_path, log)
    same(away, here)
    until = log["decided_at"].max().to_pydatetime().replace(tzinfo=UTC)
    with away.read() as cursor, here.read() as whole:
        assert systems.count_decisions(cursor, "x") == result.sampled
        # what no profile has is counted there as well
        one, other = systems.get_system(cursor, "x"), systems.get_system(whole, "x")
        assert usual_pause(cursor, one, until) == usual_pause(whole, other, until) is not None
        waits = [each.positives for each in (delays(cursor, one), delays(whole, other))]
        assert (waits[0] is None) == (waits[1] is None) == (one.task is Task.REGRESSION)
        assert waits[0] is None or (waits[0] == waits[1]).all()
    again = pull_table(away, "x", actor="Ana")
    assert (again.load, again.decisions, again.days) == (None, 0, 0)


def test_what_is_new_is_counted_once_and_can_be_taken_back(server: Server, tmp_path: Path) -> None:
    first, second = classifier(3000), classifier(800, days=15, first=60, seed=2)
    table = server.table("growing", write(tmp_path, first))
    away = open_workspace(tmp_path / "away.duckdb")
    one = _attach(away, server, table)
    server.table("growing", write(tmp_path, first, second))
    two = pull_table(away, "x", actor="Ana")
    assert (one.decisions, two.decisions) == (3000, 800)
    here = loaded(tmp_path, first, second)
    same(away, here)
    # the sample keeps its size: what would be drawn of both looks at once
    share = _share(away)
    assert len(_held(away)) <= SAMPLE
    with away.read() as cursor:  # rows left the reference's sample, and the next look counts no more for it
        assert not has_new_basis(cursor, systems.get_system(cursor, "x"))
    assert _held(away) == _drawn(pd.concat([first, second]), share)
    assert two.sampled >= len(_held(away) & set(second["decision_id"]))
    assert one.load is not None
    assert two.load is not None
    with pytest.raises(PlumblineError, match="read from the same table after load 1"):
        undo_load(away, one.load.load_id, actor="Ana")
    undo_load(away, two.load.load_id, actor="Ana")
    undo_load(here, 2, actor="Ana")
    same(away, here)
    erased = min(_held(away))
    erase_person(away, "x", decision_id=erased, actor="Ana")
    undo_load(away, one.load.load_id, actor="Ana")
    # the mark went back with the loads; what was erased here stays so, whether it is drawn or asked for
    again = _attach(away, server, table)
    assert again.decisions == 3800
    assert _held(away) == _drawn(pd.concat([first, second]), _share(away)) - {erased}
    with away.read() as cursor, pytest.raises(PlumblineError, match="has no decision"):
        decisions.read_decision(cursor, systems.get_system(cursor, "x"), erased)
    with away.read() as cursor:
        assert list(state_digest.differences(cursor, "x")) == []


def test_labels_that_come_late_are_counted_in_the_cluster(server: Server, tmp_path: Path) -> None:
    full = classifier(3000)
    early = full.copy()
    late = (np.arange(len(full)) >= 2000) & (np.arange(len(full)) % 2 == 0)
    early.loc[late, ["label", "label_time"]] = None
    early["label_time"] = pd.to_datetime(early["label_time"])
    table = server.table("late", write(tmp_path, early))
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, table)
    same(away, loaded(tmp_path, early))
    server.table("late", write(tmp_path, full))
    changed = pull_table(away, "x", actor="Ana")
    assert changed.load is None
    assert 10 < changed.days < 60
    same(away, loaded(tmp_path, full, name="later"))
    with away.read() as cursor:
        held = (
            cursor.execute("SELECT decision_id, label FROM decision_x").df().set_index("decision_id")["label"]
        )
        trail = cursor.execute("SELECT action FROM trail ORDER BY seq DESC LIMIT 20").fetchall()
    truth = full.set_index("decision_id")["label"]
    assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(held, truth[held.index], strict=True))
    assert ("counted anew",) in trail
    assert pull_table(away, "x", actor="Ana").days == 0
    gone = sorted(held.index)[::200]
    fewer = full[~full["decision_id"].isin(gone)]
    server.table("late", write(tmp_path, fewer))
    assert pull_table(away, "x", actor="Ana").days > 0
    assert _held(away) == set(held.index) - set(gone)
    here = loaded(tmp_path, fewer, name="fewer")
    for counted in ("profile_presence", "profile_confusion", "profile_hour"):  # grids stay as they were made
        assert counts(away, "x", counted) == counts(here, "x", counted)
    with away.read() as cursor:
        assert list(state_digest.differences(cursor, "x")) == []


def test_other_rows_are_not_mixed_in(server: Server, tmp_path: Path) -> None:
    log = classifier(1500)
    away = open_workspace(tmp_path / "away.duckdb", read_from=[tmp_path])
    _attach(away, server, server.table("alone", write(tmp_path, log)))
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


def _retype(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", write(folder, log.assign(amount=log["amount"].astype(str))))


def _drop(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", write(folder, log.drop(columns="region")))


def _gone(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.session().sql("DROP TABLE default.spoilt")


def _broken_part(server: Server, folder: Path, log: pd.DataFrame) -> None:
    server.table("spoilt", write(folder, log))
    (folder / "table" / "part-0.parquet").write_bytes(b"PAR1 this is no Parquet file PAR1")


def test_what_breaks_overnight_is_one_sentence_and_nothing_is_half_counted(
    server: Server, tmp_path: Path
) -> None:
    log = classifier(1200)
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, server.table("spoilt", write(tmp_path, log)))
    before = {table: counts(away, "x", table) for table in PROFILES}
    more = classifier(300, days=5, first=60, seed=3)
    for spoil, sentence in (
        (_retype, "'amount' is of type string, of which no numbers are made"),
        (_drop, "has no column 'region' any more"),
        (_gone, "no such table in the cluster"),
        (_broken_part, "The cluster failed"),
    ):
        spoil(server, tmp_path, pd.concat([log, more], ignore_index=True))
        with pytest.raises(PlumblineError) as refusal:
            pull_table(away, "x", actor="Ana")
        assert re.search(sentence, str(refusal.value)), refusal.value
        assert "\n" not in str(refusal.value)
        assert {table: counts(away, "x", table) for table in PROFILES} == before, sentence
    server.table("spoilt", write(tmp_path, log, more))
    assert pull_table(away, "x", actor="Ana").decisions == 300  # the next run goes on


def test_what_cannot_be_attached_says_why_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    log = classifier(1200)
    table = server.table("plain", write(tmp_path, log))
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


def test_days_of_two_zones_are_those_of_a_load(server: Server, tmp_path: Path) -> None:
    log = classifier(4000, days=90)  # both clocks are set forward within them
    for kind, times in (("naive", log["decided_at"]), ("aware", log["decided_at"].dt.tz_localize("UTC"))):
        rows = log.assign(decided_at=times).drop(columns="label_time")
        table = server.table(f"zone_{kind}", write(tmp_path / kind, rows))
        for zone in ("Europe/Berlin", "America/New_York"):
            path = tmp_path / f"{kind}.parquet"
            rows.to_parquet(path, coerce_timestamps="us")
            here = open_workspace(tmp_path / f"{kind}-{zone[:2]}.duckdb", read_from=[tmp_path])
            load_file(here, path, title="x", timezone=zone, actor="Ana")
            with here.read() as cursor:
                system, mapping = systems.get_system(cursor, "x"), systems.saved_mapping(cursor, "x")
                named = systems.decision_columns(cursor, "x")
                counted = cursor.execute(
                    """SELECT day, sum(n) FROM profile_presence WHERE system = 'x' GROUP BY 1 ORDER BY 1"""
                ).fetchall()
                moments = cursor.execute(
                    """SELECT decision_id, epoch_us("timestamp") FROM decision_x ORDER BY 1"""
                ).fetchall()
            assert mapping is not None
            assert system.timezone == zone
            window = Window(load_id=1, low=None, high="2027-01-01", n_read=len(log))
            with cluster(read_location(server.address)) as session:
                reading = build_reading(
                    system, mapping, describe(session, table, "decided_at"), named, [window]
                )
                query = reading.decisions()
                days = session.sql(
                    f"SELECT CAST(`timestamp` AS DATE), count(*) FROM ({query}) GROUP BY 1 ORDER BY 1"
                ).collect()
                there = session.sql(
                    f"SELECT decision_id, unix_micros(_utc) FROM ({query}) ORDER BY 1"
                ).collect()
                short = session.sql(
                    f"SELECT count(*) FROM ({reading.decisions(since=counted[30][0])})"
                ).collect()
            assert [tuple(row) for row in there] == moments, (kind, zone)
            assert [tuple(row) for row in days] == counted, (kind, zone)
            assert short[0][0] == sum(n for _, n in counted[30:])


def test_a_hostile_name_of_a_table_or_column_is_a_name(server: Server, tmp_path: Path) -> None:
    column, odd = "a'; DROP TABLE x --\\", "b`; --"
    log = classifier(1200).rename(columns={"amount": column, "visits": odd})
    path = write(tmp_path, log)
    name = "select"  # the catalogue lets letters, digits and _ alone name a table, of these any word
    quoted = cells.table_name(f"default.{name}")
    session = server.session()
    session.sql(f"DROP TABLE IF EXISTS {quoted}")
    session.sql(f"CREATE TABLE {quoted} USING parquet LOCATION '{path}'")
    away = open_workspace(tmp_path / "away.duckdb")
    with pytest.raises(PlumblineError, match="holds a character that Spark's names do not take"):
        _attach(away, server, f"default.{name}")
    ignored = FileAnswers(maps=((odd, "ignore"),))
    assert _attach(away, server, f"default.{name}", answers=ignored).decisions == len(log)
    with away.read() as cursor:
        names = {c.source for c in systems.decision_columns(cursor, "x")}
    assert column in names


def test_one_decision_is_looked_up_where_it_lies(server: Server, tmp_path: Path) -> None:
    log = classifier(1500, days=5)
    away = open_workspace(tmp_path / "away.duckdb")
    _attach(away, server, server.table("lookup", write(tmp_path, log)), size=1000)
    with away.read() as cursor:
        system = systems.get_system(cursor, "x")
        held = {row[0] for row in cursor.execute("SELECT decision_id FROM decision_x").fetchall()}
        other = log[~log["decision_id"].isin(held)].iloc[0]
        row = decisions.read_decision(cursor, system, other["decision_id"])
        own = decisions.read_decision(cursor, system, min(held))
        assert set(row.columns) == set(own.columns)
        assert (row.columns["prediction"], row.columns["feature:visits"]) == (
            other["prediction"],
            other["visits"],
        )
        assert row.time == other["decided_at"].tz_localize("UTC")
        with pytest.raises(PlumblineError, match="has no decision"):
            decisions.read_decision(cursor, system, "nobody's")
        log.loc[3, "decision_id"] = log.loc[4, "decision_id"]
        assert exact.duplicate_ids(cursor, system) == 0
        server.table("lookup", write(tmp_path, log))
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
        table = own.table("dying", write(tmp_path, log))
        away = open_workspace(tmp_path / "away.duckdb")
        with monkeypatch.context() as patched:
            patched.setattr(
                counts_module, "count_function", _deadly(own.process.pid if dies == "server" else None)
            )
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
