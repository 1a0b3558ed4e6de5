"""What a run says of itself is kept with its template, so that a document can say it in another language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plumbline.domain.messages import QuotedText, as_message, message
from plumbline.domain.respond import RollbackRun, RollbackState, RunState, TriggerRun
from plumbline.governance import canonical_json
from plumbline.report.language import language
from plumbline.report.translation import translate
from plumbline.respond.run_states import VersionSight, follow

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRED = TriggerRun(
    id="trg_1", system="loans", trigger="weekly", state=RunState.FIRED, due_at=NOW, fired_at=NOW,
    sentence=message("It waits: {why}", why="x"),
)  # fmt: skip


def kept(run: TriggerRun) -> TriggerRun:
    return canonical_json.read(TriggerRun, canonical_json.write(run, messages=True))


def test_a_run_is_read_back_as_it_was_and_speaks_german() -> None:
    seen = VersionSight(version="2", where="log", first=NOW + timedelta(days=1), trained=NOW)
    found = follow(FIRED, NOW + timedelta(days=2), [seen], still_open=True)
    late = follow(FIRED, NOW + timedelta(days=40), [], still_open=True)
    done = follow(found, NOW + timedelta(days=3), [seen], still_open=False)
    worse = follow(found, NOW + timedelta(days=90), [seen], still_open=True)
    assert [r.state for r in (found, late, done, worse)] == [
        RunState.SEEN, RunState.TIMED_OUT, RunState.CURED, RunState.NOT_CURED,
    ]  # fmt: skip
    for run in (found, late, done, worse):
        again = kept(run)
        assert again == run
        assert str(again.note) == str(run.note)
        assert (again.note.template, again.sentence.template) == (run.note.template, FIRED.sentence.template)
        assert translate(again.note, language("de")) not in (None, str(run.note))


def test_a_run_that_was_kept_as_text_is_quoted() -> None:
    """As runs were kept before their notes were messages, and as another side's answer is."""
    old = canonical_json.read(
        TriggerRun, canonical_json.write(replace(FIRED, note=message("The test did not end.")))
    )
    assert isinstance(old.note, QuotedText)
    assert old.note == "The test did not end."
    run = RollbackRun(
        id="rbk_1", system="loans", state=RollbackState.REFUSED, at=NOW, version="2", to="1",
        note=as_message("HTTP 503"),
    )  # fmt: skip
    again = canonical_json.read(RollbackRun, canonical_json.write(run, messages=True))
    assert again == run
    assert isinstance(again.note, QuotedText)
