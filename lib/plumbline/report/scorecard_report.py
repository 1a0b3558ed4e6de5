"""The scorecard as a typeset report: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import Any

from plumbline.domain import Condition, ControlResult, Requirement, Scorecard
from plumbline.governance.catalogue import catalogue
from plumbline.governance.frameworks import frameworks
from plumbline.governance.verdict import verdict_reason
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.performance.money_at_stake import StakeState, stake_state
from plumbline.profile.bins import OUTPUTS
from plumbline.report.charts import drift_bars, trend
from plumbline.report.language import Language, language
from plumbline.report.material import Material
from plumbline.report.signature import public_key_or_empty, verifier_sha256
from plumbline.report.translation import Translator
from plumbline.report.typeset import typeset
from plumbline.store.cache.samples import without_sample

TONES = {
    "pass": "pass", "cleared": "pass", "MANAGED": "pass", "MATURE": "pass",
    "partial": "watch", "open": "watch", "EXPOSED": "watch",
    "fail": "fail", "met": "fail", "LIABILITY": "fail",
}  # fmt: skip
SPANS, LOADS = 40, 40  # rows of a table at most; the evidence pack has all


def scorecard_pdf(material: Material, code: str) -> bytes:
    """The report as PDF, dated at the scorecard's own moment: the same scorecard gives the same bytes.

    Raises:
        PlumblineError: there are no documents in that language.
    """
    return typeset("report", report_data(material, language(code)))


def report_data(material: Material, speech: Language) -> dict[str, Any]:
    """Everything the report's template prints, as JSON values; all of it text, nothing of it markup."""
    card, system, translator = material.answer.card, material.answer.system, Translator(speech)
    since = f", {speech.say('since', day=speech.day(card.since))}" if card.since else ""
    data = {
        **frame(material, speech, speech.say("report")),
        "verdict": _state(card.verdict.value, card.verdict.words, speech),
        "sentence": f"{system.title} {speech.say(card.verdict.value, 'verdict')}{since}.",
        "judged": speech.say("judged", moment=speech.moment(card.at), tier=speech.word(_tier(card))),
        "cautions": " ".join(translator.text(words) for words in material.answer.measured.cautions),
        "why": {"title": speech.say("why"), "items": _reasons(card, translator)},
        "stake": _stake(card, translator),
        "next": _next_actions(material, translator),
        "conditions": _conditions("condition", card.conditions, translator),
        "triggers": _conditions("trigger", card.triggers, translator),
        "sign": {
            "title": speech.say("sign"),
            "fields": [speech.say(f"sign_{field}") for field in ("name", "day", "hand")],
        },
        "performance": _performance(material, translator),
        "drift": _drift(material, translator),
        "releases": _releases(material, translator),
        "controls": _controls(card, translator),
        "frameworks": _frameworks(card, speech),
        **_provenance(material, speech),
        "limits": {"title": speech.say("limits"), "text": speech.say("limits_text")},
    }  # fmt: skip
    data["limits"]["quoted"] = speech.say("quoted") if translator.quoted else ""
    return data


def frame(material: Material, speech: Language, kind: str) -> dict[str, Any]:
    """What every document's pages carry: title, date, running head and foot."""
    card, title = material.answer.card, material.answer.system.title
    return {
        "kind": kind, "title": f"{kind}: {title}", "lang": speech.code,
        "date": [card.at.year, card.at.month, card.at.day], "header": f"{title} · {kind}",
        "header_right": speech.day(card.at), "footer": f"Plumbline · {material.proof.card_sha256[:16]}",
        "page": str(speech.texts["say"]["page"]),
    }  # fmt: skip


def _tier(card: Scorecard) -> str:
    return "exempt_tier" if card.tier.value == "exempt" else card.tier.value


def _state(value: str, word: str, speech: Language) -> dict[str, str]:
    return {"tone": TONES.get(value, "unknown"), "word": word}


def _state_word(value: str, speech: Language) -> dict[str, str]:
    return _state(value, speech.word(value), speech)


def _reasons(card: Scorecard, translator: Translator) -> list[dict[str, Any]]:
    """The first reasons; one that is a control's has its state beside the evidence."""
    controls = {verdict_reason(control): control for control in card.controls}
    items: list[dict[str, Any]] = []
    for reason in card.reasons[:3]:
        control = controls.get(reason)
        if control is None:
            items.append({"text": translator.text(reason), "state": None})
            continue
        status = control.status.value
        state = _state(status, f"{control.id} {translator.speech.word(status)}", translator.speech)
        items.append({"text": translator.text(control.evidence.sentence), "state": state})
    return items


