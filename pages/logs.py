"""Load a log, correct what its columns mean, see what came in, mend what did not, take it back."""

import streamlit as st

from plumbline.answers.data.load import system_loads
from plumbline.ui import shell
from plumbline.ui.language import phrase
from plumbline.ui.logs import (
    admission,
    erase,
    group,
    loads,
    model_files,
    quarantine,
    roles,
    schedule,
    schema_changes,
    sources,
    spool,
)
from plumbline.ui.logs import upload as uploads
from plumbline.ui.parts import cards, openings

view = shell.view()

logs = system_loads(view.ws, view.system.key) if view.system else None
heading = st.container()
loads.result()

upload, others = group.split(view, spool.drop(view))
with heading:
    cards.opening(
        *(
            openings.logs(view, logs)
            if upload is None
            else openings.new_file_opening(upload.path.name, len(others))
        )
    )
if upload is not None:
    upload = sources.sheet(upload)
    title = uploads.target(view, upload)
    found = uploads.first_look(view, upload, title)
    if found is not None:
        uploads.describe(found)
        settled = uploads.correct(view, found, upload, title)
        if settled is not None:
            admission.load(view, upload, others, title, settled)
admission.finish(view)

if logs is not None and upload is None:  # what is below is about a system, not about the open file
    quarantine.section(view)
    held, columns, timed, models, gone = st.tabs(
        [
            phrase("Loads"),
            phrase("Roles of the columns"),
            phrase("Schedule and sources"),
            phrase("Model files"),
            phrase("Erase"),
        ]
    )
    with held:
        loads.table(logs.loads)
        loads.undo(view, logs.loads)
        schema_changes.table(logs.changes)
    with columns:
        roles.section(view)
    with timed:
        sources.source_list(view)
        schedule.section(view)
    with models:
        model_files.section(view)
    with gone:
        erase.section(view)
        loads.remove(view)
elif upload is None:
    schedule.section(view)
