"""Every answer about a system of which only a sample is here says so, wherever it is given; no cluster is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import plumbline
from plumbline.answers.governance.portfolio import portfolio
from plumbline.cli import main as _main  # noqa: F401 - every command is known once it is imported
from plumbline.client.questions import QUESTIONS
from plumbline.commands.operations.interface import InterfaceCommands
from plumbline.domain import Result
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.report.decision_record import issue_record
from plumbline.report.document_facts import fact
from plumbline.report.language import language
from plumbline.report.material import gather
from plumbline.report.scorecard_report import report_data
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from plumbline.wording.language import localise
from tests.answers.conftest import Held

KEY, NOTE = (
    "loans",
    re.compile(r"from a sample of 1,\d\d\d of 2,\d\d\d decisions, drawn by day and version\."),
)


@dataclass(frozen=True)
class Attached:
    """A system of which every second row is here."""

    system: plumbline.System
    ws: Workspace
    decision: str


@contextmanager
def attachment(held: Held, folder: Path) -> Iterator[Attached]:
    """A workspace of its own."""
    held.frame.iloc[::2].to_csv(folder / "loans.csv", index=False)
    roles = {
        "at": "timestamp", "id": "decision_id", "x": "feature:x", "sex": "protected:sex", "version": "version",
        "arm": "arm", "p": "score", "said": "prediction", "true": "label", "human": "override", "origin": "ignore",
    }  # fmt: skip
    with plumbline.open(folder / "workspace.duckdb", actor="Ada") as opened:
        system = opened.load(folder / "loans.csv", system=KEY, roles=roles, positive="grant")
        place = Attachment(
            system=KEY, location="spark:sc://h:1", item="a.b", since="at", share=0.5, size=1000
        )
        with opened.store.write() as cursor:
            attachments.keep(cursor, place)
            cursor.execute("DELETE FROM decision_loans WHERE _line % 2 = 0")
            row = cursor.execute("SELECT max(decision_id) FROM decision_loans").fetchone()
        yield Attached(system, opened.store, row[0])


@pytest.fixture(scope="module")
def attached(held: Held, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attached]:
    """One for all tests that only ask: what one of them keeps, no other reads."""
    with attachment(held, tmp_path_factory.mktemp("attached")) as made:
        yield made


@pytest.mark.parametrize(
    "command",
    [q.command for q in QUESTIONS if q.method == "GET"] + ["check", "compare"],
)
def test_every_command_says_so_as_text_and_as_json(attached: Attached, command: str) -> None:
    written = {
        "explain": [KEY, attached.decision],
    }.get(command, [KEY])
    said = InterfaceCommands().run_command(attached.ws, command, written, actor="Ada", as_json=False).text
    assert len(NOTE.findall(said)) == 1, said
    values = json.loads(
        InterfaceCommands().run_command(attached.ws, command, written, actor="Ada", as_json=True).text
    )
    assert NOTE.search(values["sample"]["sentence"])
    assert 0 < values["sample"]["rows"] < values["sample"]["decisions"]


def test_every_answer_in_python_says_so(attached: Attached) -> None:
    system = attached.system
    answers = (
        system.performance(), system.drift(), system.releases(), system.fairness(), system.quality(), system.findings(),
        system.events(), system.explain(attached.decision), system.scorecard(),
    )  # fmt: skip
    for answer in answers:
        assert isinstance(answer, Result)
        assert NOTE.search(answer.to_dict()["sample"]["sentence"]), answer
        assert NOTE.search(answer._repr_html_()), answer


def test_documents_and_the_portfolio_say_so(attached: Attached) -> None:
    ws = attached.ws
    assert all(NOTE.search(localise(row.sample)) for row in portfolio(ws))
    material = gather(ws, KEY)
    for code, words in (("en", "from a sample of"), ("de", "kommt aus einer Stichprobe von")):
        speech = language(code)
        assert words in report_data(material, speech)["cautions"]
        log = fact(material, "log", speech)
        assert log is not None
        assert words in log.text


def test_whatever_goes_on_record_says_so_in_the_trail(held: Held, tmp_path: Path) -> None:
    with attachment(held, tmp_path) as own:
        assert not noted(own)
        InterfaceCommands().run_command(own.ws, "check", [KEY], actor="Ada", as_json=False)
        assert noted(own) == {"signals checked"}
        own.system.scorecard()
        assert noted(own) == {"signals checked", "scorecard kept"}
        record = issue_record(own.ws, KEY, own.decision, ".json", on=date(2026, 3, 1), actor="Ada")
        assert NOTE.search(json.loads(record.content)["document"]["basis"]["note"])
        assert noted(own) == {"signals checked", "scorecard kept", "document issued"}


def noted(attached: Attached) -> set[str]:
    """What is on record of the system with a word on its sample."""
    with attached.ws.read() as cursor:
        entries = trail.entries(cursor, system=KEY)
    return {entry.action for entry in entries if "sample" in entry.detail}
