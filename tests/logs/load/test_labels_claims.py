"""Any order of loads, label files and undos against a plain model; counts equal those of a fresh rebuild."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plumbline.answers.data.labels import label_history
from plumbline.answers.data.load import rebuild_outcomes, undo_load
from plumbline.domain import ColumnMap, Mapping, PlumblineError, RoleName
from plumbline.logs.load.labels import load_labels
from plumbline.logs.load.undo import undo
from plumbline.profile import build
from plumbline.store import systems
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.examples import examples
from tests.factory.decisions import HEADER, decisions, load, row, rows_of, state, write

LABELS = Mapping((
    ColumnMap(column="id", role=RoleName("decision_id")), ColumnMap(column="label", role=RoleName("label")),
    ColumnMap(column="at", role=RoleName("label_time"), format="iso"),
))  # fmt: skip
WORDS = st.sampled_from(["yes", "no"])
DAYS = st.sampled_from([None, None, 1, 2, 3])
STEP = st.one_of(
    st.tuples(st.just("load"), st.integers(0, 6), st.integers(1, 5), st.sampled_from(["", "yes", "no"])),
    st.tuples(st.just("label"), st.lists(st.tuples(st.integers(0, 8), WORDS, DAYS), min_size=1, max_size=5)),
    st.tuples(st.just("label"), st.lists(st.tuples(st.integers(0, 8), WORDS, DAYS), min_size=1, max_size=5)),
    st.tuples(st.just("undo"), st.integers(0, 9)),
    st.tuples(st.just("again"), st.integers(0, 9)),
)


@dataclass
class Model:
    """What a person with a sheet of paper would write down."""

    own: dict[int, tuple[int, str | None]] = field(
        default_factory=dict
    )  # decision -> its load, its own label
    said: list[tuple[int, int, int, str, int | None]] = field(
        default_factory=list
    )  # load, place, id, label, day
    files: list[tuple[Path, list[tuple[int, str, int | None]], list[int]]] = field(
        default_factory=list
    )  # of labels: path, rows, its loads

    def load(self, load_id: int, start: int, size: int, label: str) -> None:
        for i in range(start, start + size):
            if i not in self.own:
                self.own[i] = (load_id, label or None)
            elif label and label != self.own[i][1]:
                self.said.append((load_id, i - start, i, label, None))

    def label(self, load_id: int, rows: list[tuple[int, str, int | None]]) -> None:
        self.said += [(load_id, n, i, label, day) for n, (i, label, day) in enumerate(rows) if i in self.own]

    def label_again(self, load_id: int, rows: list[tuple[int, str, int | None]], earlier: list[int]) -> None:
        """The same file: what it would correct is said once more, and struck out where it would not hold."""
        for i in dict.fromkeys(i for i, _, _ in rows):
            said = [
                (load_id, n, i, label, day) for n, (j, label, day) in enumerate(rows) if i == j in self.own
            ]
            repeated = any(s[0] in earlier and s[2] == i for s in self.said)
            held = self.labels()[f"d{i:04d}"][0] if said else None
            if repeated and {s[3] for s in said} == {held}:
                continue
            self.said += said
            if repeated and said and self.labels()[f"d{i:04d}"][2] != load_id:
                self.said = [s for s in self.said if s not in said]

    def undo(self, load_id: int) -> None:
        self.own = {i: held for i, held in self.own.items() if held[0] != load_id}
        self.said = [s for s in self.said if s[0] != load_id and s[2] in self.own]
        for _, _, by in self.files:
            by[:] = [load for load in by if load != load_id]

    def labels(self) -> dict[str, tuple[str | None, int | None, int | None]]:
        """Decision -> label, day, load that gave it (None: its own)."""
        found = {}
        for i, (_, own) in self.own.items():
            held: tuple[str | None, int | None, int | None] = (own, None, None)
            for by, _, of, label, day in sorted(self.said, key=lambda s: s[:2]):
                if of == i and (held[0] is None or held[1] is None or day is None or day >= held[1]):
                    held = (label, day, by)
            found[f"d{i:04d}"] = held
        return found


STEPS = st.lists(STEP, min_size=2, max_size=7)
REPEATS = [("load", 3, 4, "yes"), ("load", 0, 4, "no")]  # a file of repeats that brings labels alone
OWN = [
    ("load", 6, 3, "yes"),
    ("label", [(6, "no", 1), (7, "yes", 2)]),
    ("undo", 2),
]  # what the log itself said holds again
BACK = [
    ("label", [(0, "yes", None), (1, "yes", 1)]),
    ("label", [(0, "no", None), (1, "no", 2)]),
    ("again", 0),
]
TIMES = [("label", [(0, "yes", 1)]), ("load", 0, 1, "yes")]  # and one that brings a label's time alone


@settings(
    max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(steps=OWN)
@example(steps=BACK)
@given(steps=STEPS)
def test_labels_are_what_a_plain_model_says(
    workspace: Workspace, tmp_path: Path, steps: list[tuple[object, ...]]
) -> None:
    """Each example is a system of its own in one workspace, and nothing is counted: that is what takes time."""
    with workspace.read() as cursor:
        title = f"s{len(systems.list_systems(cursor))}"
    _play(workspace, tmp_path, steps, title, counted=False)


@settings(max_examples=examples(2), deadline=None)
@example(steps=REPEATS)
@example(steps=TIMES)
@example(steps=BACK)
@given(steps=STEPS)
def test_counts_are_what_a_rebuild_gives(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        try:
            _play(ws, folder, steps, "s", counted=True)
            before = state(ws)
            with ws.write() as cursor:
                build.rebuild(cursor, systems.get_system(cursor, "s"))
            assert state(ws) == before
        finally:
            ws.close()


def _play(ws: Workspace, folder: Path, steps: list[tuple[object, ...]], title: str, *, counted: bool) -> None:
    """Take the steps in the workspace and on paper, and compare."""
    model, live = Model(), list[int]()
    for n, step in enumerate([("load", 0, 6, ""), *steps]):
        made = _step(ws, folder, n, step, model, live, title, counted)
        if made is not None:
            live.append(made)
    days = {f"2026-03-0{d}": d for d in (1, 2, 3)}
    found = {
        r[0]: (r[1], days[str(r[2])[:10]] if r[2] else None, r[3])
        for r in rows_of(ws, '"decision_id", label, label_time, _label_load', key=title)
    }
    assert found == model.labels()


def _step(
    ws: Workspace, folder: Path, n: int, step: tuple[object, ...], model: Model, live: list[int], title: str,
    counted: bool,
) -> int | None:  # fmt: skip
    match step:
        case ("undo", int(which)):
            if live:
                gone = live.pop(which % len(live))
                undo_load(ws, gone, actor="test") if counted else undo(ws, gone, actor="test")
                model.undo(gone)
            return None
        case ("load", int(start), int(size), str(label)):
            rows = [row(i, label=label) for i in range(start, start + size)] + [row(n, when=f"never {n}")]
            path = write(folder / f"{n}.csv", rows)
            made = load(ws, path, title=title, after=build.on_load if counted else None)
            model.load(made.load_id, start, size, label)
            return made.load_id
        case ("label", list(pairs)):
            text = [(f"d{i:04d}", w, f"2026-03-0{d}T00:00:00Z" if d else "") for i, w, d in pairs]
            path = write(folder / f"{n}.csv", [*text, (f"nobody {n}", "yes", "")], ("id", "label", "at"))
            try:
                made = load_labels(ws, path, system=title, mapping=LABELS, actor="test",
                                   after=rebuild_outcomes if counted else None)  # fmt: skip
            except PlumblineError:
                return None
            model.label(made.load_id, pairs)
            model.files.append((path, pairs, [made.load_id]))
            return made.load_id
        case ("again", int(which)):
            if not model.files:
                return None
            path, pairs, by = model.files[which % len(model.files)]
            try:
                made = load_labels(ws, path, system=title, mapping=LABELS, actor="test",
                                   after=rebuild_outcomes if counted else None)  # fmt: skip
            except PlumblineError:
                return None
            model.label_again(made.load_id, pairs, list(by))
            by.append(made.load_id)
            return made.load_id
    return None


def test_a_late_file_with_an_older_label_does_not_win_and_is_kept(
    workspace: Workspace, tmp_path: Path
) -> None:
    load(workspace, write(tmp_path / "a.csv", decisions(3, label="")))
    for n, (label, day) in enumerate((("no", 5), ("yes", 3))):
        path = write(tmp_path / f"{n}.csv", [("d0001", label, f"2026-03-0{day}")], ("id", "label", "at"))
        load_labels(workspace, path, system="s", mapping=LABELS, actor="test")
    told = label_history(workspace, "s", "d0001").told
    assert [(t.label, t.load_id, t.holds) for t in told] == [("no", 2, True), ("yes", 3, False)]
    assert [t.file for t in told] == ["0.csv", "1.csv"]
    assert label_history(workspace, "s", "d0002").told == ()
    with pytest.raises(PlumblineError, match="no decision 'nobody'"):
        label_history(workspace, "s", "nobody")
    undo_load(workspace, 2, actor="test")
    assert rows_of(workspace, "label", where="\"decision_id\" = 'd0001'") == [("yes",)]


def test_the_command_line_loads_labels_and_a_correction_wins_while_the_former_is_kept(
    plumbline: Callable[..., Ran], tmp_path: Path
) -> None:
    header = ("decision_id", "timestamp", "score", "prediction", "age", "region")
    rows = [[cell for name, cell in zip(HEADER, row(i), strict=True) if name != "label"] for i in range(60)]
    assert plumbline("load", write(tmp_path / "a.csv", rows, header), "--system", "s").code == 0
    for n, (label, day) in enumerate((("no", "02"), ("yes", "05"))):
        said = [(f"d{i:04d}", label if i == 3 else "no", f"2026-03-{day}") for i in range(20)]
        path = write(tmp_path / f"{n}.csv", said, ("decision_id", "label", "label_time"))
        told = plumbline("load", path, "--system", "s", "--json").json
        assert (
            told["rows_read"] == told["rows_loaded"] + told["rows_duplicate"] + told["rows_quarantined"] == 20
        )
    found = plumbline("labels", "s", "d0003", "--json").json["told"]
    assert [(t["label"], t["load_id"], t["holds"]) for t in found] == [("no", 2, False), ("yes", 3, True)]
    shown = plumbline("labels", "s", "d0003").out.splitlines()
    assert [line.split()[:2] for line in shown] == [["former", "no,"], ["holds", "yes,"]]
    assert plumbline("labels", "s", "d0050").out.strip() == "d0050 has no label yet."
    refused = plumbline("labels", "s", "nobody")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert plumbline("undo", 3, "--json").code == 0
    assert plumbline("labels", "s", "d0003", "--json").json["told"][0]["label"] == "no"
