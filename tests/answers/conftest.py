"""A small log with versions in a row, a test, a shadow and people who overrule, and a workspace that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.loans import rows

SYSTEM = "loans"


@dataclass(frozen=True)
class Held:
    """The rows as they were written, and the workspace that loaded them."""

    frame: pd.DataFrame
    ws: Workspace


@pytest.fixture(scope="session")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder: Path = tmp_path_factory.mktemp("loans")
    frame = rows()
    frame.to_csv(folder / "loans.csv", index=False)
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    said = {
        "at": "timestamp", "id": "decision_id", "x": "feature:x", "sex": "protected:sex",
        "origin": "protected:origin", "version": "version", "arm": "arm", "p": "score",
        "said": "prediction", "true": "label", "human": "override",
    }  # fmt: skip
    load_file(
        ws, folder / "loans.csv", title="Loans", actor="test", maps=tuple(said.items()), positive="grant"
    )
    yield Held(frame, ws)
    ws.close()