def _stake(card: Scorecard, translator: Translator) -> dict[str, str]:
    speech = translator.speech
    state = stake_state(card.at_stake)
    if state in (StakeState.UNKNOWN, StakeState.NONE):
        return {"title": speech.say("stake"), "amount": "", "sentence": speech.say(f"stake_{state.value}")}
    amount = translator.money(float(card.at_stake["amount"]), str(card.at_stake.get("currency", "")))
    return {
        "title": speech.say("stake"),
        "amount": speech.say("stake_unproven") if state is StakeState.UNPROVEN else amount,
        "sentence": translator.text(card.at_stake.get("sentence", "")),
    }


def _next_actions(material: Material, translator: Translator) -> dict[str, Any]:
    items, speech = [], translator.speech
    for assigned in material.answer.actions:
        head = assigned.action.control
        words = translator.catalogue_text(assigned.action.words, "action")
        if assigned.action.until:
            until = speech.say("until", day=speech.day(assigned.action.until)).rstrip(".")
            head = f"{assigned.action.control} ({until})"
        due = speech.say("due", day=speech.day(assigned.due)) if assigned.due else ""
        who = ", ".join(part for part in (assigned.owner, due) if part) or speech.say("nobody")
        items.append({"head": head, "text": _strip_backticks(words[:1].upper() + words[1:]), "who": who})
    return {"title": speech.say("next"), "none": speech.say("nothing_open"), "items": items}


def _strip_backticks(text: str) -> str:
    """The catalogue marks names of commands with backticks, which print as they are."""
    return text.replace("`", "")


def _conditions(section: str, items: tuple[Condition, ...], translator: Translator) -> dict[str, Any]:
    speech = translator.speech
    return {
        "title": speech.say(f"{section}s"), "note": speech.say(f"{section}s_note"),
        "head": [speech.say(key, "table") for key in ("state", "event", "evidence")],
        "rows": [
            {"state": _state_word(item.state, speech), "title": _numbered_title(item,
            speech.title(section, item.key, item.title)),
             "text": translator.text(item.sentence)}
            for item in items
        ],
    }  # fmt: skip


def _numbered_title(item: Condition, title: str) -> str:
    return f"{item.number} {title}" if item.number else title


def _missing_reason(material: Material, name: str, translator: Translator) -> str:
    """Why a signal is not in the report."""
    error = material.missing.get(name)
    if error is None:
        return translator.speech.say("no_data")
    return translator.error(error)


def _performance(material: Material, translator: Translator) -> dict[str, str]:
    answer, speech = material.performance, translator.speech
    title = speech.say("performance")
    if answer is None:
        return {
            "title": title,
            "sentence": _missing_reason(material, "performance", translator),
            "svg": "",
            "note": "",
        }
    unit = METRICS[answer.headline].unit if answer.headline in METRICS else ""
    svg = trend(
        answer.points_of(answer.headline), speech, reference=answer.system.reference, share=unit == "share"
    )
    note = (
        speech.say(
            "performance_note", metric=translator.metric(answer.headline), chunk=speech.word(answer.by)
        )
        if svg
        else ""
    )
    note = " ".join(filter(None, (translator.text(answer.selected), note)))
    return {"title": title, "sentence": translator.text(answer.sentence), "svg": svg, "note": note}


def _drift(material: Material, translator: Translator) -> dict[str, str]:
    answer, speech = material.drift, translator.speech
    if answer is None:
        why = _missing_reason(material, "drift", translator)
        return {"title": speech.say("drift"), "sentence": why, "svg": "", "note": ""}
    svg = drift_bars(
        [f for f in answer.features if f.method == "js" and f.feature not in OUTPUTS], 0.1, speech
    )
    spans = {
        name: _span(span, speech)
        for name, span in (("window", answer.window), ("reference", answer.reference))
    }
    note = speech.say("drift_note", **spans) if svg else ""
    note = " ".join((note, *map(translator.text, without_sample(answer.cautions)))).strip()
    return {
        "title": speech.say("drift"),
        "sentence": translator.text(answer.sentence),
        "svg": svg,
        "note": note,
    }


def _span(span: tuple[Any, Any], speech: Language) -> str:
    return " – ".join(speech.day(at) if at else "…" for at in span)


