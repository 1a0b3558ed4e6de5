"""Plain-word reasons for one decision: at most four contributions in the adverse direction.

Each is stated against a population (all decisions, or those just approved: pass its mean attributions).
Columns of one group are added up first. A protected attribute among them is an alert, never a reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plumbline.domain import Explanation, magnitude_order
from plumbline.domain.messages import NOTHING, Message, Number, message, word
from plumbline.explain.link_functions import SPACE_NAMES
from plumbline.wording.quantities import decimal

MOST = 4
#: a contribution below this share of all of them together is no reason
NEGLIGIBLE = 0.01
OTHER = "all other inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonWording:
    """How reasons are picked and worded, as the system's owner set it.

    ``adverse``: whether a low or a high score is to the person's disadvantage. ``means``: mean attribution
    by feature in the comparison population. ``groups``: feature to the name of its group. ``phrases``:
    feature or group to the words for it.
    """

    adverse: str = "low"
    protected: frozenset[str] = frozenset()
    means: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    population: str = word("the comparison group")


@dataclass(frozen=True, slots=True)
class Reasons:
    """Sentences for the person, alerts for the owner, and what the sentences say: (input or group, against it)."""

    reasons: tuple[str, ...]
    alerts: tuple[Message, ...]
    picked: tuple[tuple[str, float], ...] = ()


def adverse_order(
    attributions: Mapping[str, float], means: Mapping[str, float], adverse: str = "low"
) -> list[tuple[str, float]]:
    """Contributions less the population's mean, those in the adverse direction only, strongest first."""
    sign = -1.0 if adverse == "low" else 1.0
    against = {name: value - means.get(name, 0.0) for name, value in attributions.items()}
    return magnitude_order({name: value for name, value in against.items() if sign * value > 0})


def reasons_for(explanation: Explanation, wording: ReasonWording | None = None) -> Reasons:
    """At most four reasons and an alert for each protected attribute that would have been among them."""
    wording = wording or ReasonWording()
    if explanation.refused:
        return Reasons((), ())
    merged, means = _merge(explanation.attributions, wording), _merge(wording.means, wording)
    shielded = wording.protected | {wording.groups[p] for p in wording.protected if p in wording.groups}
    reasons: list[str] = []
    alerts: list[Message] = []
    picked: list[tuple[str, float]] = []
    total = sum(abs(value) for value in merged.values())
    for name, value in adverse_order(merged, means, wording.adverse):
        if name == OTHER or abs(value) < NEGLIGIBLE * total:
            continue
        if name in shielded:
            alerts.append(
                message(
                    "The protected attribute {name} is among the strongest contributions against this person "
                    "({amount}): have a person look at this decision.",
                    name=name,
                    amount=_amount(value, explanation.output_space),
                )
            )
            continue
        reasons.append(_sentence(name, value, explanation, wording))
        picked.append((name, value))
        if len(reasons) == MOST:
            break
    return Reasons(tuple(reasons), tuple(alerts), tuple(picked))


def _merge(values: Mapping[str, float], wording: ReasonWording) -> dict[str, float]:
    merged: dict[str, float] = {}
    for name, value in values.items():
        group = wording.groups.get(name, name)
        merged[group] = merged.get(group, 0.0) + value
    return merged


def _sentence(name: str, value: float, explanation: Explanation, wording: ReasonWording) -> Message:
    shown = wording.phrases.get(name, name)
    if name in explanation.values:
        shown += f" = {value_text(explanation.values[name])}"
    against = message(" against {population}", population=wording.population) if wording.means else NOTHING
    places = {"input": shown, "against": against, "amount": _amount(value, explanation.output_space)}
    if value < 0:
        return message("{input} lowered the score{against} ({amount})", **places)
    return message("{input} raised the score{against} ({amount})", **places)


def _amount(value: float, space: str) -> Message:
    form = "+,.0f" if abs(value) >= 1000 else "+.2g" if abs(value) < 0.1 else "+.2f"
    sized = Number(decimal(value, form).replace("-", "−"))
    if space == "value":
        return message("{amount}", amount=sized)
    return message("{space} {amount}", space=SPACE_NAMES.get(space, space), amount=sized)


def value_text(value: Any) -> str:
    """A value in at most 40 characters and one line: four significant digits, ``missing`` for none."""
    if value is None or value != value:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        number = float(value)
        if not math.isfinite(number):
            return "infinite"
        return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else text[:39] + "…"
