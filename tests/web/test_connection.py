"""A workspace behind a server from Python: what it answers is what the workspace itself answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import plumbline
from plumbline.client.answers import TABLES
from plumbline.client.workspace import RemoteWorkspace
from tests.environment.product import ROOT
from tests.served.serving import serve
from tests.web.conftest import workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace, and what it answered before a server had it."""
    made = tmp_path_factory.mktemp("connection")
    (made / "analyst").write_text(workspace(made)["analyst"])
    with plumbline.open(made / "workspace.duckdb") as ws:
        shop = ws.system("shop")
        shop.performance(by="week", metrics=["accuracy"]).to_frame().to_pickle(made / "performance")
        shop.drift(methods=["psi"], window="2026-02-01..").to_frame().to_pickle(made / "drift")
        shop.findings().to_frame().to_pickle(made / "findings")
        shop.scorecard().to_frame().to_pickle(made / "scorecard")
    return made


@pytest.fixture(scope="module")
def there(folder: Path) -> Iterator[RemoteWorkspace]:
    token = (folder / "analyst").read_text()
    with (
        serve(folder / "workspace.duckdb", PLUMBLINE_PUSH_SECONDS="0.2") as server,
        plumbline.connect(server.address, token) as made,
    ):
        yield made


def test_it_answers_what_the_workspace_itself_answers(folder: Path, there: RemoteWorkspace) -> None:
    assert [system.key for system in there.systems()] == ["airport", "shop"]
    shop = there.system("shop")
    seen = {
        "performance": shop.performance(by="week", metrics=["accuracy"]),
        "drift": shop.drift(methods=["psi"], window=(pd.Timestamp("2026-02-01").date(), None)),
        "findings": shop.findings(),
        "scorecard": shop.scorecard(),
    }
    assert set(seen) == set(TABLES)
    for name, answer in seen.items():
        own = pd.read_pickle(folder / name)
        assert len(own)
        for column in {"start", "end", "since", "until", "known_at"} & set(own.columns):
            own[column] = pd.to_datetime(own[column], utc=True)
        pd.testing.assert_frame_equal(answer.to_frame(), own, check_dtype=False)
        assert "<table" in answer._repr_html_()
    assert shop.scorecard().verdict == "NOT_YET_JUDGED"
    assert shop.explain("o-000-001").decision_id == "o-000-001"
    assert shop.fairness().to_dict()["system"] == "shop"
    with pytest.raises(plumbline.PlumblineError, match="no table"):
        shop.fairness().to_frame()
    with pytest.raises(AttributeError, match="has no 'nothing'"):
        _ = shop.findings().nothing


def test_rows_of_a_file_and_of_a_frame_are_pushed_and_waited_for(
    folder: Path, there: RemoteWorkspace
) -> None:
    again = there.load(folder / "shop.csv", system="shop")
    assert again.last_load is not None
    assert (again.last_load.rows_loaded, again.last_load.rows_duplicate) == (0, again.last_load.rows_read)
    frame = pd.DataFrame(
        {"timestamp": pd.to_datetime(["2026-03-09T08:00:00Z"]), "decision_id": ["c1"], "score": [0.5]}
    )
    made = there.push(frame, system="shop")
    assert (made.rows_read, made.rows_loaded) == (1, 1)
    labels = there.push(pd.DataFrame({"decision_id": ["c1"], "label": ["yes"]}), system="shop", labels=True)
    assert labels.rows_loaded == 1


def test_what_the_server_refuses_is_one_sentence(there: RemoteWorkspace, tmp_path: Path) -> None:
    for act, said in (
        (lambda: there.system("nowhere"), "no system 'nowhere'"),
        (lambda: there.system("shop").drift(methods=["none"]), "none"),
        (lambda: there.push(tmp_path / "missing.csv", system="shop"), "cannot be pushed"),
        (lambda: there.load(tmp_path / "missing.csv", system="shop"), "cannot be read"),
        (lambda: there.push(pd.DataFrame({"score": [1]}), system="shop"), "'decided_at' is missing"),
        (lambda: plumbline.connect("http://127.0.0.1:9", "t").systems(), "cannot be reached"),
        (lambda: plumbline.connect("nowhere", "t"), "no address"),
        (lambda: plumbline.connect(there.url, "plumbline_wrong").systems(), "token is wrong"),
    ):
        with pytest.raises(plumbline.PlumblineError, match=said):
            act()  # type: ignore[no-untyped-call]


def test_the_code_of_the_document_runs(
    folder: Path, there: RemoteWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"```py\n(.*?)```", (ROOT / "docs" / "python.md").read_text("utf-8"), re.DOTALL)
    head, first, *_ = (folder / "shop.csv").read_text().splitlines()
    (tmp_path / "new.csv").write_text(f"{head}\n{first.replace('o-000-000', 'new')}\n")
    (tmp_path / "outcomes.csv").write_text("order_id,outcome\nnew,no\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLUMBLINE_TOKEN", (folder / "analyst").read_text())
    names: dict[str, object] = {"plumbline": plumbline}
    exec(compile(block.replace("https://plumbline.example", there.url), "docs/python.md", "exec"), names)
    held = names["ws"].load("new.csv", system="shop").last_load  # type: ignore[attr-defined]
    assert (held.rows_loaded, held.rows_duplicate) == (0, 1)
