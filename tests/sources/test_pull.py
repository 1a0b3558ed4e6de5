"""Pulling from the real things: twice adds nothing, the mark moves with the load alone, no secret is kept or said."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from plumbline.answers.data import pull
from plumbline.answers.data.load import undo_load
from plumbline.domain import PlumblineError
from plumbline.logs.pull import fetch as fetching
from plumbline.logs.pull.fetch import FetchRequest
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, row, rows_of, write
from tests.sources.conftest import KEY, PASSWORD, SECRET, Bucket, Database, Web

START = datetime(2026, 1, 1)


def _pull(ws: Workspace, source: object, **said: Any) -> pull.PullResult:
    names = {"table", "query", "since", "overlap"}
    wanted = FetchRequest(**{k: v for k, v in said.items() if k in names})
    rest = {k: v for k, v in said.items() if k not in names}
    return pull.pull(ws, str(source), title="s", wanted=wanted, actor="t", pause=0, **rest)


def _counts(found: pull.PullResult) -> tuple[int, int, int]:
    return found.total("rows_read"), found.total("rows_loaded"), found.total("rows_duplicate")


def _mark(ws: Workspace) -> str | None:
    (known,) = pull.sources_of(ws, "s")
    return known.origin.mark


def _table(first: int, last: int) -> pa.Table:
    return pa.Table.from_pylist(
        [
            dict(zip(HEADER, row(i), strict=True)) | {"when": START + timedelta(hours=i)}
            for i in range(first, last)
        ]
    )


def _everything_kept(ws: Workspace) -> str:
    """All text in the workspace's tables."""
    with ws.read() as cursor:
        names = [
            n
            for (n,) in cursor.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
            ).fetchall()
        ]
        return "".join(str(cursor.execute(f'SELECT * FROM "{n}"').fetchall()) for n in names)


