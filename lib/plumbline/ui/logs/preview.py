"""Whether a file will load: its first ten rows as they will be, how all of them fare, and what the mapping makes
possible."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from plumbline.answers.data.load import preview_file
from plumbline.domain import Mapping
from plumbline.logs.load.preview import Preview, try_file
from plumbline.logs.load.trial import LoadTrial
from plumbline.ui.logs.role_words import WORDS, gains, lower_title, say_reason, title
from plumbline.ui.parts import cards, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import phrase
from plumbline.wording.quantities import plural

_NONE = "–"


def rows(
    view: View,
    token: str,
    path: Path,
    mapping: Mapping,
    *,
    labels: bool,
    system: str,
    sheet: str | None = None,
) -> LoadTrial:
    """Draw the first rows under the mapping as it now stands.

    Returns:
        how the rows of the whole file fare, or of its beginning where it is long.

    Raises:
        PlumblineError: it cannot be loaded like this.
    """
    key = (token, mapping, labels, system, view.ws.path)
    preview = session.PREVIEW.get()
    seen: Preview
    trial: LoadTrial
    if preview and preview[0] == key:
        seen, trial = preview[1:]
    else:
        with st.spinner(phrase("Trying the rows")):
            seen = preview_file(view.ws, path, mapping, labels=labels, system=system, sheet=sheet)
            trial = try_file(view.ws, path, mapping, labels=labels, system=system or None, sheet=sheet)
        session.PREVIEW.set((key, seen, trial))
    _table(seen)
    return trial


def _table(seen: Preview) -> None:
    total = len(seen.rows) + len(seen.unparsed)
    bad = (
        phrase(", {bad} of them would go to quarantine", bad=seen.bad_row_count) if seen.bad_row_count else ""
    )
    cards.section(
        phrase("As they will be loaded"),
        phrase("The first {total} rows{bad}. Times are shown in UTC.", total=total, bad=bad),
    )
    table = [
        {"Row": f"▲ {one_line(say_reason(row.reason))}" if row.reason else phrase("● loads")}
        | {
            _head(role, column): one_line(_NONE if cell is None else cell, 60)
            for (role, column), cell in zip(seen.columns, row.cells, strict=True)
        }
        for row in seen.rows
    ]
    table += [{"Row": f"▲ {one_line(say_reason(why))}: {one_line(raw, 120)}"} for why, raw in seen.unparsed]
    tables.grid(
        [{name: line.get(name, "") for name in table[0]} for line in table] if table else [],
        alt=phrase("The first rows as they will be loaded: whether each loads, then a column a role"),
        widths={"Row": 190} if seen.bad_row_count else None,
    )


def verdict(trial: LoadTrial, *, labels: bool) -> tuple[str, str, str]:
    """Whether the rows will load: a status, the sentence that stands above the button, and what becomes of the rest."""
    rows, fit = trial.rows, trial.rows - trial.unfit_rows - trial.repeats
    what = plural(rows, "outcome") if labels else plural(rows, "row")
    rest = [] if trial.whole else [phrase("The rest is checked as it loads.")]
    if not rows:
        return "unknown", phrase("The rows are checked as they load."), ""
    if fit == rows:
        every = (
            phrase("All {what} will load.", what=what)
            if trial.whole
            else phrase("All of the first {what} will load.", what=what)
        )
        return "pass", every, " ".join(rest)
    words = []
    if trial.repeats:
        words.append(
            phrase("1 repeats another and is left out.")
            if trial.repeats == 1
            else phrase("{n} repeat others and are left out.", n=numbers.count(trial.repeats))
        )
    if trial.unfit_rows:
        causes = sorted(trial.reasons, key=lambda item: (-item[1], item[0]))
        why = "; ".join(f"{say_reason(reason)} ({numbers.count(n)})" for reason, n in causes)
        unfit = numbers.count(trial.unfit_rows)
        words.append(
            phrase("{n} cannot load as the columns are read now: {why}.", n=unfit, why=why)
            if trial.has_too_many_unfit
            else phrase("{n} will wait in quarantine: {why}.", n=unfit, why=why)
        )
    status = "fail" if trial.has_too_many_unfit else "watch" if trial.unfit_rows else "pass"
    head = (
        phrase("{fit} of the {what} will load.", fit=numbers.count(fit), what=what)
        if trial.whole
        else phrase("{fit} of the first {what} will load.", fit=numbers.count(fit), what=what)
    )
    return status, head, " ".join(words + rest)


def _head(role: str, column: str) -> str:
    """The column of the file with its role in words; a model input by its name alone, as most are that."""
    base, _, name = role.partition(":")
    if base == "feature" or base not in WORDS:
        return one_line(name or role, 60)
    return one_line(f"{title(base)}: {name or column}" if name or column else title(base), 80)


def gains_section(mapping: Mapping) -> None:
    """What each role makes possible, and what the absence of one costs."""
    items = gains(column.role.role for column in mapping.columns)
    there = [f"{cards.word('pass', title(role))}: {escape(words)}" for role, words, has in items if has]
    lacking = [
        f"{cards.word('unknown', phrase('No {role}', role=lower_title(role)))}: {escape(words)}"
        for role, words, has in items
        if not has
    ]
    cards.section(
        phrase("What this makes possible"),
        phrase("And on the right what the log lacks, with the cost of it."),
    )
    left, right = st.columns(2, gap="large")
    left.markdown("  \n".join(there) or phrase("Nothing yet."))
    right.markdown("  \n".join(lacking) or phrase("Nothing is lacking."))
