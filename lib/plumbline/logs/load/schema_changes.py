"""How the columns of a system's logs changed from load to load: a pure function of what each load held.

A change stops nothing. A new feature is a new column, empty before; one that is gone is empty after; one that
changed its kind keeps the kind it came with: what is no number is kept as text in a column beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.domain import NAMED_ROLES, SchemaChange
from plumbline.domain.messages import Message, Number, message, word
from plumbline.logs.load.plan import Plan, kind_of_named_role
from plumbline.store.loads import Schema

KINDS = {"numeric": word("numeric"), "categorical": word("categorical")}
CHANGES = ("added", "dropped", "returned", "retyped")


def change_text(change: str, load_id: int, was: str = "", now: str = "", *, late: bool = False) -> Message:
    """What a change of a column means; ``late``: a role that often comes in a file of its own."""
    load = Number(str(load_id))
    if change == "added":
        return message("new since load {load}; empty in the loads before", load=load)
    if change == "dropped" and late:
        return message(
            "not in load {load} and after; a file of labels brings it later, joined by decision id", load=load
        )
    if change == "dropped":
        return message("gone since load {load}; empty in its rows and after", load=load)
    if change == "returned":
        return message("back since load {load}", load=load)
    return message(
        "{was} before, {now} since load {load}; numbers are read as before, other text is kept beside them",
        was=KINDS.get(was, was),
        now=KINDS.get(now, now),
        load=load,
    )


def schema_of(plan: Plan) -> Schema:
    """What a load holds: the column of the decision table -> (its name in the file, its kind there; "" for a role
    whose kind is fixed)."""
    return {
        c.name: (c.map.column, kind_of_named_role(c.map).value if c.map.role.role in NAMED_ROLES else "")
        for c in plan.columns
    }


def changes(schemas: Sequence[tuple[int, Schema]]) -> list[SchemaChange]:
    """What changed from each load to the next; ``schemas``: loads that stand, in order, each with what it holds."""
    changes: list[SchemaChange] = []
    ever: dict[str, tuple[str, str]] = {}
    before: Schema = {}
    for load_id, here in schemas:
        if ever:
            for name, (source, kind) in here.items():
                if name not in ever:
                    changes.append(_change("added", name, source, "", kind, load_id))
                elif name not in before:
                    changes.append(_change("returned", name, source, ever[name][1], kind, load_id))
                if name in ever and ever[name][1] != kind:
                    changes.append(_change("retyped", name, source, ever[name][1], kind, load_id))
            for name, (source, kind) in before.items():
                if name not in here:
                    changes.append(_change("dropped", name, source, kind, "", load_id))
        ever |= here
        before = here
    return changes


#: roles that often come in a file of their own
_LATE = ("label", "label_time")


def _change(what: str, name: str, source: str, was: str, now: str, load_id: int) -> SchemaChange:
    said = change_text(what, load_id, was, now, late=name in _LATE)
    return SchemaChange(change=what, column=name, source=source, was=was, now=now, load_id=load_id, said=said)