@pytest.fixture
def decisions(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    postgres.say(
        """DROP SCHEMA IF EXISTS risk CASCADE; CREATE SCHEMA risk;
           CREATE TABLE risk.decisions
               (id text, "When" timestamptz, score numeric(5,3), pred text, age int, region text);
           INSERT INTO risk.decisions SELECT 'd' || i, timestamptz '2026-01-01 00:00Z' + i * interval '1 hour',
               (i * 37 % 100) / 100.0, CASE WHEN i * 37 % 100 >= 50 THEN 'yes' ELSE 'no' END, 20 + i % 50,
               CASE WHEN i % 3 = 0 THEN 'north' ELSE 'south' END FROM generate_series(0, 49) i"""
    )
    return postgres


def _more(server: Database, first: int, last: int, shift: str = "0") -> None:
    server.say(
        f"""INSERT INTO risk.decisions
            SELECT 'd' || i, timestamptz '2026-01-01 00:00Z' + (i + {shift}) * interval '1 hour', 0.5, 'yes', 30,
                   'north' FROM generate_series({first}, {last}) i"""
    )


def test_postgres_is_read_on_from_its_mark(workspace: Workspace, decisions: Database) -> None:
    asked: dict[str, Any] = {"table": "risk.decisions", "since": "when"}
    assert _counts(_pull(workspace, decisions.url, **asked)) == (50, 50, 0)
    assert _mark(workspace) == "2026-01-03 01:00:00+00"
    assert rows_of(workspace, '"timestamp", score, "feature:age"')[3] == (
        START + timedelta(hours=3),
        0.11,
        23.0,
    )
    assert _counts(_pull(workspace, decisions.url, **asked)) == (1, 0, 1)  # the newest row, again
    _more(decisions, 50, 59)
    assert _counts(_pull(workspace, decisions.url, table="risk.decisions")) == (
        11,
        10,
        1,
    )  # the column is remembered
    _more(decisions, 100, 101, shift="-52")  # two rows that came late: at hours 48 and 49
    assert _counts(_pull(workspace, decisions.url, table="risk.decisions")) == (1, 0, 1)
    late = _pull(workspace, decisions.url, table="risk.decisions", overlap="12 hours")
    assert late.total("rows_loaded") == 2
    assert late.mark == "2026-01-03 11:00:00+00"
    assert len(rows_of(workspace)) == 62
    with workspace.read() as cursor:
        assert trail.verify(cursor).intact
        assert len([e for e in trail.entries(cursor) if e.action == "pull"]) == 5
    assert list(workspace.inbox.iterdir()) == []


def test_undoing_a_pull_makes_the_next_one_read_it_again(workspace: Workspace, decisions: Database) -> None:
    asked: dict[str, Any] = {"query": "SELECT * FROM risk.decisions WHERE age < 60;", "since": "When"}
    first = _pull(workspace, decisions.url, **asked).total("rows_loaded")
    mark = _mark(workspace)
    _more(decisions, 50, 59)
    second = _pull(workspace, decisions.url, **asked)
    undo_load(workspace, second.loads[0].load_id, actor="t")
    assert _mark(workspace) == mark
    again = pull.pull_sources(workspace, title="s", overlap="", actor="t")
    assert [p.total("rows_loaded") for p in again] == [10]
    assert len(rows_of(workspace)) == first + 10


def test_a_crash_between_pull_and_load_does_not_move_the_mark(
    workspace: Workspace, decisions: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"table": "risk.decisions", "since": "When"}
    _pull(workspace, decisions.url, **asked)
    mark = _mark(workspace)
    _more(decisions, 50, 59)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr("plumbline.profile.build.build", fail)
        with pytest.raises(RuntimeError):
            _pull(workspace, decisions.url, **asked)
    assert _mark(workspace) == mark
    assert list(workspace.inbox.iterdir()) == []
    assert _pull(workspace, decisions.url, **asked).total("rows_loaded") == 10


def test_a_time_far_ahead_does_not_hide_what_comes_after(workspace: Workspace, decisions: Database) -> None:
    decisions.say("INSERT INTO risk.decisions VALUES ('x', '2199-01-01', 0.5, 'yes', 30, 'north')")
    _pull(workspace, decisions.url, table="risk.decisions", since="When")
    assert _mark(workspace) == "2026-01-03 01:00:00+00"


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM risk.decisions RETURNING *",
        "WITH gone AS (DELETE FROM risk.decisions RETURNING *) SELECT * FROM gone",
        "SELECT 1; DROP TABLE risk.decisions",
        "SELECT * FROM risk.nothing",
    ],
)
def test_a_query_only_reads(workspace: Workspace, decisions: Database, query: str) -> None:
    with pytest.raises(PlumblineError) as refused:
        _pull(workspace, decisions.url, query=query)
    assert "\n" not in str(refused.value)
    assert decisions.say("SELECT count(*) FROM risk.decisions") == "50"


