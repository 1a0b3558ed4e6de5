"""What the server does by itself, on the Logs page: what became of the last run, and when the next is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from plumbline.answers.operations.runs import BACKUP, CHECK, Run, last_run
from plumbline.answers.operations.schedule import FORMS, Schedule, next_due_time, read_schedule, set_schedule
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase
from plumbline.wording.times import iso_minute


def section(view: View) -> None:
    """The schedule, its last runs, and a form for owners. Folders and addresses are set on the command line alone."""
    with view.ws.read() as cursor:
        item = read_schedule(cursor)
        runs = {kind: last_run(cursor, kind) for kind in (CHECK, BACKUP)}
    if view.system is None and not any(runs.values()):
        return  # whoever loads a first log has other questions
    cards.section(phrase("Schedule"), _sentence(item))
    for kind, words in ((CHECK, "check"), (BACKUP, "backup")):
        run = runs[kind]
        if run is not None:
            _last_run_note(run, words)
    with st.expander(phrase("Change the schedule")), st.form("logs.schedule", border=False):
        check = st.text_input(
            phrase("Pull, take the inbox, check and send"),
            item.check or "off",
            key="logs.schedule.check",
            help=localise(FORMS),
        )
        backup = st.text_input(
            phrase("Copy the workspace"),
            item.backup or "off",
            key="logs.schedule.backup",
            help=phrase("E.g. daily@02:30."),
        )
        days = st.number_input(
            phrase("Keep copies for (days)"), 1, 3650, item.keep_days, key="logs.schedule.days"
        )
        zone = st.text_input(phrase("Time zone"), item.zone, key="logs.schedule.zone")
        by = signed_forms.signature("schedule")
        saved = permissions.submit(phrase("Save the schedule"), permissions.OWNER)
    if saved:
        signed_forms.sign(by)
        set_schedule(
            view.ws, replace(item, check=check, backup=backup, keep_days=int(days), zone=zone.strip()), by=by
        )
        st.rerun()


def _sentence(item: Schedule) -> str:
    now = datetime.now(UTC)
    if not item.check and not item.backup:
        return phrase(
            "Nothing runs automatically yet: sources are pulled and systems are checked when somebody asks."
        )
    parts = []
    if due := next_due_time(item.check, item.zone, now):
        parts.append(
            phrase(
                "Sources are pulled and systems are checked {check}, next at {minute} UTC.",
                check=item.check,
                minute=iso_minute(due),
            )
        )
    if due := next_due_time(item.backup, item.zone, now):
        parts.append(
            phrase(
                "The workspace is copied {backup}, next at {minute} UTC; copies stay {keep_days} days.",
                backup=item.backup,
                minute=iso_minute(due),
                keep_days=item.keep_days,
            )
        )
    if item.inbox:
        parts.append(phrase("An inbox is taken."))
    if item.heartbeat_host:
        parts.append(phrase("The heartbeat goes to {host}.", host=item.heartbeat_host))
    return " ".join(parts)


def _last_run_note(run: Run, words: str) -> None:
    at = (run.ended or run.began).replace("T", " ")[:16]
    if run.is_running:
        cards.note(phrase("The {words} of {at} UTC has not ended.", words=words, at=at))
    elif run.faults:
        st.warning(
            escape(
                phrase("The last {words}, at {at} UTC, failed in part. ", words=words, at=at)
                + " ".join(f"{key.replace('/', ', ')}: {why}" for key, why in list(run.faults.items())[:5])
            )
        )
    else:
        cards.note(
            phrase(
                "The last {words} ended at {at} UTC. {sentence}", words=words, at=at, sentence=run.sentence
            )
        )