def _releases(material: Material, translator: Translator) -> dict[str, Any]:
    answer, speech, zone = material.releases, translator.speech, material.answer.system.timezone
    spans = answer.releases.spans[-SPANS:] if answer else ()
    return {
        "title": speech.say("releases"),
        "sentence": translator.text(answer.releases.sentence) if answer else "",
        "head": [speech.say(key, "table") for key in ("version", "first", "last", "decisions")],
        "rows": [
            [s.version or "–", speech.moment(s.start, zone), speech.moment(s.end, zone), speech.number(s.n)]
            for s in spans
        ],
    }


def _controls(card: Scorecard, translator: Translator) -> dict[str, Any]:
    speech = translator.speech
    results = [c for c in card.controls if c.requirement is not Requirement.NOT_ASKED]
    families = [
        {
            "title": f"{family}: {speech.title('family', family, title)}",
            "rows": [_control(c, translator) for c in results if c.family == family],
        }
        for family, title in catalogue().families.items()
    ]
    return {
        "title": speech.say("controls"), "note": speech.say("controls_note"),
        "contradiction": speech.say("contradiction"),
        "head": ["", *(speech.say(key, "table") for key in ("control", "status", "asked", "evidence"))],
        "families": [family for family in families if family["rows"]],
    }  # fmt: skip


def _control(result: ControlResult, translator: Translator) -> dict[str, Any]:
    evidence, speech = result.evidence, translator.speech
    more = [speech.say("by", name=evidence.by)] if evidence.by else []
    more += [speech.say("until", day=speech.day(evidence.until))] if evidence.until else []
    return {
        "id": result.id, "title": speech.title("control", result.id, result.title),
        "state": _state_word(result.status.value, speech),
        "asked": speech.word(result.requirement.value),
        "kind": "" if evidence.kind.value == "none" else speech.word(evidence.kind.value),
        "text": translator.text(evidence.sentence), "more": " ".join(more),
        "contradiction": translator.text(result.contradiction),
    }  # fmt: skip


def _frameworks(card: Scorecard, speech: Language) -> dict[str, Any]:
    items = []
    for page in frameworks(card.controls):
        rows = [
            [
                row.reference,
                speech.title("subject", row.reference, row.subject),
                ", ".join(row.passing) or "–",
                ", ".join(row.open) or "–",
            ]
            for row in page.rows
            if row.passing or row.open
        ]
        if rows:
            title = speech.title("framework", page.title, page.title)
            items.append({"title": title, "note": speech.day(page.as_of), "rows": rows})
    return {
        "title": speech.say("frameworks"), "note": speech.say("frameworks_note"), "items": items,
        "head": [speech.say(key, "table") for key in ("reference", "subject", "passing", "open")],
    }  # fmt: skip


def _provenance(material: Material, speech: Language) -> dict[str, Any]:
    facts, proof = material.answer.measured.facts, material.proof
    state = speech.say("intact" if proof.chain.intact else "broken", "rests")
    rows = [("decisions", speech.number(facts.decisions), False)]
    if facts.first_decision and facts.last_decision:
        zone = material.answer.system.timezone
        span = f"{speech.moment(facts.first_decision, zone)} – {speech.moment(facts.last_decision, zone)}"
        rows.append(("span", span, False))
    rows += [
        ("trail", speech.number(proof.chain.entries), False), ("trail_state", state, False),
        ("trail_head", proof.chain.head, True), ("inputs", proof.inputs_sha256, True),
        ("card", proof.card_sha256, True), ("catalogue", proof.catalogue_sha256, True),
        ("verifier", verifier_sha256(), True), ("key", public_key_or_empty(), True),
    ]  # fmt: skip
    rows = [row for row in rows if row[1]]
    return {
        "rests": {
            "title": speech.say("rests"), "note": speech.say("rests_note"),
            "head": [speech.say("item", "table"), speech.say("value", "table")],
            "rows": [
                {"name": speech.say(name, "rests"), "value": value, "hash": is_hash} for name, value, is_hash in rows
            ],
        },
        "loads": {
            "head": [speech.say(key, "table") for key in ("load", "file", "rows", "hash")],
            "rows": [
                [str(load.load_id), load.file, speech.number(load.rows_loaded or load.labels_joined), load.sha256]
                for load in proof.loads[-LOADS:]
            ],
        },
    }  # fmt: skip
