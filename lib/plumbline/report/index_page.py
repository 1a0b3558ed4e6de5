"""The first page of a pack: the report as one HTML file that needs nothing beside it, not even a network.

It is made from the same data as the typeset report, with the same pictures. Every text is escaped, nothing runs, and
the page itself forbids whatever it does not hold (``Content-Security-Policy``).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from typing import Any

from plumbline.report.language import Language
from plumbline.report.material import Material
from plumbline.wording.visible import visible

SHAPES = {"pass": "●", "watch": "▲", "fail": "■", "unknown": "○"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def index_page(data: dict[str, Any], material: Material, speech: Language, files: Iterable[str]) -> bytes:
    """The page as UTF-8.

    Args:
        data: what the typeset report prints, see ``report_data``.
        files: the other files of the pack, to which it leads.
    """
    body = [
        _opening(data),
        _section(data["why"]["title"], _reasons(data), data["stake"]["title"], _stake(data)),
        _section(data["next"]["title"], _next_actions(data)),
        *(_conditions(data[name]) for name in ("conditions", "triggers")),
        *(_picture(data[name]) for name in ("performance", "drift")),
        _releases(data["releases"]),
        _section(speech.say("recompute", "index"), _recompute(material, speech)),
        _controls(data["controls"]),
        _frameworks(data["frameworks"]),
        _provenance(data),
        _section(speech.say("files", "index"), _files(sorted(files))),
        _section(data["limits"]["title"], _p(f"{data['limits']['text']} {data['limits']['quoted']}")),
    ]
    style = (resources.files("plumbline.report") / "templates" / "index.css").read_text("utf-8")
    head = (
        f'<!doctype html>\n<html lang="{_e(speech.code)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_e(data['title'])}</title><style>{style}</style></head>"
    )
    return f"{head}<body><main>{''.join(body)}</main></body></html>\n".encode()


def _e(text: object) -> str:
    """A text as HTML, whatever it holds; what steers a terminal or turns the direction of writing shows."""
    return escape(visible(str(text)), quote=True)


def _p(text: str, kind: str = "") -> str:
    return f"<p{f' class={kind}' if kind else ''}>{_e(text)}</p>" if text.strip() else ""


def _section(title: str, content: str, *more: str) -> str:
    pairs = [(title, content), *zip(more[::2], more[1::2], strict=True)]
    return "".join(f"<section><h2>{_e(head)}</h2>{body}</section>" for head, body in pairs if body)


def _state(state: dict[str, str]) -> str:
    tone = state["tone"] if state["tone"] in SHAPES else "unknown"
    return f'<span class="state {tone}"><i aria-hidden="true">{SHAPES[tone]}</i> {_e(state["word"])}</span>'


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, mono: Sequence[int] = (), kind: str = "wide"
) -> str:
    """A table; cells are HTML already."""
    columns = "".join(f'<th scope="col">{_e(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=mono' if i in mono else ''}>{cell}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table class={kind}><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def _opening(data: dict[str, Any]) -> str:
    verdict = data["verdict"]
    return (
        f"<header><p class=kind>Plumbline · {_e(data['kind'])}</p>"
        f'<p class="verdict {_e(verdict["tone"])}">{_state(verdict)}</p>'
        f"<h1>{_e(data['sentence'])}</h1>{_p(data['judged'], 'note')}{_p(data['cautions'], 'note')}</header>"
    )


def _reasons(data: dict[str, Any]) -> str:
    items = (
        f"<li>{_e(i['text'])} {_state(i['state']) if i['state'] else ''}</li>" for i in data["why"]["items"]
    )
    return f"<ol>{''.join(items)}</ol>" if data["why"]["items"] else ""


def _stake(data: dict[str, Any]) -> str:
    return _p(data["stake"]["amount"], "amount") + _p(data["stake"]["sentence"])


def _next_actions(data: dict[str, Any]) -> str:
    items = (
        f"<li><b>{_e(i['head'])}</b> {_e(i['text'])} <span class=note>{_e(i['who'])}</span></li>"
        for i in data["next"]["items"]
    )
    return f"<ul>{''.join(items)}</ul>" if data["next"]["items"] else _p(data["next"]["none"])


def _conditions(part: dict[str, Any]) -> str:
    rows = ((_state(r["state"]), _e(r["title"]), _e(r["text"])) for r in part["rows"])
    return _section(part["title"], _p(part["note"], "note") + _table(part["head"], rows))


def _picture(part: dict[str, str]) -> str:
    """A chart as an image of its own, in which nothing can run."""
    image = ""
    if part["svg"]:
        encoded = base64.b64encode(part["svg"].encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{encoded}" alt="{_e(part["sentence"])}">'
    return _section(part["title"], _p(part["sentence"]) + image + _p(part["note"], "note"))


def _releases(part: dict[str, Any]) -> str:
    if not part["rows"]:
        return ""
    rows = ([_e(cell) for cell in row] for row in part["rows"])
    return _section(part["title"], _p(part["sentence"]) + _table(part["head"], rows, kind="loads"))


def _controls(part: dict[str, Any]) -> str:
    def row(r: dict[str, Any]) -> list[str]:
        evidence = " ".join(f"<span class=note>{_e(text)}</span>" for text in (r["kind"], r["more"]) if text)
        contradiction = ""
        if r["contradiction"]:
            word = _state({"tone": "fail", "word": part["contradiction"]})
            contradiction = f" {word} {_e(r['contradiction'])}"
        evidence_cell = f"{_e(r['text'])} {evidence}{contradiction}"
        return [_e(r["id"]), _e(r["title"]), _state(r["state"]), _e(r["asked"]), evidence_cell]

    tables = (
        f"<h3>{_e(family['title'])}</h3>{_table(part['head'], map(row, family['rows']))}"
        for family in part["families"]
    )
    return _section(part["title"], _p(part["note"], "note") + "".join(tables))


def _frameworks(part: dict[str, Any]) -> str:
    tables = (
        f"<h3>{_e(item['title'])} <span class=note>{_e(item['note'])}</span></h3>"
        + _table(part["head"], ([_e(cell) for cell in row] for row in item["rows"]))
        for item in part["items"]
    )
    return _section(part["title"], _p(part["note"], "note") + "".join(tables))


def _provenance(data: dict[str, Any]) -> str:
    rests, loads = data["rests"], data["loads"]
    values = (
        (_e(r["name"]), f"<span class=mono>{_e(r['value'])}</span>" if r["hash"] else _e(r["value"]))
        for r in rests["rows"]
    )
    rows = ([_e(cell) for cell in row] for row in loads["rows"])
    table = _table(loads["head"], rows, mono=(3,), kind="loads") if loads["rows"] else ""
    return _section(rests["title"], _p(rests["note"], "note") + _table(rests["head"], values) + table)


def _recompute(material: Material, speech: Language) -> str:
    """Each figure with the loads, the filter and the window that it speaks of, the rows, and its table."""
    rows = [[*map(_e, row[:-1]), _link(row[-1])] for row in figures(material, speech)]
    head = [speech.say(key, "index") for key in ("figure", "loads", "filter", "window", "n", "table")]
    return (
        _p(speech.say("recompute_note", "index"), "note") + _table(head, rows, kind="loads") if rows else ""
    )


def figures(material: Material, speech: Language) -> list[list[str]]:
    """What each figure was made from: name, loads, filter, window, decisions, and its table."""
    loads = ", ".join(str(load.load_id) for load in material.proof.loads if load.rows_loaded)
    everything, labelled = (speech.say(key, "index") for key in ("all_decisions", "labelled"))
    facts, rows = material.answer.measured.facts, []
    zone = material.answer.system.timezone

    def span(first: Any, last: Any) -> str:
        return " – ".join(speech.moment(at, zone) if at else "…" for at in (first, last))

    whole = span(facts.first_decision, facts.last_decision)
    if material.performance is not None and material.performance.points:
        n = speech.number(material.performance.labelled)
        rows.append([speech.say("performance"), loads, labelled, whole, n, "figures/performance.csv"])
    if material.drift is not None and material.drift.features:
        first, last = material.drift.window
        sizes = [f.n for f in material.drift.features if f.n]
        n = speech.number(max(sizes)) if sizes else ""
        window = span(first, last or facts.last_decision)
        rows.append([speech.say("drift"), loads, everything, window, n, "figures/drift.csv"])
    if material.releases is not None and material.releases.releases.spans:
        n = speech.number(sum(s.n for s in material.releases.releases.spans))
        in_charge = speech.say("in_charge", "index")
        rows.append([speech.say("releases"), loads, in_charge, whole, n, "figures/releases.csv"])
    return rows


def _link(name: str) -> str:
    return f'<a href="{_e(name)}">{_e(name)}</a>'


def _files(names: Sequence[str]) -> str:
    return f"<ul class=files>{''.join(f'<li>{_link(name)}</li>' for name in names)}</ul>"
