"""The scorecard as a typeset report: the verdict first, then what it rests on."""

from __future__ import annotations

from typing import Any

from plumbline.domain import Condition, ControlResult, Requirement, Scorecard
from plumbline.governance.catalogue import catalogue
from plumbline.governance.frameworks import frameworks
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.performance.money_at_stake import StakeState, stake_state
from plumbline.profile.bins import OUTPUTS
from plumbline.report.charts import drift_bars, trend
from plumbline.report.language import Language, language
from plumbline.report.material import Material
from plumbline.report.translate import REASON, Teller
from plumbline.report.typeset import typeset

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
    card, system, teller = material.answer.card, material.answer.system, Teller(speech)
    since = f", {speech.say('since', day=speech.day(card.since))}" if card.since else ""
    data = {
        **frame(material, speech, speech.say("report")),
        "verdict": _state(card.verdict.value, card.verdict.value, speech),
        "sentence": f"{system.title} {speech.say(card.verdict.value, 'verdict')}{since}.",
        "judged": speech.say("judged", moment=speech.moment(card.at), tier=speech.word(_tier(card))),
        "cautions": " ".join(teller.tell(words) for words in material.answer.measured.cautions),
        "why": {"title": speech.say("why"), "items": [_reason(text, teller) for text in card.reasons[:3]]},
        "stake": _stake(card, teller),
        "next": _next(material, teller),
        "conditions": _conditions("condition", card.conditions, teller),
        "triggers": _conditions("trigger", card.triggers, teller),
        "performance": _performance(material, teller),
        "drift": _drift(material, teller),
        "releases": _releases(material, teller),
        "controls": _controls(card, teller),
        "frameworks": _frameworks(card, speech),
        **_rests(material, speech),
        "limits": {"title": speech.say("limits"), "text": speech.say("limits_text")},
    }  # fmt: skip
    data["limits"]["quoted"] = speech.say("quoted") if teller.quoted else ""
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


def _said(value: str, speech: Language) -> dict[str, str]:
    return _state(value, speech.word(value), speech)


def _reason(text: str, teller: Teller) -> dict[str, Any]:
    found = REASON.match(text)
    if not found:
        return {"text": teller.tell(text), "state": None}
    key, _, status, sentence = found.groups()
    state = _state(status, f"{key} {teller.speech.word(status)}", teller.speech)
    return {"text": teller.tell(sentence), "state": state}


def _stake(card: Scorecard, teller: Teller) -> dict[str, str]:
    speech = teller.speech
    state = stake_state(card.at_stake)
    if state in (StakeState.UNKNOWN, StakeState.NONE):
        return {"title": speech.say("stake"), "amount": "", "sentence": speech.say(f"stake_{state.value}")}
    amount = teller.money(float(card.at_stake["amount"]), str(card.at_stake.get("currency", "")))
    return {
        "title": speech.say("stake"),
        "amount": speech.say("stake_unproven") if state is StakeState.UNPROVEN else amount,
        "sentence": teller.tell(str(card.at_stake.get("sentence", ""))),
    }


def _next(material: Material, teller: Teller) -> dict[str, Any]:
    items, speech = [], teller.speech
    for assigned in material.answer.actions:
        head, _, words = str(assigned).partition(": ")
        words = teller.action(assigned.action.control, words)
        if assigned.action.until:
            until = speech.say("until", day=speech.day(assigned.action.until)).rstrip(".")
            head = f"{assigned.action.control} ({until})"
        due = speech.say("due", day=speech.day(assigned.due)) if assigned.due else ""
        who = ", ".join(part for part in (assigned.owner, due) if part) or speech.say("nobody")
        items.append({"head": head, "text": _unmarked(words[:1].upper() + words[1:]), "who": who})
    return {"title": speech.say("next"), "none": speech.say("nothing_open"), "items": items}


def _unmarked(text: str) -> str:
    """The catalogue marks names of commands with backticks, which print as they are."""
    return text.replace("`", "")


def _conditions(section: str, items: tuple[Condition, ...], teller: Teller) -> dict[str, Any]:
    speech = teller.speech
    return {
        "title": speech.say(f"{section}s"), "note": speech.say(f"{section}s_note"),
        "head": [speech.say(key, "table") for key in ("state", "event", "evidence")],
        "rows": [
            {"state": _said(item.state, speech), "title": speech.title(section, item.key, item.title),
             "text": teller.tell(item.sentence)}
            for item in items
        ],
    }  # fmt: skip


