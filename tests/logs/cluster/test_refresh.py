"""What two looks at once, an undo in between, wrong dates and changes by hand do to a sample's counts; no cluster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from plumbline.answers.data.load import load_file
from plumbline.domain import Mapping, PlumblineError, Task
from plumbline.logs.cluster import attachments, refresh, sample
from plumbline.logs.cluster.attachments import Attachment, DayDigests, Window
from plumbline.logs.cluster.table import ClusterReading, ClusterTable
from plumbline.logs.mapping.classes import ClassCounts
from plumbline.store import trail
from plumbline.store.backup import state_digest
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write

PLACE = Attachment(system="s", location="spark:sc://h:1", item="a.b", since="at", share=0.1, size=1000)


def _window(load_id: int, low: str | None, high: str) -> Window:
    return Window(load_id=load_id, low=low, high=high, n_read=60)


@pytest.fixture
def attached(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two loads of decisions, as the samples of two looks."""
    for load_id in (1, 2):
        path = write(tmp_path / f"{load_id}.csv", decisions(60, 100 * load_id))
        load_file(workspace, path, title="s", actor="t")
    with workspace.write() as cursor:
        attachments.keep(cursor, PLACE)
        attachments.add_window(cursor, "s", _window(1, None, "5"))
        attachments.add_window(cursor, "s", _window(2, "5", "9"))
    return workspace


def test_a_look_that_another_overtook_is_refused(attached: Workspace) -> None:
    with attached.read() as cursor:
        standing = attachments.windows(cursor, "s")
        attachments.refuse_concurrent_refresh(cursor, PLACE, standing)
        for other in ([], standing[:1], [*standing, _window(3, "9", "12")]):
            with pytest.raises(PlumblineError, match="changed while its table was looked at"):
                attachments.refuse_concurrent_refresh(cursor, PLACE, other)


def test_a_look_during_an_undo_is_refused(attached: Workspace) -> None:
    with attached.write() as cursor:
        standing = attachments.windows(cursor, "s")
        cursor.execute("UPDATE load SET undone_at = now()::TIMESTAMP WHERE load_id = 2")
        with pytest.raises(PlumblineError, match="changed while its table was looked at"):
            attachments.refuse_concurrent_refresh(cursor, PLACE, standing)


def test_one_wrong_date_does_not_switch_late_labels_off() -> None:
    today = datetime.now(UTC).date()
    usual = sample.late_label_start([today - timedelta(days=40), today])
    assert usual == today - timedelta(days=sample.LATE_DAYS)
    wrong = sample.late_label_start([today, today.replace(year=2099, day=1)])
    assert abs((wrong - usual).days) <= 2  # a midnight may pass
    assert sample.late_label_start([]) < usual


def _count_anew(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a look that saw another label in the second load."""
    with ws.read() as cursor:
        standing = tuple(attachments.windows(cursor, "s"))
    labels = pa.table(
        {
            "decision_id": pa.array([], pa.string()),
            "utc": pa.array([], pa.int64()),
            "label": pa.array([], pa.string()),
            "label_time": pa.array([], pa.int64()),
        }
    )
    monkeypatch.setattr(refresh, "read_labels", lambda *_: labels)
    monkeypatch.setattr(refresh, "classes_there", lambda *_: ClassCounts())
    monkeypatch.setattr(refresh, "with_scores", lambda *given: given[3])
    changed: DayDigests = {(2, datetime(2026, 1, 5).date()): (60, "x")}
    table = ClusterTable(name="a.b", kinds={}, since="at")
    reading = ClusterReading(
        table=table, mapping=Mapping(columns=()), task=Task.BINARY, zone="UTC", windows=standing
    )
    recount: Callable[..., Any] = lambda *_: None  # noqa: E731
    refresh.recount_days_of_table(ws, PLACE, None, reading, changed, recount, actor="t")


@pytest.mark.parametrize("load_id", [1, 2])
def test_counting_anew_does_not_cover_up_what_was_changed_by_hand(
    attached: Workspace, monkeypatch: pytest.MonkeyPatch, load_id: int
) -> None:
    with attached.write() as cursor:
        cursor.execute(
            """UPDATE decision_s SET prediction = CASE prediction WHEN 'yes' THEN 'no' ELSE 'yes' END
               WHERE _load_id = ? AND _line = (SELECT min(_line) FROM decision_s WHERE _load_id = ?)""",
            [load_id, load_id],
        )
    _count_anew(attached, monkeypatch)
    with attached.read() as cursor:
        entry = trail.entries(cursor, system="s", limit=1)[0]
        problems = list(state_digest.differences(cursor, "s"))
    if load_id == 2:  # it was to be digested anew
        assert entry.detail["changed_past_trail"] == [2]
    else:
        assert state_digest.Difference("s", "decisions", 1) in problems
