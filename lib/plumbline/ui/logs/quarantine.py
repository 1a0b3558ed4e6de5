"""The quarantine on the Logs page: reasons with counts, the rows as they stood, to take away and to try again."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.data.quarantine import (
    QuarantineAnswer,
    quarantine_answer,
    quarantine_csv,
    quarantine_samples,
    read_form,
    retry_load,
    try_retry,
)
from plumbline.domain import PlumblineError
from plumbline.ui.frame import jobs, permissions, sign_in
from plumbline.ui.logs import admission, mapping
from plumbline.ui.logs.role_words import say_reason
from plumbline.ui.parts import cards, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.parts.openings import waiting_rows
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

ALL = "all"
_AS_BEFORE = {
    "": screen_text("As before"),
    "dmy": screen_text("Day first"),
    "mdy": screen_text("Month first"),
}


def section(view: View) -> None:
    """Everything about the rows of the chosen system that could not be loaded."""
    if view.system is None:
        return
    every = quarantine_answer(view.ws, view.system.key, limit=1)
    if not every.total and not st.query_params.get(session.LOAD.name):
        return
    if not every.total:
        cards.section(
            phrase("Quarantine"), phrase("Nothing waits there: every row was loaded or was a duplicate.")
        )
        return
    cards.section(
        phrase("{waiting} in quarantine", waiting=waiting_rows(every.total)),
        phrase(
            "They could not be loaded and are kept as they stood. Mend how they are read and try "
            "just them again, or take them away, mend them in the file, and load that."
        ),
    )
    load_id, reason = _filter(every)
    _reasons(every)
    answer = quarantine_answer(view.ws, view.system.key, load_id=load_id, reason=reason)
    shown = (
        phrase(
            "The first {rows} of {waiting} rows.",
            rows=len(answer.rows),
            waiting=numbers.count(answer.waiting),
        )
        if len(answer.rows) < answer.waiting
        else ""
    )
    _rows(answer, shown)
    key = view.system.key
    st.download_button(
        phrase("Download as CSV"),
        lambda: quarantine_csv(view.ws, key, load_id=load_id, reason=reason).encode("utf-8-sig"),
        file_name=f"{key}-quarantine.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        help=phrase("Safe to open in a spreadsheet: no cell is read as a formula."),
    )
    _retry_form(view, every, load_id, reason)


def _filter(every: QuarantineAnswer) -> tuple[int | None, str | None]:
    """Which load and which reason; both are in the link."""
    left, right = st.columns(2, gap="medium")
    loads = [ALL, *dict.fromkeys(str(load) for load, _, _ in every.counts)]
    reasons = [ALL, *sorted({reason for _, reason, _ in every.counts})]
    load = left.selectbox(phrase("Load"), loads, key=session.LOAD.name, bind="query-params")
    reason = right.selectbox(
        phrase("Reason"),
        reasons,
        key=session.REASON.name,
        bind="query-params",
        format_func=lambda r: one_line(say_reason(r)),
    )
    return (None if load in (None, ALL) else int(load)), (None if reason in (None, ALL) else str(reason))


def _reasons(every: QuarantineAnswer) -> None:
    cards.table(
        [
            {
                "Load": str(load),
                "Reason": cards.word("watch", say_reason(reason)),
                "Rows": numbers.count(n),
            }
            for load, reason, n in every.counts[:12]
        ],
        alt=phrase("Reasons: load, reason, rows"),
    )


def _rows(quarantine: QuarantineAnswer, shown: str) -> None:
    if shown:
        cards.note(shown)
    tables.grid(
        [
            {
                "Load": row.load_id,
                "Line": "–" if row.line is None else str(row.line),
                "Reason": one_line(say_reason(row.reason), 80),
                "Detail": one_line(row.detail, 160),
                "Text": one_line(row.raw, 300),
            }
            for row in quarantine.rows
        ],
        alt=phrase("Rows in quarantine: load, line, reason, detail, text"),
        height=300 if len(quarantine.rows) > 7 else None,
    )


def _retry_form(view: View, every: QuarantineAnswer, load_id: int | None, reason: str | None) -> None:
    """Mend how the rows of one load are read, see how many would fit, and load those."""
    there = list(dict.fromkeys(load for load, _, _ in every.counts))
    chosen = load_id or (there[0] if len(there) == 1 else None)
    with st.expander(phrase("Try these rows again"), expanded=False):
        if chosen is None:
            st.markdown(phrase("Choose one load above: each was read in its own way."))
            return
        try:
            form = read_form(view.ws, chosen)
        except PlumblineError as error:
            empty_states.show_error(error)
            return
        cards.note(
            phrase(
                "Rows of load {chosen}{reason}. What fits becomes a load of its own that can be taken "
                "back; the rest stays here.",
                chosen=chosen,
                reason="" if reason is None else phrase(" with the reason {reason}", reason=reason),
            )
        )
        answers = mapping.editor(
            form.mapping, quarantine_samples(view.ws, chosen, reason=reason), f"logs.retry.{chosen}"
        )
        order = st.selectbox(
            phrase("Dates"),
            list(_AS_BEFORE),
            format_func=lambda order: localise(_AS_BEFORE[order]),
            key="logs.retry.order",
        )
        lenient = st.checkbox(
            phrase("Fill up rows that are too short, cut those too long"),
            key="logs.retry.lenient",
            help=phrase(
                "Missing cells are taken as empty at the end; what is beyond the header is left out."
            ),
        )
        try:
            trial = try_retry(
                view.ws, chosen, maps=answers, reason=reason, lenient=lenient, date_order=order or None
            )
        except PlumblineError as error:
            empty_states.show_error(error)
            return
        stay = ", ".join(
            phrase("{why} in {n}", why=escape(localise(why.replace("_", " "))), n=numbers.count(n))
            for why, n in trial.reasons.items()
        )
        fits = numbers.count(len(trial.fits))
        st.markdown(
            phrase("{rows} rows would load so.", rows=cards.word("pass" if trial.fits else "watch", fits))
            + (phrase(" The rest stays: {stay}.", stay=stay) if stay else "")
        )
        if permissions.button(
            phrase("Load these {fits} rows", fits=fits),
            permissions.ANALYST,
            disabled=not trial.fits or jobs.is_load_running(),
            key="logs.retry.go",
        ):
            who = sign_in.actor()
            jobs.start(
                view.ws,
                phrase("Rows of load {chosen}", chosen=chosen),
                lambda say: retry_load(
                    view.ws,
                    chosen,
                    maps=answers,
                    reason=reason,
                    lenient=lenient,
                    date_order=order or None,
                    actor=who,
                    progress=say,
                ),
            )
            admission.finish(view)
