"""A workspace whose loads, labels, roles and statements are tied to the trail."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers import statements
from plumbline.answers.alerts import incidents
from plumbline.answers.data.load import load_file
from plumbline.answers.governance import access
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.domain import Attestation, Status
from plumbline.domain.acts import Access, Act
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.trail import append
from plumbline.store.workspace import Cursor, Workspace, open_workspace

START = datetime(2026, 1, 5)


def write_log(path: Path, days: range, *, more: bool = False, spelt: str = "yes", repeats: int = 0) -> Path:
    """Twenty decisions a day, without labels for the odd ones; ``more``: with a column of its own."""
    with path.open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow(
            ["id", "time", "customer", "score", "prediction", "label", "age", *(["region"] if more else [])]
        )
        for day in days:
            for i in range(20):
                n = day * 20 + i
                row = [f"D{n:04d}", f"{(START + timedelta(days=day, minutes=i)).isoformat()}Z", f"c{n % 7}",
                       (n * 37 % 100) / 100, spelt if n * 37 % 100 >= 50 else "no",
                       "" if n % 2 else spelt if n % 3 else "no", 20 + n % 50,
                       *(["north" if i % 3 else "south"] if more else [])]  # fmt: skip
                write.writerow(row)
        for n in range(repeats):  # the same decisions, now with their labels
            write.writerow([f"D{2 * n + 1:04d}", f"{(START + timedelta(minutes=2 * n + 1)).isoformat()}Z",
                            f"c{(2 * n + 1) % 7}", ((2 * n + 1) * 37 % 100) / 100,
                            spelt if (2 * n + 1) * 37 % 100 >= 50 else "no", "no", 20 + (2 * n + 1) % 50])  # fmt: skip
    return path


def write_labels(path: Path, spelt: str = "yes") -> Path:
    with path.open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow(["id", "label"])
        write.writerows([f"D{n:04d}", spelt if n % 4 else "no"] for n in range(100, 140))
    return path


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three loads of two systems, late labels, a role, a kept scorecard."""
    folder = tmp_path_factory.mktemp("tied")
    made = open_workspace(folder / "w.duckdb", read_from=[folder])
    maps = [("customer", "subject")]
    load_file(
        made, write_log(folder / "a.csv", range(30)), title="Shop", positive="yes", maps=maps, actor="Ana"
    )
    more = [*maps, ("region", "feature")]
    load_file(
        made, write_log(folder / "b.csv", range(30, 40), more=True), title="Shop", maps=more, actor="Ana"
    )
    load_file(
        made, write_log(folder / "c.csv", range(20)), title="Other", positive="yes", maps=maps, actor="Ana"
    )
    load_file(made, write_labels(folder / "l.csv"), title="Shop", actor="Ana")
    access.give(made, "ana@x.org", Access.OWNER, by="Ana")
    scorecard_answer(made, "shop")
    statements.save_context(made, "shop", {"harm": "yes", "critical": "no"}, by="Ana")
    day = date.today()
    statements.attest(
        made, Attestation("shop", "SEC-1", Status.PASS, "By role.", "Ana", day, day + timedelta(days=9))
    )
    incidents.open_incident(made, "shop", "Wrong prices", by="Ana")
    with made.write() as cursor:  # an entry that vouches for no state
        append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop")
    yield made
    made.close()


class _Undone(Exception):
    """Takes a transaction back."""


@contextmanager
def taken_back(ws: Workspace) -> Iterator[Cursor]:
    """A transaction that leaves nothing."""
    with suppress(_Undone), ws.write() as cursor:
        yield cursor
        raise _Undone


def problem_sentences(cursor: Cursor) -> list[str]:
    return [one.sentence for one in trail_problems(cursor) if isinstance(one, IntegrityProblem)]
