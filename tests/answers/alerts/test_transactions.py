"""DORA's limbs of transactions: by number always, by amount where one column holds it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.answers.alerts.transactions import amount_columns, transaction_share
from plumbline.domain import Slice
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, csv_bytes, decisions
from tests.factory.workspaces import load_log

#: decisions are hourly, from 1 January on; the fifth day has a tenth of them, and large amounts
DAY = Slice(start=datetime(2026, 1, 5, tzinfo=UTC), end=datetime(2026, 1, 6, tzinfo=UTC))
N = 240


def _words(ws: Workspace, folder: Path, **columns: str) -> str:
    """What is said of the fifth day; a column's text may hold ``{amount}``."""
    rows = []
    for i, row in enumerate(decisions(N)):
        amount = 910 if 96 <= i < 120 else 10
        rows.append([*row, *(text.format(amount=-amount if i % 2 else amount) for text in columns.values())])
    load_log(ws, folder, csv_bytes(rows, (*HEADER, *columns)), title="s", positive="yes")
    with ws.read() as cursor:
        system = systems.get_system(cursor, "s")
        words = transaction_share(cursor, system, DAY, 24)
        assert len(amount_columns(cursor, system)) == len([c for c in columns if c != "age_of_account"])
    return words


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "Amounts are not known here."),
        ({"age_of_account": "{amount}"}, "Amounts are not known here."),
        # 24 x 910 of (24 x 910 + 216 x 10) / 9.958 days: 2,410 a day
        (
            {"amount": "{amount}"},
            "By amount, as amount has it: 906.2 % of the daily average of 2,410 in the log, over 10 %.",
        ),
        ({"paid": "{amount} EUR"}, "By amount, as paid has it: 906.2 % of the daily average of EUR 2,410 in the log"),
        (
            {"paid": "{amount} EUR", "fee": "{amount} EUR"},
            "Several columns hold amounts (paid, fee): which is a transaction's, a person has to say.",
        ),
    ],
)  # fmt: skip
def test_the_share_by_amount_stands_beside_that_by_number(
    workspace: Workspace, tmp_path: Path, columns: dict[str, str], said: str
) -> None:
    words = _words(workspace, tmp_path, **columns)
    assert words.startswith("If each decision is a transaction: ")
    assert "of the daily average of 24 in the log, over 10 %." in words
    assert said in words