def _performance(material: Material, teller: Teller) -> dict[str, str]:
    found, speech = material.performance, teller.speech
    title = speech.say("performance")
    if found is None:
        why = material.missing.get("performance", speech.say("no_data"))
        return {"title": title, "sentence": why, "svg": "", "note": ""}
    unit = METRICS[found.headline].unit if found.headline in METRICS else ""
    svg = trend(found.of(found.headline), speech, reference=found.system.reference, share=unit == "share")
    note = (
        speech.say("performance_note", metric=teller.metric(found.headline), chunk=speech.word(found.by))
        if svg
        else ""
    )
    note = " ".join(filter(None, (teller.tell(found.selected), note)))
    return {"title": title, "sentence": teller.tell(found.sentence), "svg": svg, "note": note}


def _drift(material: Material, teller: Teller) -> dict[str, str]:
    found, speech = material.drift, teller.speech
    if found is None:
        why = material.missing.get("drift", speech.say("no_data"))
        return {"title": speech.say("drift"), "sentence": why, "svg": "", "note": ""}
    svg = drift_bars(
        [f for f in found.features if f.method == "js" and f.feature not in OUTPUTS], 0.1, speech
    )
    spans = {
        name: _span(span, speech) for name, span in (("window", found.window), ("reference", found.reference))
    }
    note = speech.say("drift_note", **spans) if svg else ""
    note = " ".join((note, *map(teller.tell, found.cautions))).strip()
    return {"title": speech.say("drift"), "sentence": teller.tell(found.sentence), "svg": svg, "note": note}


def _span(span: tuple[Any, Any], speech: Language) -> str:
    return " – ".join(speech.day(at) if at else "…" for at in span)


def _releases(material: Material, teller: Teller) -> dict[str, Any]:
    found, speech = material.releases, teller.speech
    spans = found.releases.spans[-SPANS:] if found else ()
    return {
        "title": speech.say("releases"),
        "sentence": teller.tell(found.releases.sentence) if found else "",
        "head": [speech.say(key, "table") for key in ("version", "first", "last", "decisions")],
        "rows": [
            [s.version or "–", speech.moment(s.start), speech.moment(s.end), speech.number(s.n)]
            for s in spans
        ],
    }


def _controls(card: Scorecard, teller: Teller) -> dict[str, Any]:
    speech = teller.speech
    asked = [c for c in card.controls if c.requirement is not Requirement.NOT_ASKED]
    families = [
        {
            "title": f"{family}: {speech.title('family', family, title)}",
            "rows": [_control(c, teller) for c in asked if c.family == family],
        }
        for family, title in catalogue().families.items()
    ]
    return {
        "title": speech.say("controls"), "note": speech.say("controls_note"),
        "contradiction": speech.say("contradiction"),
        "head": ["", *(speech.say(key, "table") for key in ("control", "status", "asked", "evidence"))],
        "families": [family for family in families if family["rows"]],
    }  # fmt: skip


def _control(result: ControlResult, teller: Teller) -> dict[str, Any]:
    evidence, speech = result.evidence, teller.speech
    more = [speech.say("by", name=evidence.by)] if evidence.by else []
    more += [speech.say("until", day=speech.day(evidence.until))] if evidence.until else []
    return {
        "id": result.id, "title": speech.title("control", result.id, result.title),
        "state": _said(result.status.value, speech),
        "asked": speech.word(result.requirement.value),
        "kind": "" if evidence.kind.value == "none" else speech.word(evidence.kind.value),
        "text": teller.tell(evidence.sentence), "more": " ".join(more),
        "contradiction": teller.tell(result.contradiction),
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


def _rests(material: Material, speech: Language) -> dict[str, Any]:
    facts, held = material.answer.measured.facts, material.proof
    state = speech.say("intact" if held.chain.intact else "broken", "rests")
    rows = [("decisions", speech.number(facts.decisions), False)]
    if facts.first_decision and facts.last_decision:
        span = f"{speech.moment(facts.first_decision)} – {speech.moment(facts.last_decision)}"
        rows.append(("span", span, False))
    rows += [
        ("trail", speech.number(held.chain.entries), False), ("trail_state", state, False),
        ("trail_head", held.chain.head, True), ("inputs", held.inputs_sha256, True),
        ("card", held.card_sha256, True), ("catalogue", held.catalogue_sha256, True),
    ]  # fmt: skip
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
                for load in held.loads[-LOADS:]
            ],
        },
    }  # fmt: skip