def test_no_secret_is_kept_or_said(
    workspace: Workspace,
    decisions: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    with_password = decisions.url.replace("owner@", f"owner:{PASSWORD}@")
    assert _pull(workspace, with_password, table="risk.decisions").total("rows_loaded") == 50
    assert PASSWORD not in _everything_kept(workspace)
    wrong = decisions.url.replace("owner@", "owner:wr0ng-secret@")
    with pytest.raises(PlumblineError, match="refused the credentials") as refused:
        _pull(workspace, wrong, table="risk.decisions")
    nowhere = f"postgresql://owner:{PASSWORD}@127.0.0.1:1/db"
    with pytest.raises(PlumblineError, match="could not be reached in 3 attempts") as unreached:
        _pull(workspace, nowhere, table="t")
    for error in (refused, unreached):
        assert "secret" not in str(error.value)
        assert "s3cret" not in str(error.value)
        assert error.value.__cause__ is None  # the foreign message repeats the whole address
    assert PASSWORD not in caplog.text


def test_parquet_in_a_bucket_is_read_on_from_its_mark(
    workspace: Workspace, tmp_path: Path, bucket: Bucket, keys: None
) -> None:
    parquet.write_table(_table(0, 20), tmp_path / "a.parquet")
    bucket.put(tmp_path / "a.parquet", "one/day-1.parquet")
    where = "s3://logs/one/*.parquet"
    assert _counts(_pull(workspace, where, since="when")) == (20, 20, 0)
    parquet.write_table(_table(20, 30), tmp_path / "b.parquet")
    bucket.put(tmp_path / "b.parquet", "one/day-2.parquet")
    assert _counts(_pull(workspace, where)) == (11, 10, 1)
    assert _counts(_pull(workspace, where)) == (1, 0, 1)
    assert not {w for w in (SECRET, KEY) if w in _everything_kept(workspace)}


def test_other_files_in_a_bucket_are_a_load_each(
    workspace: Workspace, tmp_path: Path, bucket: Bucket, keys: None
) -> None:
    for name, first in (("a.csv", 0), ("b.csv", 10)):
        bucket.put(
            write(tmp_path / name, [row(i) for i in range(first, first + 10)] + [["x"]]), f"csv/{name}"
        )
    found = _pull(workspace, "s3://logs/csv/*.csv")
    assert [(made.file, made.rows_loaded, made.reasons) for made in found.loads] == [
        ("a.csv", 10, {"too_few_fields": 1}), ("b.csv", 10, {"too_few_fields": 1})
    ]  # fmt: skip
    assert _pull(workspace, "s3://logs/csv/*.csv").total("rows_loaded") == 0


def test_keys_may_stand_in_the_usual_file(
    workspace: Workspace, tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    (tmp_path / ".aws" / "config").write_text(f"[profile work]\nendpoint_url = {bucket.endpoint}\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    parquet.write_table(_table(0, 5), tmp_path / "a.parquet")
    bucket.put(tmp_path / "a.parquet", "two/a.parquet")
    assert _pull(workspace, "s3://logs/two/a.parquet").total("rows_loaded") == 5


def test_a_web_address_is_tried_again_and_its_token_is_not_kept(
    workspace: Workspace, tmp_path: Path, web: Web
) -> None:
    write(tmp_path / "a.csv", [row(i) for i in range(10)])
    parquet.write_table(_table(10, 20), tmp_path / "b.parquet")
    web.fail(2)
    assert _pull(workspace, f"{web.url}/a.csv?token=s3cret").total("rows_loaded") == 10
    assert _pull(workspace, f"{web.url}/b.parquet?token=s3cret", since="when").total("rows_loaded") == 10
    assert "s3cret" not in _everything_kept(workspace)
    with pytest.raises(PlumblineError, match="could not be read") as refused:
        _pull(workspace, f"{web.url}/none.csv?token=s3cret")
    assert "s3cret" not in str(refused.value)


def test_sqlite_tables_hold_anything_and_are_read_on(workspace: Workspace, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "log.db")
    database.execute('CREATE TABLE "my log" (id, "when" TEXT, score REAL, pred, label, age, region)')
    put = 'INSERT INTO "my log" VALUES (?, ?, ?, ?, ?, ?, ?)'
    database.executemany(put, [row(i) for i in range(20)] + [row(20, score="high")])
    database.commit()
    with pytest.raises(PlumblineError, match="tells how far"):
        _pull(workspace, f"sqlite:{tmp_path}/log.db", table="my log", since="region")
    found = _pull(workspace, f"sqlite:{tmp_path}/log.db", table="my log", since="when")
    assert (_counts(found), found.reasons) == ((21, 20, 0), {"bad_score": 1})
    database.executemany(put, [row(i) for i in range(21, 25)])
    database.commit()
    database.close()
    again = _pull(workspace, tmp_path / "log.db", table="my log")
    assert (_counts(again), again.reasons) == ((5, 4, 0), {"bad_score": 1})


def test_a_delta_table_is_read_on_from_its_mark(workspace: Workspace, tmp_path: Path) -> None:
    import deltalake

    deltalake.write_deltalake(tmp_path / "lake", _table(0, 20))
    assert _counts(_pull(workspace, f"delta:{tmp_path}/lake", since="when")) == (20, 20, 0)
    deltalake.write_deltalake(tmp_path / "lake", _table(20, 25), mode="append")
    assert _counts(_pull(workspace, tmp_path / "lake")) == (6, 5, 1)


def test_an_iceberg_table_is_read_on_from_its_mark(workspace: Workspace, tmp_path: Path) -> None:
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/lake")
    catalog.create_namespace("risk")
    table = catalog.create_table("risk.log", schema=_table(0, 1).schema)
    table.append(_table(0, 20))
    folder = tmp_path / "lake" / "risk" / "log"
    assert _counts(_pull(workspace, folder, since="when")) == (20, 20, 0)
    table.append(_table(20, 25))
    assert _counts(_pull(workspace, f"iceberg:{folder}")) == (6, 5, 1)


@pytest.mark.parametrize(
    ("source", "said", "words"),
    [
        ("ftp://host/file", {}, "This is no source"),
        ("postgresql://u:s3cret@/db", {"table": "t"}, "names no host"),
        ("postgresql://u@127.0.0.1:1/db", {}, "Say which rows"),
        ("postgresql://u@127.0.0.1:1/db", {"table": "t", "query": "SELECT 1"}, "A table and a query"),
        ("https://host/a.csv", {"since": "x"}, "--since needs"),
        ("https://host/a.parquet", {"table": "x"}, "one table"),
        ("https://host/a.parquet", {"since": "x", "overlap": "a while"}, "no span of time"),
        ("sqlite:/nowhere/x.db", {"table": "t"}, "no such file"),
    ],
)
def test_wrong_use_is_one_clear_sentence(
    workspace: Workspace, source: str, said: dict[str, str], words: str
) -> None:
    with pytest.raises(PlumblineError, match=words) as refused:
        _pull(workspace, source, **said)
    assert "s3cret" not in str(refused.value)


def test_the_connection_reaches_its_source_alone(workspace: Workspace, tmp_path: Path, web: Web) -> None:
    from plumbline.store.database.external import external_connection

    (tmp_path / "secret.csv").write_text("a\n1\n")
    with external_connection(
        workspace.inbox, extensions=["httpfs"], folders=[f"{web.url}/logs/"]
    ) as connection:
        for other in (tmp_path / "secret.csv", f"{web.url}/secret.csv"):
            with pytest.raises(fetching.duckdb.PermissionException):
                connection.execute("SELECT * FROM read_csv(?)", [str(other)])
        settings = dict(connection.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    for name in ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access"):
        assert settings[name] == "false"


def test_pulling_from_the_command_line(plumbline: Any, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "log.db")
    database.execute('CREATE TABLE log (id, "when", score, pred, label, age, region)')
    database.executemany("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", [row(i) for i in range(20)])
    database.commit()
    database.close()
    ran = plumbline(
        "pull", f"sqlite:{tmp_path}/log.db", "--table", "log", "--since", "when", "--system", "s", "--json"
    )
    told = ran.json
    assert [made["file"] for made in told["loads"]] == ["log.parquet"]
    assert (told["rows_read"], told["rows_loaded"], told["load_id"]) == (20, 20, 1)
    assert told["mark"] == "2026-01-01 19:00:00"
    assert plumbline("pull", "--system", "s", "--json").json["pulled"][0]["rows_duplicate"] == 1
    listed = plumbline("sources", "s", "--json").json["sources"]
    assert [(s["origin"]["kind"], s["origin"]["mark"]) for s in listed] == [("sqlite", "2026-01-01 19:00:00")]
    assert "read up to when" in plumbline("sources").out
    for wrong in (("load", "s3://logs/a.csv", "--system", "s"), ("pull", tmp_path, "--system", "s")):
        ran = plumbline(*wrong)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
