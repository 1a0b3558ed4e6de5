"""What decisions are worth, as the owner says it: the money behind every verdict."""

from __future__ import annotations

from typing import Any

import streamlit as st

from plumbline.domain import CostMatrix, System, Task
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import one_line
from plumbline.wording.language import phrase

MOST_CLASSES = 8


def form(system: System) -> tuple[dict[str, Any], str] | None:
    """The owner's costs; the settings to change and the signer when they were just saved."""
    costs = system.settings.cost_matrix or {}
    stated = system.settings.at_stake or {}
    cards.note(
        phrase(
            "A gain is above zero, a loss below. With it, a fall in accuracy is said in money. A "
            "stated amount, such as a deal that hangs on a review, is shown as stated."
        )
    )
    with st.form("governance.costs", border=False):
        currency = st.text_input(
            phrase("Currency"),
            value=str(costs.get("currency") or stated.get("currency") or "EUR"),
            max_chars=8,
            key=f"governance.costs.{system.key}.currency",
            width=120,
        )
        of = _unit(system) if system.task is Task.REGRESSION else None
        worth = _error(system, costs) if system.task is Task.REGRESSION else _matrix(system, costs)
        reason = st.text_input(
            phrase("Why these amounts"),
            value=str(costs.get("reason", "")),
            max_chars=300,
            key=f"governance.costs.{system.key}.reason",
            placeholder=phrase("e.g. a margin of 15 % on the average order"),
        )
        left, right = st.columns(2, gap="large")
        amount = left.number_input(
            phrase("Stated amount at stake"),
            value=_number(stated.get("amount")),
            min_value=0.0,
            placeholder=phrase("not stated"),
            key=f"governance.costs.{system.key}.amount",
        )
        sentence = right.text_input(
            phrase("What hangs on it"),
            value=str(stated.get("sentence", "")),
            max_chars=300,
            key=f"governance.costs.{system.key}.sentence",
        )
        by = signed_forms.signature("costs")
        saved = permissions.submit(phrase("Save costs"), permissions.OWNER, type=cards.leading_type())
    if not saved:
        return None
    signed_forms.sign(by)
    unit = str(currency or "").strip()
    stake = {"amount": amount, "currency": unit, "sentence": (sentence or "").strip()} if amount else None
    if worth:
        worth["reason"] = (reason or "").strip()
    settings: dict[str, Any] = {
        "cost_matrix": {"currency": unit, **worth} if worth else None,
        "at_stake": stake,
    }
    if of is not None:
        settings["unit"] = of or None
    return settings, by.strip()


def _unit(system: System) -> str:
    """What the system predicts so many of."""
    return st.text_input(
        phrase("Predicts a number of"),
        value=system.unit,
        max_chars=24,
        placeholder=phrase("e.g. parcels"),
        width=240,
        key=f"governance.costs.{system.key}.unit",
        help=phrase("Said behind each error, such as: 36.5 parcels too many."),
    ).strip()


def _matrix(system: System, costs: CostMatrix) -> dict[str, Any]:
    """Value of each decision by what turned out to be true: ``{"matrix": {"decided|true": value}}``."""
    import pandas as pd

    classes = list(system.classes)
    if not classes or len(classes) > MOST_CLASSES:
        cards.note(
            phrase(
                "A table of values needs 1 to {most_classes} classes; this system has {classes}.",
                most_classes=MOST_CLASSES,
                classes=len(classes),
            )
        )
        return {}
    values = costs.get("matrix", {})
    frame = pd.DataFrame({"Decided": [one_line(c, 40) for c in classes]})
    for i, true in enumerate(classes):
        frame[str(i)] = [_number(values.get(f"{decided}|{true}")) for decided in classes]
    config: dict[str, Any] = {
        str(i): st.column_config.NumberColumn(phrase("true: {true}", true=one_line(true, 40)))
        for i, true in enumerate(classes)
    }
    edited = st.data_editor(
        frame,
        hide_index=True,
        disabled=["Decided"],
        column_config=config,
        width="content",
        key=f"governance.costs.{system.key}.matrix",
        alt=phrase("Value of each decision by what turned out to be true"),
    )
    amounts = {
        f"{decided}|{true}": float(edited[str(j)].iloc[i])
        for i, decided in enumerate(classes)
        for j, true in enumerate(classes)
        if pd.notna(edited[str(j)].iloc[i])
    }
    return {"matrix": amounts} if any(amounts.values()) else {}


def _error(system: System, costs: CostMatrix) -> dict[str, Any]:
    """Cost of one unit predicted too much and of one too little."""
    left, right = st.columns(2, gap="large")
    over = left.number_input(
        phrase("Cost of one unit too much"),
        value=_number(costs.get("over")),
        min_value=0.0,
        placeholder=phrase("not stated"),
        key=f"governance.costs.{system.key}.over",
    )
    under = right.number_input(
        phrase("Cost of one unit too little"),
        value=_number(costs.get("under")),
        min_value=0.0,
        placeholder=phrase("not stated"),
        key=f"governance.costs.{system.key}.under",
    )
    return {"over": over or 0.0, "under": under or 0.0} if over or under else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
