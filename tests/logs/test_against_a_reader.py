"""Loading against an independent row-by-row reader on small dirty files."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import TEXT, PlumblineError
from plumbline.store.loads import quarantined_rows
from plumbline.store.systems import decision_columns
from plumbline.store.workspace import open_workspace
from tests.examples import examples
from tests.factory.decisions import HEADER, ROLES, load, mapping, rows_of

TIMES = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T05:00:00+05:00",
    "2026-01-02 10:30:00",
    "2026-02-30T00:00:00",
    "",
    "soon",
    "1",
]
SCORES = ["0.5", "1", "0", "", "NaN", "high", "1e-3"]
CLASSES = ["yes", "no", "", "null"]
TEXTS = ["north", "a, b", 'say "x"', "two\nlines", "", "NA", "<b>", "'; DROP TABLE system; --", "=1+1", "ü"]
AGES = ["20", "30.5", "n/a", "", "old", "-inf"]
#: as of the time at which the label became known, of training, of an attribution, of a probability
KNOWN = ["2026-02-01T00:00:00Z", "", "pending", "0000-00-00"]
SHARES = ["0.25", "-1", "", "n/a", "n.v.", "<0.1"]
FORMATS = {"known": "iso", "trained": "iso"}
NAMES = [*HEADER, "known", "trained", "shap", "p_yes"]
KEPT = {"known": "label_time", "trained": "trained_at", "shap": "attribution:age", "p_yes": "proba:yes"}

CELLS = st.tuples(
    st.integers(0, 5).map(lambda i: f"d{i}"), st.sampled_from(TIMES), st.sampled_from(SCORES), st.sampled_from(CLASSES),
    st.sampled_from(CLASSES), st.sampled_from(AGES), st.sampled_from(TEXTS), st.sampled_from(KNOWN),
    st.sampled_from(KNOWN), st.sampled_from(SHARES), st.sampled_from(SHARES),
).map(list)  # fmt: skip
ROWS = st.lists(st.tuples(CELLS, st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1])), min_size=1, max_size=14)
GOOD = [
    "d99",
    "2026-01-05T00:00:00Z",
    "0.5",
    "yes",
    "",
    "20",
    "north",
    "",
    "2026-02-01T00:00:00Z",
    "-1",
    "0.25",
]


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None)


def _class(text: str) -> str | None:
    return None if text.strip().lower() in ("", "null") else text


def _kept(text: str, value: object) -> tuple[object, str | None]:
    """A value, or the text that stands in its place."""
    return value, text if value is None and text.lower() not in ("", "n/a", "-inf") else None


def _share(text: str) -> float | None:
    return float(text) if text in ("0.25", "-1", "20", "30.5") else None


def expected(
    text: str, delimiter: str
) -> tuple[int, Counter[str], list[tuple[int, str]], dict[tuple[object, ...], tuple[object, ...]]]:
    """(records, reasons, (line, reason) of each bad one, decision -> label, its time, what stood for that, its
    record) as a
    person would read the file."""
    lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    starts, at = [], 1
    for cells in lines:
        starts.append(at)
        at += 1 + sum(c.count("\n") for c in cells)
    reasons: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    kept: dict[tuple[object, ...], tuple[object, ...]] = {}
    for record, (line, cells) in enumerate(list(zip(starts, lines, strict=True))[1:], 1):
        reason = ""
        if len(cells) != len(NAMES):
            reason = "too_few_fields" if len(cells) < len(NAMES) else "too_many_fields"
        else:
            name, when, score, pred, label, age, region, known, trained, shap, p_yes = cells
            number = None if score in ("", "NaN") else float(score) if score != "high" else None
            if _time(when) is None:
                reason = "bad_timestamp"
            elif score == "high":
                reason = "bad_score"
            elif number is None and _class(pred) is None and _share(p_yes) is None:
                reason = "no_prediction"
        if reason:
            reasons[reason] += 1
            bad.append((line, reason))
            continue
        place = None if region.lower() in ("", "na") else region
        key = (
            name, _time(when), number, _class(pred), place, *_kept(age, _share(age)),
            *_kept(trained, _time(trained)), *_kept(shap, _share(shap)), *_kept(p_yes, _share(p_yes)),
        )  # fmt: skip
        said = (_class(label), *_kept(known, _time(known)), record)
        if key not in kept:
            kept[key] = said
        elif kept[key][0] is None and said[0] is not None:  # a repeat brings its label, and the time of that
            kept[key] = (*said[:2], *kept[key][2:])
    return len(lines) - 1, reasons, bad, kept


@settings(max_examples=examples(5), deadline=None)
@given(
    rows=ROWS, ends=st.sampled_from(["\n", "\r\n"]), mark=st.booleans(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    again=st.booleans(),
)  # fmt: skip
def test_every_row_ends_where_a_row_by_row_reader_says(
    rows: list[tuple[list[str], int]],
    ends: str,
    mark: bool,
    delimiter: str,
    quoting: Literal[0, 1],
    again: bool,
) -> None:
    if again:
        rows = rows + [r for r in rows if r[1] == 0]
    body = io.StringIO(newline="")
    writer = csv.writer(body, lineterminator=ends, delimiter=delimiter, quoting=quoting)
    writer.writerow(NAMES)
    for i in range(16):  # what a table's columns are is told by most of its rows
        writer.writerow([f"d{80 + i}", *GOOD[1:]])
    for cells, change in rows:
        writer.writerow(cells[:-1] if change < 0 else [*cells, "more"] if change > 0 else cells)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.csv").write_bytes(body.getvalue().encode("utf-8-sig" if mark else "utf-8"))
        ws = open_workspace(folder / "w.duckdb", read_from=[folder])
        try:
            made = load(ws, folder / "a.csv", mapping=mapping(ROLES | KEPT, formats=FORMATS))
            with ws.read() as cursor:
                aside = [(q.line, q.reason) for q in quarantined_rows(cursor, system="s")]
                texts = {c.name for c in decision_columns(cursor, "s") if c.role.role == TEXT}
            beside = {
                name: f'"text:{name}"' if f"text:{name}" in texts else "NULL"
                for name in ("age", *KEPT.values())
            }
            pairs = [
                ('"feature:age"', beside["age"]),
                *((f'"{r}"', beside[r]) for r in list(KEPT.values())[1:]),
            ]
            columns = ", ".join(
                ['"decision_id", "timestamp", score, prediction, "feature:region"', *sum(pairs, ()),
                 'label, "label_time"', beside["label_time"], "_line"]
            )  # fmt: skip
            found = {tuple(r[:-4]): r[-4:] for r in rows_of(ws, columns)}
        except PlumblineError as error:
            raise AssertionError(body.getvalue()) from error
        finally:
            ws.close()
    records, reasons, bad, kept = expected(body.getvalue().replace("\r\n", "\n"), delimiter)
    assert made.rows_read == made.rows_loaded + made.rows_duplicate + made.rows_quarantined
    assert made.rows_loaded == len(found)
    assert made.rows_read == records
    assert made.reasons == dict(reasons)
    assert aside == bad
    assert found == kept
    assert made.rows_duplicate == records - len(bad) - len(kept)
