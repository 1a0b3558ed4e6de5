"""The classes of decisions that lie elsewhere: those that are counted and those that are new, together; no cluster."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.answers.data.load import load_file
from plumbline.domain import ColumnMap, Mapping, PlumblineError, RoleName, Task
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment, Window
from plumbline.logs.cluster.classes import counted_classes, with_scores
from plumbline.logs.cluster.table import ClusterReading, ClusterTable
from plumbline.logs.mapping.classes import ClassCounts, settle_classes
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write

PLACE = Attachment(system="s", location="spark:sc://h:1", item="a.b", since="at", share=0.1, size=1000)


@pytest.fixture
def attached(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two loads of yes and no, as the samples of two looks."""
    for load_id in (1, 2):
        path = write(tmp_path / f"{load_id}.csv", decisions(60, 100 * load_id))
        load_file(workspace, path, title="s", actor="t")
    with workspace.write() as cursor:
        attachments.keep(cursor, PLACE)
        for load_id, low, high in ((1, None, "5"), (2, "5", "9")):
            attachments.add_window(cursor, "s", Window(load_id=load_id, low=low, high=high, n_read=60))
    return workspace


def test_what_is_counted_says_the_classes_of_the_loads_that_stand(attached: Workspace) -> None:
    with attached.write() as cursor:
        system = systems.get_system(cursor, "s")
        here = cursor.execute(
            "SELECT prediction, count(*), count(label) FROM decision_s GROUP BY 1 ORDER BY 1"
        ).fetchall()
        counted = counted_classes(cursor, system)
        assert counted is not None
        assert counted.rows["prediction"] == {name: n for name, n, _ in here}
        assert sum(counted.rows["label"].values()) == sum(labelled for _, _, labelled in here)
        first = counted_classes(cursor, system, changed=[2], since=date(1970, 1, 1))
        attachments.forget_load(cursor, 2)
        assert counted_classes(cursor, system) == first
        assert first is not None
        assert 0 < sum(first.rows["prediction"].values()) < sum(counted.rows["prediction"].values())


def test_where_the_decisions_lie_here_nothing_is_said(workspace: Workspace, tmp_path: Path) -> None:
    load_file(workspace, write(tmp_path / "a.csv", decisions(60)), title="s", actor="t")
    with workspace.read() as cursor:
        assert counted_classes(cursor, systems.get_system(cursor, "s")) is None


def test_classes_come_from_the_counts_and_not_from_the_sample(attached: Workspace) -> None:
    counted = ClassCounts(
        rows={"prediction": {"YES": 70, "yes": 30, "no": 50}, "label": {"Yes ": 4, "no": 5}, "override": {}},
        scores={"YES": (7.0, 70), "yes": (27.0, 30), "no": (15.0, 50)},
    )
    with attached.write() as cursor:
        system = systems.get_system(cursor, "s")
        cursor.execute("UPDATE system SET classes = '[]', positive = NULL WHERE key = 's'")
        fresh = systems.get_system(cursor, "s")
        settled = settle_classes(cursor, fresh, counted=counted)
        assert settled.classes == ("YES", "no")  # as most of them are written
        assert settled.positive == "YES"  # 0.34 on average in both spellings, against 0.3
        three = counted.plus(ClassCounts(rows={"prediction": {"maybe": 1}, "label": {}, "override": {}}))
        with pytest.raises(PlumblineError, match="Which two classes are meant"):
            settle_classes(cursor, system, file="table", counted=three)
        assert system.task is Task.BINARY


def test_counts_of_two_parts_add_up() -> None:
    one = ClassCounts(
        rows={"prediction": {"a": 1, "b": 2}, "label": {}, "override": {"a": 1}}, scores={"a": (1.0, 2)}
    )
    other = ClassCounts(
        rows={"prediction": {"b": 3}, "label": {"c": 4}, "override": {}},
        scores={"a": (2.0, 3), "b": (1.0, 1)},
    )
    both = one.plus(other)
    assert both.rows == {"prediction": {"a": 1, "b": 5}, "label": {"c": 4}, "override": {"a": 1}}
    assert both.scores == {"a": (3.0, 5), "b": (1.0, 1)}
    assert other.plus(one) == both


def test_scores_are_read_only_where_the_positive_class_is_open() -> None:
    counts = ClassCounts(rows={"prediction": {"YES ": 1}, "label": {"no": 1}, "override": {"odd": 1}})
    assert [counts.holds(name) for name in ("yes", "no", "odd", None)] == [True, True, False, False]
    asked: list[str] = []

    class Session:
        def sql(self, query: str) -> Any:
            asked.append(query)
            return SimpleNamespace(collect=lambda: [("yes", 2.0, 4)])

    for task, positive, queries in (
        (Task.BINARY, "yes", 0),
        (Task.MULTICLASS, None, 0),
        (Task.REGRESSION, None, 0),
        (Task.BINARY, "maybe", 1),
    ):
        roles = {"at": RoleName("timestamp"), "p": RoleName("prediction")}
        mapping = Mapping(
            columns=tuple(ColumnMap(column=column, role=role) for column, role in roles.items())
        )
        table = ClusterTable(name="a.b", kinds={"at": "timestamp", "p": "string"}, since="at")
        reading = ClusterReading(table=table, mapping=mapping, task=task, zone="UTC")
        window = Window(load_id=1, low=None, high="2026-01-01", n_read=1)
        scored = with_scores(Session(), reading, [window], counts, positive)
        assert len(asked) == queries
    assert scored.scores == {"yes": (2.0, 4)}
    assert scored.rows == counts.rows
