"""An incident that a finding led to: what the log knows is filled in, and both name each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.alerts import findings as seen
from plumbline.answers.alerts import incidents
from plumbline.answers.data.load import load_file
from plumbline.answers.events import EVENTS, NUMBERED_EVENTS, read_records, record
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.releases.history import BreachResponse, breach_response, system_releases
from plumbline.answers.statements import change_settings, save_context
from plumbline.domain import Finding, PlumblineError, Severity
from plumbline.monitor.alarms.findings import problem_key
from plumbline.store import findings as register
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace

START = datetime(2026, 3, 1, tzinfo=UTC)


def log(path: Path, subjects: bool) -> Path:
    """Ten days of 20 decisions; each person has two, both on one day."""
    lines = ["id,time,prediction,label" + (",customer" if subjects else "")]
    for i in range(200):
        at = START + timedelta(hours=i * 1.2)
        lines.append(
            f"D{i},{at:%Y-%m-%dT%H:%M:%SZ},{'yes' if i % 3 else 'no'},yes" + f",C{i // 2}" * subjects
        )
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def workspace(folder: Path, subjects: bool) -> Workspace:
    ws = open_workspace(folder / "ws.duckdb", read_from=[folder])
    log(folder / "shop.csv", subjects)
    load_file(ws, folder / "shop.csv", title="shop", positive="yes", actor="test",
              maps=[("customer", "subject")] if subjects else [])  # fmt: skip
    return ws


def found(ws: Workspace, system: str = "shop", *, since_days: float = 5, until: datetime | None = None,
          cost: float | None = None, currency: str = "EUR") -> int:  # fmt: skip
    figures = {"cost": {"amount": cost, "currency": currency}} if cost is not None else {}
    item = Finding(
        system=system,
        signal="performance.accuracy",
        sentence="Accuracy fell.",
        since=START + timedelta(days=since_days),
        until=until,
        severity=Severity.HIGH,
        confidence=None,
        page="accuracy",
        figures=figures,
    )
    with ws.write() as cursor:
        return register.add(cursor, item, datetime.now(UTC), None)


def test_what_the_log_knows_of_the_criteria_is_filled_in(tmp_path: Path) -> None:
    ws = workspace(tmp_path, subjects=False)
    save_context(ws, "shop", {"critical": "yes", "interactions_per_month": "6000"}, by="Ada")
    number = found(ws, cost=100_001)
    item = incidents.open_incident(ws, "shop", "", by="Ada", finding=number)
    assert item.title == "Accuracy fell."
    assert item.criteria == ("duration", "economic")
    assert item.critical_service
    assert item.classified_at is None  # filled in, and for a person to say
    assert item.flags == ()
    assert item.known["clients"].startswith("100 decisions from 6 March 2026 to 10 March 2026")
    assert "of all customer interactions. The log names no clients." in item.known["clients"]
    assert "If each decision is a transaction: " in item.known["clients"]
    assert ", over 10 %. Amounts are not known here." in item.known["clients"]
    assert item.known["duration"].startswith("5 days")
    assert item.known["spread"] == item.known["data_loss"] == "The log cannot tell."
    kept = incidents.incidents(ws, "shop")[0]
    assert kept == item
    assert incidents.incidents_by_finding(ws, ["shop"]) == {number: item}
    with pytest.raises(PlumblineError, match="incident 1 already"):
        incidents.open_incident(ws, "shop", "", by="Ada", finding=number)
    ws.close()


@pytest.mark.parametrize(
    ("hours", "cost", "currency", "criteria"),
    [(23.9, 100_000, "EUR", ()), (24.1, 100_000, "EUR", ("duration",)), (24.1, 200_000, "USD", ("duration",)),
     (1, None, "EUR", ()), (1, 200_000, "EUR", ("economic",))],
)  # fmt: skip
def test_a_threshold_is_met_only_beyond_it_and_only_in_its_currency(
    shop_log: Workspace, hours: float, cost: float | None, currency: str, criteria: tuple[str, ...]
) -> None:
    until = START + timedelta(days=5, hours=hours)
    number = found(shop_log, until=until, cost=cost, currency=currency)
    item = incidents.open_incident(shop_log, "shop", "Prices", by="Ada", finding=number)
    assert item.criteria == criteria
    assert not item.critical_service  # nobody answered


@pytest.fixture(scope="module")
def shop_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    ws = workspace(tmp_path_factory.mktemp("incidents"), subjects=False)
    yield ws
    ws.close()


def test_clients_are_counted_where_the_log_names_them_and_the_clock_runs_from_who_saw_it(
    tmp_path: Path,
) -> None:
    ws = workspace(tmp_path, subjects=True)
    number = found(ws)
    held = seen.acknowledge(ws, number, by="Bo")
    item = incidents.open_incident(ws, "shop", "", by="Ada", finding=number)
    assert "about 50 of the 100 persons in the log (50 %)" in item.known["clients"]
    assert "clients" in item.criteria
    assert item.aware_at == held.acknowledged_at
    few = found(ws, until=START + timedelta(days=5, hours=3))
    assert "clients" not in incidents.open_incident(ws, "shop", "", by="Ada", finding=few).criteria
    with pytest.raises(PlumblineError, match="There is no finding 99"):
        incidents.open_incident(ws, "shop", "", by="Ada", finding=99)
    ws.close()


BREACH = START + timedelta(days=5)


@pytest.mark.parametrize(
    ("signal", "opened_after", "over_after", "counts"),
    [
        ("performance.accuracy", 1, None, True),
        ("warning.accuracy", 1, None, True),  # an early warning of the same problem
        ("performance.accuracy", 1, 2, True),  # it ended since
        ("performance.accuracy", -1, None, False),  # opened before the onset: it was about something else
        ("performance.accuracy", 1, -1, False),  # the finding was over by then
        ("drift.age", 1, None, False),
        ("", 1, None, False),  # names nothing
    ],
)
def test_only_an_incident_that_names_the_breach_and_came_after_it_handles_it(
    tmp_path: Path, signal: str, opened_after: int, over_after: int | None, counts: bool
) -> None:
    ws = workspace(tmp_path, subjects=False)
    number = 0
    if signal:
        until = BREACH + timedelta(days=over_after) if over_after is not None else None
        item = Finding(
            system="shop",
            signal=signal,
            sentence="It fell.",
            since=START,
            until=until,
            severity=Severity.HIGH,
            confidence=None,
            page="accuracy",
            figures={},
        )
        with ws.write() as cursor:
            number = register.add(cursor, item, datetime.now(UTC), None)
    incidents.open_incident(
        ws, "shop", "Wrong", by="Ada", at=BREACH + timedelta(days=opened_after), finding=number
    )
    with ws.read() as cursor:
        noted = read_records(cursor, "shop")
        released = system_releases(cursor, systems.get_system(cursor, "shop"))
    done = breach_response(BREACH, [], released, noted, lambda s: problem_key(s) == "performance")
    assert bool(done.by) is counts
    assert bool(done.unnamed) is (not signal)
    if not signal:  # it can still be said what it was about
        number = found(ws)
        incidents.classify(ws, "shop", 1, by="Ada", flags=(), finding=number)
        with ws.read() as cursor:
            named = breach_response(
                BREACH, [], released, read_records(cursor, "shop"), lambda s: s.startswith("perf")
            )
        assert named.by
        with pytest.raises(PlumblineError, match=f"names finding {number} already"):
            incidents.classify(ws, "shop", 1, by="Ada", flags=(), finding=found(ws))
    ws.close()


@pytest.mark.parametrize("registered", [True, False], ids=["in the register", "by a record"])
def test_an_open_incident_leaves_the_breach_in_hand_and_only_its_closing_in_the_register_handles_it(
    tmp_path: Path, registered: bool
) -> None:
    ws = workspace(tmp_path, subjects=False)
    item = Finding(
        system="shop",
        signal="performance.accuracy",
        sentence="It fell.",
        since=START,
        until=None,
        severity=Severity.HIGH,
        confidence=None,
        page="accuracy",
        figures={},
    )
    with ws.write() as cursor:
        number = register.add(cursor, item, datetime.now(UTC), None)

    def done() -> BreachResponse:
        with ws.read() as cursor:
            released = system_releases(cursor, systems.get_system(cursor, "shop"))
            return breach_response(
                BREACH, [], released, read_records(cursor, "shop"), lambda s: s.startswith("perf")
            )

    if registered:
        incidents.open_incident(ws, "shop", "Wrong", by="Ada", finding=number)
        incidents.classify(ws, "shop", 1, by="Ada", flags=())
    else:
        record(ws, "shop", "incident opened", by="pipeline", finding=number)
    assert (bool(done().by), done().in_hand) == (True, True)
    if registered:
        incidents.close_incident(ws, "shop", 1, by="Ada", cause="Retrained on recent data.")
    else:
        record(ws, "shop", "incident closed", by="pipeline", finding=number)
    assert (bool(done().by), done().in_hand) == (True, not registered)
    ws.close()


def test_an_incident_counts_as_in_hand_once_it_is_classified_and_planned(tmp_path: Path) -> None:
    ws = workspace(tmp_path, subjects=False)
    with ws.write() as cursor:
        number = register.add(cursor, PROBLEM, datetime.now(UTC), None)
    due = datetime.now(UTC).date() + timedelta(days=5)

    def until() -> date | None:
        with ws.read() as cursor:
            released = system_releases(cursor, systems.get_system(cursor, "shop"))
            said = breach_response(
                BREACH, [], released, read_records(cursor, "shop"), lambda s: s.startswith("perf")
            )
        assert said.in_hand
        return said.until

    item = incidents.open_incident(ws, "shop", "", by="Ada", finding=number)
    assert until() is None
    incidents.plan(ws, "shop", item.id, by="Ada", cause="a join", owner="Bo", due=due)
    assert until() is None  # nobody said yet what it is
    incidents.classify(ws, "shop", item.id, by="Ada", flags=())
    assert until() == due
    for wrong in ({"cause": " "}, {"owner": ""}, {"due": date(2001, 1, 1)}):
        with pytest.raises(PlumblineError):
            incidents.plan(
                ws, "shop", item.id, **{"by": "Ada", "cause": "x", "owner": "Bo", "due": due} | wrong
            )  # type: ignore[arg-type]
    ws.close()


PROBLEM = Finding(
    system="shop", signal="performance.accuracy", sentence="It fell.", since=START, until=None, severity=Severity.HIGH,
    confidence=None, page="accuracy",
)  # fmt: skip


def test_what_is_recorded_comes_to_the_scorecard_as_a_statement_and_never_as_a_receipt(
    tmp_path: Path,
) -> None:
    ws = workspace(tmp_path, subjects=False)
    for event in EVENTS:
        record(ws, "shop", event, by="release pipeline", note="C-17")
    measured = scorecard_answer(ws, "shop").measured.facts
    ws.close()
    elsewhere = {"alert acknowledged", *NUMBERED_EVENTS}  # on the finding, and counted complaint by complaint
    assert {n.event for n in measured.noted} == {
        e for e in EVENTS if not e.startswith("incident")
    } - elsewhere
    receipts = ("alerts_delivered", "alert_tested_at", "retraining_fired_at", "retraining_tested_at",
                "rollback_rehearsed_at", "rollback_wired", "restore_rehearsed_at")  # fmt: skip
    assert not any(getattr(measured, name) for name in receipts)


def test_a_report_under_the_ai_act_is_for_high_risk_systems_alone(tmp_path: Path) -> None:
    ws = workspace(tmp_path, subjects=False)
    incidents.open_incident(ws, "shop", "Wrong", by="Ada")
    assert "serious" in incidents.act_flags(ws, "shop")  # the class is not worked out yet
    change_settings(ws, "shop", {"ai_act": {"class": "minimal", "open": []}}, by="Ada")
    assert not {"serious", "death", "widespread", "rights"} & set(incidents.act_flags(ws, "shop"))
    with pytest.raises(PlumblineError, match="not high risk"):
        incidents.classify(ws, "shop", 1, by="Ada", flags=("serious",))
    change_settings(ws, "shop", {"ai_act": {"class": "high risk", "open": []}}, by="Ada")
    assert incidents.classify(ws, "shop", 1, by="Ada", flags=("serious",)).flags == ("serious",)
    ws.close()


def test_the_commands_take_every_step(plumbline: Callable[..., Any], tmp_path: Path) -> None:
    log(tmp_path / "shop.csv", subjects=False)
    plumbline("load", tmp_path / "shop.csv", "--system", "shop", "--positive", "yes")
    step = partial(plumbline, "incident")
    assert step("open", "shop", "Wrong prices").code == 2  # nobody signs
    number = step("open", "shop", "Wrong prices", "--by", "Ada", "--json").json["id"]
    met = ("--critical", "--met", "duration", "--met", "economic")
    assert step("classify", "shop", number, *met, "--by", "Ada").code == 0
    assert step("list", "shop", "--json").json["incidents"][0]["flags"] == ["major"]
    first = next(line.split()[0] for line in step("list", "shop").out.splitlines() if "due" in line)
    assert step("notice", "shop", number, first, "--by", "Ada").code == 0
    assert step("notice", "shop", number, "nothing", "--by", "Ada").code == 2
    assert step("close", "shop", number, "A wrong join", "--by", "Ada").code == 0
    assert step("close", "shop", number, "Again", "--by", "Ada").code == 2


def test_a_check_reminds_of_what_ends_soon(plumbline: Callable[..., Any], tmp_path: Path) -> None:
    log(tmp_path / "shop.csv", subjects=False)
    plumbline("load", tmp_path / "shop.csv", "--system", "shop", "--positive", "yes")
    today = datetime.now(UTC).date()
    for control, days in (("CMP-7", 5), ("CMP-1", 300)):
        until = (today + timedelta(days=days)).isoformat()
        assert plumbline("attest", "shop", control, "So it is", "--until", until, "--by", "Ada").code == 0
    (item,) = plumbline("check", "shop", "--json").json["reminders"]["shop"]
    assert (item["control"], item["sentence"]) == ("CMP-7", "CMP-7, attestation by Ada: ends in 5 days.")
    assert "shop  renew   CMP-7, attestation by Ada: ends in 5 days." in plumbline("check", "shop").out
