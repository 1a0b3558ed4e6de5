"""The OpenAPI document as a page of its own: no script, nothing fetched."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1,h2{line-height:1.2}code{font-family:ui-monospace,monospace}h3{margin:1.5rem 0 .25rem}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}
@media(prefers-color-scheme:dark){body{color:#eee;background:#121212}a{color:#8ab4f8}td,th{border-color:#333}}
"""


def page(document: dict[str, Any]) -> str:
    """An HTML page of all paths, their parameters and what they take."""
    base = document.get("servers", [{"url": ""}])[0]["url"]
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["Other"])[0]
            groups.setdefault(tag, []).append(_operation(base + path, method, operation))
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(parts)}" for tag, parts in groups.items())
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: HTTP interface</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}: HTTP interface</h1><p>{escape(document['info'].get('summary', ''))} Each request shows a token: "
        "<code>Authorization: Bearer TOKEN</code>. Errors are problem documents (RFC 9457). "
        f'<a href="{escape(base)}/openapi.json">The OpenAPI document</a>.</p>{body}</body></html>'
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in operation.get("parameters", ()))
    kinds = ", ".join(operation.get("requestBody", {}).get("content", ()))
    return (
        f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{escape(operation.get('summary', ''))}. "
        f"{escape(operation.get('description', '')).replace('`', '')}</p>"
        + (f"<table><tbody>{rows}</tbody></table>" if rows else "")
        + (f"<p>Body: {escape(kinds)}</p>" if kinds else "")
    )


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter.get("schema", {})
    inner = schema.get("items", schema)
    kind = ", ".join(map(str, inner.get("enum", ()))) or inner.get("type", "")
    more = "may be repeated" if schema.get("type") == "array" else ""
    cells = (parameter["name"], parameter["in"], kind, parameter.get("description", ""), more)
    name, *others = (escape(str(cell)) for cell in cells)
    return f"<tr><th><code>{name}</code></th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"
