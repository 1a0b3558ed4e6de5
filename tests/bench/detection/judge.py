"""What a tool's alarms amount to: true changes found, delays, and false alarms a system-year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tests.bench.detection.logs import MOVED

#: an alarm that dates the trouble up to a chunk before it began still means it
SLACK = pd.Timedelta(days=8)
YEAR = pd.Timedelta(days=365.25)
#: what a story without a moment of change has to be told for
STANDING = {"saas-pricing": "quality.id", "triage-diagnostics": "consistency.repeats"}
#: findings that state an age or a gap in the record of a log, not a change in it
STATES = ("staleness.", "quality.", "schema.", "retraining", "consistency.", "release.rollback")


def alarms(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings that claim that something changed, with the moment at which they could be known."""
    return [f for f in result["findings"] if not f["signal"].startswith(STATES) and f["known_at"]]


def of_the_change(result: dict[str, Any], alarm: dict[str, Any]) -> bool:
    """Whether an alarm is about something that the story's change moves, and for the worse where it says which way.

    A peer's alarm on a calendar week that the reference's end cuts is about the weekdays that are left of it.
    """
    signal = alarm["signal"].replace("drift.x_", "drift.")
    cut = "version" in result and _at(alarm["since"]) < _at(result["reference_end"])
    return bool(signal.startswith(MOVED.get(result["story"], ("",))) and alarm.get("worse", True) and not cut)


def first_true(result: dict[str, Any]) -> pd.Timestamp | None:
    """When the planted change could first be known, or None where it never was."""
    change = pd.Timestamp(result["change"], tz="UTC")
    own = [f for f in alarms(result) if of_the_change(result, f)]
    known = [
        _at(f["known_at"])
        for f in own
        if _at(f["known_at"]) >= change and (f["since"] is None or _at(f["since"]) >= change - SLACK)
    ]
    known += [
        _at(text) for f in own for text in f["figures"].values() if text != "None" and _at(text) >= change
    ]
    return min(known) if known else None


def false_alarms(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Alarms known after the reference's end and before any true change."""
    end = _at(result["reference_end"]) if result["reference_end"] != "None" else _at(result["first"])
    until = _at(result["change"]) if result["change"] else None

    def wrong(text: str) -> bool:
        return text != "None" and _at(text) > end and (until is None or _at(text) < until)

    # a warning that came too soon is still false where a later breach took it up
    return [f for f in alarms(result) if any(map(wrong, [f["known_at"], *f["figures"].values()]))]


def beside(result: dict[str, Any]) -> int:
    """Alarms known after a change, about what it did not touch."""
    if not result["change"]:
        return 0
    change = pd.Timestamp(result["change"], tz="UTC")
    return sum(_at(f["known_at"]) >= change and not of_the_change(result, f) for f in alarms(result))


def dating_error(result: dict[str, Any]) -> float | None:
    """Days between the true change and the change point that was told, either way."""
    if not result["change"] or not result.get("change_point"):
        return None
    return abs(_at(result["change_point"]) - pd.Timestamp(result["change"], tz="UTC")) / pd.Timedelta(days=1)


def since_errors(result: dict[str, Any], family: str) -> list[float]:
    """Days between the true change and the onset that a family's first finding of it names, either way."""
    if not result["change"]:
        return []
    change = pd.Timestamp(result["change"], tz="UTC")
    own = [
        f
        for f in alarms(result)
        if f["signal"].startswith(family) and of_the_change(result, f) and f["since"]
    ]
    own = sorted((f for f in own if _at(f["known_at"]) >= change), key=lambda f: _at(f["known_at"]))
    return [abs(_at(f["since"]) - change) / pd.Timedelta(days=1) for f in own[:1]]


def watched(result: dict[str, Any]) -> float:
    """System-years in which any alarm would be false."""
    end = _at(result["reference_end"]) if result["reference_end"] != "None" else _at(result["first"])
    until = _at(result["change"]) if result["change"] else _at(result["last"])
    return max((until - end) / YEAR, 0.0)


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One row a story, and the quiet logs together."""
    table: dict[str, Any] = {}
    for story in dict.fromkeys(r["story"] for r in results):
        own = [r for r in results if r["story"] == story]
        row: dict[str, Any] = {"logs": len(own)}
        if own[0]["change"]:
            found = [(r, first_true(r)) for r in own]
            late = [
                (at - pd.Timestamp(r["change"], tz="UTC")) / pd.Timedelta(days=1) for r, at in found if at
            ]
            rate = [r["rows"] / ((_at(r["last"]) - _at(r["first"])) / pd.Timedelta(days=1)) for r in own]
            row |= {
                "found": sum(at is not None for _, at in found),
                "median_delay_days": _median(late),
                "worst_delay_days": max(late, default=None),
                "median_delay_decisions": _median([d * n for d, n in zip(late, rate, strict=False)]),
                "alarms_beside_the_change": sum(beside(r) for r in own),
            }
            errors = [e for e in map(dating_error, own) if e is not None]
            row |= {"change_points": len(errors), "median_change_point_error_days": _median(errors)}
            row["worst_change_point_error_days"] = max(errors, default=None)
            for family in ("performance.", "drift."):
                told = [e for r in own for e in since_errors(r, family)]
                row[f"since_error_days_{family[:-1]}"] = [len(told), _median(told), max(told, default=None)]
        elif story in STANDING:
            row["found"] = sum(any(f["signal"] == STANDING[story] for f in r["findings"]) for r in own)
        years = sum(watched(r) for r in own)
        wrong = sum(len(false_alarms(r)) for r in own)
        row |= {"system_years": round(years, 2), "false_alarms": wrong}
        row["false_alarms_a_year"] = round(wrong / years, 3) if years else None
        for metric in dict.fromkeys(m for r in own for m in r.get("estimates", {})):
            told = [r["estimates"][metric]["distance"] for r in own if metric in r.get("estimates", {})]
            row[f"estimate_error_{metric}"] = _median([t for t in told if t is not None])
        table[story] = row
    return table


def _at(text: str) -> pd.Timestamp:
    at = pd.Timestamp(text)
    return at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 4) if len(values) else None
