"""A decision's record on paper (PDF) and as data (JSON), in the reader's language; each issue goes on the trail."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from plumbline.answers.decisions.context import FeaturePosition
from plumbline.answers.decisions.counterfactual import Counterfactual
from plumbline.answers.decisions.record import DecisionRecord, Reason, note_record, record
from plumbline.domain import AttributionSource, PlumblineError, magnitude_order
from plumbline.domain.json_values import json_value
from plumbline.domain.messages import NOTHING, in_form
from plumbline.explain.explanation import RECORDED, REMAINDER, UNKNOWN
from plumbline.profile.scan.identical_inputs import EXAMPLES
from plumbline.report.issue import IssuedDocument
from plumbline.report.language import Language, typographic
from plumbline.report.translation import Translator, translate
from plumbline.report.typeset import typeset
from plumbline.store.workspace import Workspace

#: the languages of records; those of reports are ``language.LANGUAGES``
RECORD_LANGUAGES = ("en", "de", "fr")
KINDS = (".pdf", ".json")
SHOWN = 12  # contributions and inputs that are printed; the JSON has all
LONGEST = 400
#: baselines that tell a person nothing
UNSAYABLE = (NOTHING, UNKNOWN, RECORDED, REMAINDER)


@cache
def record_language(code: str) -> Language:
    """The words of a record.

    Raises:
        PlumblineError: there are no records in that language.
    """
    if code not in RECORD_LANGUAGES:
        raise PlumblineError(
            f"There are no records in {code!r}", todo=f"Use one of: {', '.join(RECORD_LANGUAGES)}."
        )
    text = (resources.files("plumbline.report") / "texts" / f"record.{code}.toml").read_text("utf-8")
    return Language(code, tomllib.loads(text if code == "de" else typographic(text, code)))


def issue_record(
    ws: Workspace, key: str, decision_id: str, ending: str, *, language_code: str = "en", on: date, actor: str
) -> IssuedDocument:
    """Make a decision's record, dated ``on``, and put its hash on the trail.

    Raises:
        PlumblineError: no such system, decision, kind or language.
    """
    if ending not in KINDS:
        raise PlumblineError(f"No record ends in {ending!r}", todo=f"Use one of: {', '.join(KINDS)}.")
    speech = record_language(language_code)
    decision_record = record(ws, key, decision_id)
    content = (
        record_pdf(decision_record, speech, on)
        if ending == ".pdf"
        else record_json(decision_record, speech, on)
    )
    digest = hashlib.sha256(content).hexdigest()
    note_record(
        ws, decision_record, kind="decision record", sha256=digest, actor=actor, language=language_code
    )
    name = f"decision-{decision_record.row.replace(':', '-')}{ending}"
    return IssuedDocument(name=name, kind="decision record", sha256=digest, content=content)


def record_pdf(record: DecisionRecord, speech: Language, on: date) -> bytes:
    """The record as PDF: the same record and date give the same bytes."""
    return typeset("decision", record_data(record, speech, on))


def record_json(record: DecisionRecord, speech: Language, on: date) -> bytes:
    """The record as JSON: all values, and under ``document`` the words that the PDF prints."""
    body = {
        "issued": on.isoformat(),
        "record": json_value(record),
        "document": record_data(record, speech, on),
    }
    return (json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def record_data(record: DecisionRecord, speech: Language, on: date) -> dict[str, Any]:
    """Everything the template prints, as JSON values; all of it text, nothing of it markup."""
    say = speech.say
    return {
        "lang": speech.code, "date": [on.year, on.month, on.day], "kind": say("record"),
        "title": f"{say('record')}: {_cut(record.decision_id)}", "heading": say("heading", id=_cut(record.decision_id)),
        "header": f"{_cut(record.title)} · {say('record')}", "header_right": speech.day(on),
        "footer": f"Plumbline · {record.file_sha256[:16]}", "page": str(speech.texts["say"]["page"]),
        "lead": say(
            "lead", system=_cut(record.title), moment=speech.moment(record.at), outcome=_value(record.outcome, speech)
        ),
        "facts": {"title": say("facts"), "rows": _facts(record, speech)},
        "why": {
            "title": say("why"), "note": _reason_note(record, speech),
            "alerts": [_render(a, speech) for a in record.alerts],
            "alert": say("alert"),
            "items": [_reason(r, record, speech) for r in record.reasons],
        },
        "changed": {"title": say("changed"), **_counterfactual_items(record, speech)},
        "inputs": {
            "title": say("inputs"), "note": say("inputs_note"),
            "head": [say(k, "table") for k in ("input", "value", "median", "place", "effect")],
            "rows": [_input(p, record, speech) for p in _ranked_inputs(record)],
        },
        "basis": {
            "title": say("basis"),
            "rows": [[say(k, "basis"), v] for k, v in _basis(record, speech) if v],
            "note": _basis_note(record, speech),
        },
        "comments": {
            "title": say("comments"),
            "rows": [[f"{_cut(c.by)}, {speech.moment(c.at)}", c.text] for c in record.comments],
        },
        "contest": {"title": say("contest"), "text": record.contest or say("contest_text"), "contact": record.contact},
        "law": {"title": say("law"), "text": say("law_text")},
        "evidence": {"title": say("evidence"), "rows": [[say(k, "evidence"), v] for k, v in _evidence(record)]},
        "limits": {"title": say("limits"), "text": say("limits_text")},
    }  # fmt: skip


def _reason(reason: Reason, record: DecisionRecord, speech: Language) -> str:
    key = "reason_low" if reason.contribution < 0 else "reason_high"
    value = _value(reason.value, speech)
    if reason.members:
        value = ", ".join(f"{_words(name, record)} {_value(held, speech)}" for name, held in reason.members)
    return speech.say(key, words=_cut(reason.words), value=value)


def _facts(record: DecisionRecord, speech: Language) -> list[list[str]]:
    rows = [
        ("decision", _cut(record.decision_id)), ("when", speech.moment(record.at)), ("system", _cut(record.title)),
        ("version", _cut(record.version) or speech.say("unknown")),
        (
            "role",
            speech.say(record.role, "role") if record.role in speech.texts["role"] else speech.say("role_unknown"),
        ),
        ("outcome", _value(record.outcome, speech)),
        ("score", speech.say("unknown") if record.score is None else _number(record.score, speech)),
        ("cut_off", "" if record.cut_off is None else _number(record.cut_off, speech)),
        ("override", _override(record, speech)),
        ("label", _label(record, speech)),
        ("same", _same_inputs_sentence(record, speech)),
    ]  # fmt: skip
    return [[speech.say(name, "fact"), value] for name, value in rows if value]


def _label(record: DecisionRecord, speech: Language) -> str:
    if record.label is None:
        return speech.say("no_label")
    value = _value(record.label, speech)
    if record.label_time is None:
        return value
    return speech.say("label_known", value=value, moment=speech.moment(record.label_time))


def _same_inputs_sentence(record: DecisionRecord, speech: Language) -> str:
    """Whether others with the same inputs were answered otherwise: left out where nobody had the same."""
    if not record.same_inputs:
        return ""
    n, m = speech.number(record.same_inputs), speech.number(record.answered_otherwise)
    if record.same_inputs >= EXAMPLES:  # no more were looked at
        n, m = speech.say("at_least", n=n), speech.say("at_least", n=m)
    return speech.say("same_inputs", n=n, m=m)


def _override(record: DecisionRecord, speech: Language) -> str:
    if record.override is None:
        return speech.say("no_override")
    key = "confirmed" if record.override == record.outcome else "overruled"
    return speech.say(key, value=_value(record.override, speech))


def _reason_note(record: DecisionRecord, speech: Language) -> str:
    if record.explanation.refused:
        return speech.say("not_explained")
    if record.approximate:
        return speech.say("approximate")
    if not record.reasons:
        return speech.say("no_reasons")
    baseline = translate(record.explanation.baseline, speech)
    if baseline is None or record.explanation.baseline in UNSAYABLE:
        return speech.say("why_note")
    return speech.say("why_note") + " " + speech.say("against", baseline=baseline)


def _counterfactual_items(record: DecisionRecord, speech: Language) -> dict[str, Any]:
    items: list[str] = []
    if record.changed is not None:
        for way in record.changed.ways:
            text = speech.say(
                "way",
                changes=_changes(way, record, speech),
                score=_number(way.score, speech),
                outcome=_cut(record.changed.outcome),
            )
            items.append(text if way.is_plausible else f"{text} {speech.say('unusual')}")
    if items:
        note = speech.say("changed_note")
    elif record.changed is not None and record.changed.ended != "problem":
        note = speech.say(record.changed.ended, "ended", scored=speech.number(record.changed.scored))
    elif record.comparable is not None:
        near = record.comparable.decision
        apart = [
            f"{_words(name, record)}: {_value(value, speech)}"
            for name, value in near.features.items()
            if value != record.explanation.values.get(name)
        ]
        note = speech.say(
            "comparable", outcome=_value(near.prediction, speech), differing="; ".join(apart[:SHOWN])
        )
    elif record.changed is not None:
        note = speech.say("problem", "ended")
    else:
        note = speech.say("not_sought")
    return {"items": items, "note": note}


def _changes(way: Counterfactual, record: DecisionRecord, speech: Language) -> str:
    parts = [
        speech.say(
            "change",
            feature=_words(c.feature, record),
            was=_value(c.was, speech),
            then=_value(c.then, speech),
        )
        for c in way.changes
    ]
    return speech.say("and").join(parts)


def _ranked_inputs(record: DecisionRecord) -> list[FeaturePosition]:
    parts = record.explanation.attributions if not record.approximate else {}
    order = [name for name, _ in magnitude_order(parts)]
    place = {name: i for i, name in enumerate(order)}
    return sorted(record.inputs, key=lambda p: place.get(p.feature, len(order)))[:SHOWN]


def _input(placed: FeaturePosition, record: DecisionRecord, speech: Language) -> list[str]:
    part = None if record.approximate else record.explanation.attributions.get(placed.feature)
    unused = speech.say("not_used") if record.explanation.source is AttributionSource.MODEL else "–"
    share = "–" if placed.share is None else speech.share(placed.share)
    key = "at_or_below" if placed.numeric else "have_it"
    return [
        _words(placed.feature, record), _value(placed.value, speech), _value(placed.median, speech),
        share if placed.share is None else speech.say(key, share=share),
        unused if part is None else _signed_number(part, speech) + _error(placed.feature, record, speech),
    ]  # fmt: skip


def _error(feature: str, record: DecisionRecord, speech: Language) -> str:
    """The standard error of an estimated contribution."""
    error = record.explanation.errors.get(feature)
    return "" if error is None else f" ± {_number(float(f'{error:.2g}'), speech)}"


def _basis(record: DecisionRecord, speech: Language) -> list[tuple[str, str]]:
    explanation = record.explanation
    space = str(speech.texts["space"].get(explanation.output_space, explanation.output_space))
    return [
        ("source", speech.say("none" if explanation.refused else explanation.source.value, "source")),
        ("space", space), ("base", "" if explanation.refused else _number(explanation.base_value, speech)),
        *((k, _render(v, speech)) for k, v in _method_texts(record).items()),
    ]  # fmt: skip


def _method_texts(record: DecisionRecord) -> dict[str, str]:
    held = record.explanation
    return {"baseline": held.baseline, "method": held.method, "check": held.check}


def _basis_note(record: DecisionRecord, speech: Language) -> str:
    """What holds of the figures, and that something is quoted where the language has no words for it."""
    notes = [] if record.explanation.refused else [speech.say("basis_note")]
    if record.sample:
        notes.append(Translator(speech, printed=True).text(record.sample))
    lines = [*_method_texts(record).values(), *record.alerts, record.sample]
    if not all(translate(text, speech) is not None for text in lines if text):
        notes.append(speech.say("quoted"))
    return " ".join(notes)


def _render(text: str, speech: Language) -> str:
    """What measuring says of itself, in the language where it has the words; a sentence begins with a capital."""
    return _cut(in_form(Translator(speech, printed=True).text(text), "capital"))


def _evidence(record: DecisionRecord) -> list[tuple[str, str]]:
    rows = [
        ("file", _cut(record.file)), ("file_sha256", record.file_sha256), ("row", record.row),
        ("model", _cut(record.model_name)), ("model_sha256", record.model_sha256),
        ("made_by", f"Plumbline {record.plumbline}"),
    ]  # fmt: skip
    return [(name, value) for name, value in rows if value]


def _words(feature: str, record: DecisionRecord) -> str:
    return _cut(record.words.get(feature) or feature)


def _value(value: Any, speech: Language) -> str:
    if value is None or value != value:
        return speech.say("missing")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _cut(value)
    return _number(float(value), speech)


def _number(value: float, speech: Language) -> str:
    """Whole numbers whole, others to four significant digits, without zeros that nobody measured."""
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 1e12:
        return speech.number(value)
    digits = min(max(3 - math.floor(math.log10(abs(value))), 0), 9)
    written = f"{value:.{digits}f}"
    return speech.number(value, len(written.rstrip("0").partition(".")[2]))


def _signed_number(value: float, speech: Language) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{_number(float(f'{abs(value):.3g}'), speech)}"


def _cut(value: object) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
