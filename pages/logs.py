"""Load a log, correct what its columns mean, see what came in, mend what did not, take it back."""

import streamlit as st

from plumbline.answers.data.load import logs_of
from plumbline.ui import shell
from plumbline.ui.logs import erase, loads, model_files, quarantine, schedule, schema_changes, sources
from plumbline.ui.logs import upload as uploads
from plumbline.ui.parts import cards, openings

view = shell.view()

logs = logs_of(view.ws, view.system.key) if view.system else None
heading = st.container()
loads.result()

cards.section("Load a log", "Or a labels file, with decision ids and outcomes: it is recognised by itself.")
upload = uploads.drop(view)
with heading:
    cards.opening(*(openings.logs(view, logs) if upload is None else openings.new_file(upload.path.name)))
if upload is not None:
    upload = sources.sheet(upload)
    title = uploads.target(view, upload)
    found = uploads.first_look(view, upload, title)
    if found is not None:
        uploads.describe(found)
        settled = uploads.correct(view, found, upload, title)
        if settled is not None:
            uploads.load(view, upload, title, found, settled)
uploads.finish(view)

if (
    logs is not None and logs.loads and upload is None
):  # what is below is about a system, not about the open file
    cards.section("Loads so far")
    loads.table(logs.loads)
    loads.undo(view, logs.loads)
    schema_changes.table(logs.changes)
    loads.roles(view)
    erase.section(view)
    loads.remove(view)
if upload is None:
    quarantine.section(view)
    sources.remembered(view)
    schedule.section(view)
    model_files.section(view)
