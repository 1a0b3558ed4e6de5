"""Pulling from a real MySQL-speaking server: twice adds nothing, the mark moves with the load, nothing is written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plumbline.domain import PlumblineError
from plumbline.store.workspace import Workspace
from tests.factory.decisions import rows_of
from tests.sources.conftest import PASSWORD, Database
from tests.sources.test_pull import START, _counts, _everything_kept, _mark, _pull

_ROWS = """INSERT INTO risk.decisions SELECT concat('d', seq), '2026-01-01 00:00:00' + INTERVAL seq HOUR,
    (seq * 37 % 100) / 100.0, if(seq * 37 % 100 >= 50, 'yes', 'no'), 20 + seq % 50,
    if(seq % 3 = 0, 'Köln', 'süd 🌍') FROM seq_{first}_to_{last}"""


@pytest.fixture
def decisions(mariadb: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    mariadb.say(
        """DROP TABLE IF EXISTS risk.decisions;
           CREATE TABLE risk.decisions (id varchar(20), `When` datetime(3), score decimal(5,3), pred varchar(5),
               age int unsigned, region varchar(20)) CHARACTER SET utf8mb4"""
    )
    _more(mariadb, 0, 49)
    return mariadb


def _more(server: Database, first: int, last: int) -> None:
    server.say("USE risk; SET NAMES utf8mb4; " + _ROWS.format(first=first, last=last))


def test_mysql_is_read_on_from_its_mark(workspace: Workspace, decisions: Database) -> None:
    asked: dict[str, Any] = {"table": "decisions", "since": "when"}
    assert _counts(_pull(workspace, decisions.url, **asked)) == (50, 50, 0)
    found = rows_of(workspace, '"timestamp", score, "feature:age", "feature:region"')
    assert found[3] == (START + timedelta(hours=3), 0.11, 23.0, "Köln")
    assert found[4][3] == "süd 🌍"
    mark = _mark(workspace)
    assert mark is not None
    assert mark.startswith("2026-01-03 01:00:00")
    assert _counts(_pull(workspace, decisions.url, **asked)) == (1, 0, 1)  # the newest row, again
    _more(decisions, 50, 59)
    assert _counts(_pull(workspace, decisions.url, table="decisions")) == (11, 10, 1)
    late = _pull(workspace, decisions.url, table="decisions", overlap="12 hours")
    assert (late.total("rows_loaded"), late.total("rows_duplicate")) == (0, 13)
    assert len(rows_of(workspace)) == 60
    assert list(workspace.inbox.iterdir()) == []


def test_what_only_mysql_has_is_read(workspace: Workspace, decisions: Database) -> None:
    decisions.say(
        """USE risk; SET sql_mode = '';
           ALTER TABLE decisions ADD flag tinyint(1), ADD kind enum('a', 'b'), ADD bits bit(1), ADD big bigint unsigned,
               ADD body json, ADD day date DEFAULT '0000-00-00';
           UPDATE decisions SET flag = age % 2, kind = 'b', bits = 1, big = 18446744073709551615, body = '{"x": 1}';
           UPDATE decisions SET `When` = '0000-00-00 00:00:00' WHERE id = 'd7'"""
    )
    made = _pull(workspace, decisions.url, table="decisions", since="When")
    assert (_counts(made), made.reasons) == ((50, 49, 0), {"bad_timestamp": 1})


def test_a_query_is_read_on_from_its_mark(workspace: Workspace, decisions: Database) -> None:
    query = "SELECT * FROM decisions WHERE region = 'Köln';"
    assert _counts(_pull(workspace, decisions.url, query=query, since="When")) == (17, 17, 0)
    _more(decisions, 50, 59)
    assert _counts(_pull(workspace, decisions.url, query=query)) == (4, 3, 1)


@pytest.mark.parametrize(
    "query", ["DELETE FROM decisions", "SELECT 1; DROP TABLE decisions", "SELECT * FROM nothing"]
)
def test_a_query_only_reads(workspace: Workspace, decisions: Database, query: str) -> None:
    with pytest.raises(PlumblineError) as refused:
        _pull(workspace, decisions.url, query=query)
    assert "\n" not in str(refused.value)
    assert decisions.say("SELECT count(*) FROM risk.decisions") == "50"


def test_no_password_is_kept_or_said(
    workspace: Workspace,
    decisions: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("MYSQL_PWD")
    with_password = decisions.url.replace("reader@", f"reader:{PASSWORD}@")
    assert _pull(workspace, with_password, table="decisions").total("rows_loaded") == 50
    assert PASSWORD not in _everything_kept(workspace)
    wrong = decisions.url.replace("reader@", "reader:wr0ng-secret@")
    with pytest.raises(PlumblineError, match="refused the credentials") as refused:
        _pull(workspace, wrong, table="decisions")
    monkeypatch.setenv("MYSQL_PWD", "wr0ng-secret")
    with pytest.raises(PlumblineError, match="refused the credentials") as by_environment:
        _pull(workspace, decisions.url, table="decisions")
    nowhere = f"mysql://reader:{PASSWORD}@127.0.0.1:1/db"
    with pytest.raises(PlumblineError, match="could not be reached in 3 attempts") as unreached:
        _pull(workspace, nowhere, table="t")
    for error in (refused, by_environment, unreached):
        assert "secret" not in str(error.value)
        assert PASSWORD not in str(error.value)
        assert error.value.__cause__ is None  # the foreign message may repeat the whole address
    assert PASSWORD not in caplog.text
