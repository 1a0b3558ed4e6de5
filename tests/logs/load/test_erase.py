"""An erased person is in no table, no count and no byte of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from plumbline.answers.data.erase import erase_person, sentences
from plumbline.answers.data.load import load_file, undo_load
from plumbline.answers.notes.decision_comments import comment
from plumbline.domain import PlumblineError
from plumbline.logs.load.decisions import load_decisions
from plumbline.profile import build
from plumbline.store import trail
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import HEADER, ROLES, decisions, mapping, row, state, write

MARK = "Erika-Mustermann-4711"
HEAD = (*HEADER, "who", "shap_age")
MAPPING = mapping(
    ROLES | {"who": "subject", "shap_age": "attribution:age"}, numeric=("score", "age", "shap_age")
)


def _rows(n: int, hers: set[int]) -> list[list[str]]:
    lines = decisions(n, id=lambda i: f"{MARK}-d{i}" if i in hers else f"d{i:04d}")
    return [[*line, MARK if i in hers else f"p{i}", "0.125"] for i, line in enumerate(lines)]


def _load(ws: Workspace, path: Path) -> int:
    return load_decisions(ws, path, title="s", mapping=MAPPING, actor="t", accept=True,
                          after=build.on_load).load_id  # fmt: skip


def _labels(folder: Path, ids: list[str]) -> Path:
    return write(folder / "l.csv", [(i, "no", "2026-03-01") for i in ids], ("id", "label", "label_time"))


def test_nothing_of_her_is_left_and_counts_are_as_if_she_had_never_been(tmp_path: Path) -> None:
    hers, kept = {3, 40, 41}, []
    for name, gone in (("with", set[int]()), ("without", hers)):
        folder = tmp_path / name
        folder.mkdir()
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        rows = [r for i, r in enumerate(_rows(60, hers)) if i not in gone]
        _load(ws, write(folder / "a.csv", rows, HEAD))
        # bad rows of others as well: a row group of which nothing is left would go by itself
        bad = [[*row(90 + i, when="never"), f"p{i}", ""] for i in range(1, 30)]
        bad += [[*row(90, when="never"), MARK, ""]] if not gone else []
        _load(ws, write(folder / "b.csv", [*([*row(i), f"p{i}", ""] for i in range(70, 80)), *bad], HEAD))
        ids = [*(f"d{i:04d}" for i in (1, 2, *range(4, 30))), *([] if gone else [f"{MARK}-d3"])]
        load_file(ws, _labels(folder, ids), title="s", actor="t")
        for i in (1, 2, *range(4, 10), *({3} - gone)):
            person = MARK if i in hers else f"p{i}"
            comment(ws, "s", f"{MARK}-d{i}" if i in hers else f"d{i:04d}", f"{person} called", by="Ana")
        if not gone:
            made = erase_person(ws, "s", subject=MARK, actor="the officer")
            assert (made.decisions, made.quarantined, made.labels) == (3, 1, 2)
            assert made.comments == 1
            assert (made.loads, made.elsewhere, made.bytes_cleared) == ((1,), {}, True)
            with ws.read() as cursor:
                entry = trail.entries(cursor, system="s", limit=1)[0]
                assert trail.verify(cursor).intact
            assert (entry.action, entry.actor, entry.detail["decisions"]) == ("erase", "the officer", 3)
            assert entry.detail["comments"] == 1
            assert "1 comment," in sentences(made)[0]
            assert MARK not in repr(entry)
            with pytest.raises(PlumblineError, match="Nothing of this subject"):
                erase_person(ws, "s", subject=MARK, actor="t")
        found = state(ws)
        undo_load(ws, 1, actor="t")
        kept.append((_lineless(found), _lineless(state(ws))))
        ws.close()
        if not gone:
            data = (folder / "w.duckdb").read_bytes()
            assert MARK.encode() not in data
            assert made.keyed_hash.encode() in data  # on the trail, and so the search above can find things
    assert kept[0] == kept[1]


def _lineless(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[object]]:
    """Without what differs by design: line numbers in the file, keyed hashes under another key, times of work."""
    left_out = {"schema_version", "system", "load_form", "scorecard", "finding"}
    plain: dict[str, list[object]] = {}
    for name, rows in tables.items():
        if name == "decision_s":
            plain[name] = sorted(((r[0], r[3], *r[4:13], *r[15:]) for r in rows), key=repr)
        elif name == "label_claim":
            plain[name] = sorted(((r[1], r[3], *r[5:]) for r in rows), key=repr)
        elif name.startswith("profile_"):
            plain[name] = [[round(v, 9) if isinstance(v, float) else v for v in r] for r in rows]
        elif name not in left_out:
            plain[name] = [len(rows)]
    return plain


def test_the_bytes_of_deleted_rows_would_stay_without_the_clearing(tmp_path: Path) -> None:
    """The scan for bytes is no empty check: a plain DELETE leaves them."""
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    _load(ws, write(tmp_path / "a.csv", _rows(60, {3}), HEAD))
    with ws.read() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("DELETE FROM decision_s WHERE decision_id = ?", [f"{MARK}-d3"])
        cursor.execute("CHECKPOINT")
    ws.close()
    assert MARK.encode() in (tmp_path / "w.duckdb").read_bytes()


def test_one_decision_by_the_command_line(plumbline: Callable[..., object], tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", decisions(50))
    plumbline("load", path, "--system", "s", "--map", "pred=prediction")
    made = plumbline("erase", "s", "--decision", "d0007", "--json").json  # type: ignore[attr-defined]
    assert (made["decisions"], made["by"], made["bytes_cleared"]) == (1, "decision", True)
    assert plumbline("erase", "s").code == 2  # type: ignore[attr-defined]
