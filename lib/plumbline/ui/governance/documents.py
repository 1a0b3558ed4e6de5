"""Documents on the Governance page: made here, added to by people where the log cannot know, and reviewed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from plumbline.answers.governance import documents as kept
from plumbline.answers.governance.documents import Version
from plumbline.domain import System
from plumbline.report.documents import Sections, fill_documents, save_statements, tally
from plumbline.report.issue import issue_document
from plumbline.report.language import language, language_names
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.document_language import document_language
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import code as reader_code
from plumbline.wording.language import phrase

MIME = "application/pdf"
ROW = 3  # documents side by side


def section(view: View, system: System) -> None:
    """Each document with how much of it is known; texts for the rest; versions and their reviews."""
    cards.note(
        phrase(
            "Filled in from the log, the registries and what people state. A review of the "
            "technical documentation with no item open answers CMP-3. An outline to work from, "
            "not legal advice."
        )
    )
    code = document_language(language_names(), default=reader_code(), key="governance.documents.language")
    filled = ask(view, fill_documents, system.key, code)
    places = [column for _ in range(0, len(filled), ROW) for column in st.columns(ROW, gap="medium")]
    for place, (key, sections) in zip(places, filled.items(), strict=False):
        known, items = tally(sections)
        with place, st.container(border=True):
            state = cards.word(
                "pass" if known == items else "partial",
                phrase("{known} of {items} items known", known=known, items=items),
            )
            st.markdown(f"**{escape(language(code).say(key, 'document'))}**  \n{state}")
            st.download_button(
                phrase("Make and download"),
                data=_maker(view, system.key, key, code),
                mime=MIME,
                width="stretch",
                file_name=f"plumbline-{system.key}-{key.replace('_', '-')}.pdf",
                on_click="rerun",
                icon=":material/download:",
                key=f"governance.documents.{key}",
            )
    _versions(view, system)
    _texts(view, system, filled, code)


def _maker(view: View, key: str, kind: str, code: str) -> Callable[[], bytes]:
    actor = sign_in.actor()
    return lambda: issue_document(view.ws, key, kind, language_code=code, actor=actor).content


def _versions(view: View, system: System) -> None:
    cards.section(
        phrase("Versions"), phrase("Each is kept as it was made, by its hash. A review is of one version.")
    )
    versions = kept.versions(view.ws, system.key)
    if not versions:
        st.markdown(
            phrase("None was made yet. Make one, read it, and come back to say that you reviewed it.")
        )
        return
    cards.table(
        [_row(v) for v in versions[:12]],
        alt=phrase("Versions: document, made, language, open items, hash, reviewed"),
    )
    by_hash = {v.sha256: v for v in versions[:50]}
    with st.form("governance.review", border=False):
        left, right = st.columns(2, gap="large")
        chosen = left.selectbox(
            phrase("Version"),
            list(by_hash),
            key="governance.review.version",
            format_func=lambda h: _name(by_hash[h]),
        )
        with right:
            by = signed_forms.signature("review")
        saved = permissions.submit(
            phrase("I reviewed this version"), permissions.OWNER, type=cards.leading_type()
        )
    if saved and chosen:
        signed_forms.sign(by)
        kept.review(view.ws, system.key, str(chosen), by=by)
        st.rerun()
    chosen = str(chosen or versions[0].sha256)
    st.download_button(
        phrase("Download this version"),
        data=partial(_content, view, chosen),
        on_click="ignore",
        mime=MIME,
        file_name=f"plumbline-{system.key}-{by_hash[chosen].kind.replace('_', '-')}-{chosen[:12]}.pdf",
        key="governance.review.file",
        icon=":material/download:",
    )


def _content(view: View, sha256: str) -> bytes:
    from plumbline.answers.statements import evidence_file

    return evidence_file(view.ws, sha256)[1]


def _name(version: Version) -> str:
    title = language("en").say(version.kind, "document")
    return f"{title}, {version.language}, {numbers.moment(version.made_at)}, {version.sha256[:12]}"


def _row(version: Version) -> dict[str, object]:
    reviewed = [f"{escape(r.by, 40)}, {numbers.day(r.at)}" for r in version.reviews]
    return {
        "Document": escape(language("en").say(version.kind, "document")),
        "Made": phrase(
            "{made_at} by {made_by}",
            made_at=numbers.moment(version.made_at),
            made_by=escape(version.made_by, 40),
        ),
        "Language": str(language(version.language).texts["name"]),
        "Open items": phrase("{open} of {items}", open=version.open, items=version.items),
        "SHA-256": escape(version.sha256[:12]),
        "Reviewed": "  \n".join(reviewed) or cards.word("open", phrase("by nobody yet")),
    }


def _texts(view: View, system: System, filled: dict[str, Sections], code: str) -> None:
    """What only people know: a text for each item that is open or has one already."""
    cards.section(
        phrase("What the log cannot know"),
        phrase("Each text stands in the document with who states it, and when."),
    )
    speech, statements = language(code), kept.document_texts(system)
    key = str(
        st.segmented_control(
            phrase("Document"),
            list(filled),
            default="annex_iv",
            required=True,
            key="governance.documents.kind",
            format_func=lambda k: speech.say(k, "document"),
            label_visibility="collapsed",
        )
    )
    texts: dict[str, str] = {}
    with st.form(f"governance.texts.{key}", border=False):
        for title, items in filled[key]:
            for item in items:
                if item.known and not item.stated:
                    continue
                text = st.text_area(
                    one_line(f"{title}: {item.name}", 160),
                    value=statements[item.key].text if item.key in statements else "",
                    key=f"governance.{system.key}.text.{item.key}",
                    max_chars=kept.LONGEST,
                    height=80,
                    help=escape(item.source),
                    placeholder=one_line(item.source, 120),
                )
                texts[item.key] = str(text or "")
        by = signed_forms.signature("texts")
        saved = permissions.submit(phrase("Save texts"), permissions.OWNER, type=cards.leading_type())
    if saved:
        signed_forms.sign(by)
        save_statements(view.ws, system.key, texts, by=by)
        st.rerun()
