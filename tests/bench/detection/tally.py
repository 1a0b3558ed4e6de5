"""What the results of the sweep amount to: rates with exact intervals, as plain figures and as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta, chi2

from tests.bench.detection.changes import CHANGES
from tests.bench.detection.fair import GROUPS
from tests.bench.detection.kinds import KINDS
from tests.bench.detection.worlds import INPUTS

YEAR, DAY = pd.Timedelta(days=365.25), pd.Timedelta(days=1)
#: an alarm that dates the trouble up to a chunk before it began still means it
SLACK = pd.Timedelta(days=8)
#: findings that state a fact that the log has by construction: its model is never trained again
TRUE = ("staleness.",)
SHOWN = ("accuracy", "recall", "precision", "roc_auc", "brier", "mae", "rmse")
BEGIN, END = "<!-- realistic logs: begin -->", "<!-- realistic logs: end -->"


def poisson(events: int, years: float) -> tuple[float, float]:
    """Exact 95 % limits of a rate a year (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return low / years, chi2.ppf(0.975, 2 * events + 2) / 2 / years


def binomial(hits: int, n: int) -> tuple[float, float]:
    """Exact 95 % limits of a share (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    return float(low), float(high)


def alarms(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Every problem that was ever in the register, also one that was closed since; parts of another are that one."""
    return [f for f in result["findings"] if f["part_of"] is None and not f["signal"].startswith(TRUE)]


def known(finding: dict[str, Any]) -> pd.Timestamp:
    """When a reader could know it: not before its rule could tell it, and not before the register held it at all."""
    return _at(finding["known_at"] or finding["raised"])


def of_the_change(finding: dict[str, Any], result: dict[str, Any]) -> bool:
    """Whether a finding may tell of the change: known and begun since, and about no input that it left alone."""
    since = _at(result["since"])
    began = _at(finding["since"]) if finding["since"] != "None" else known(finding)
    name = finding["signal"].partition(".")[2]
    left_alone = name in INPUTS and name not in result["touched"]
    return known(finding) >= since and began >= since - SLACK and not left_alone


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Plain figures: ``quiet`` and ``coverage`` by kind, ``changed`` by change and kind, ``fair`` by groups."""
    told: dict[str, Any] = {"quiet": {}, "changed": {}, "coverage": {}, "fair": {}}
    for key in KINDS:
        own = [r for r in results if r["kind"] == key and not r.get("key")]
        if own:
            told["quiet"][key] = _quiet(own)
            told["coverage"][key] = _coverage(own)
    for key, change in CHANGES.items():
        for kind in change.on:
            own = [r for r in results if r["kind"] == kind and r.get("key") == key]
            if own:
                told["changed"][f"{key} on {kind}"] = _changed(own, change.within) | {
                    "luck": _luck(told["quiet"].get(kind), change.within)
                }
    for key, groups in GROUPS.items():
        own = [r for r in results if r["kind"] == key]
        if own:
            failed = sum(r["status"] == "fail" for r in own)
            told["fair"][key] = {"logs": len(own), "failed": failed, "limits": binomial(failed, len(own)),
                                 "equal": groups.equal}  # fmt: skip
    told["cpu"] = round(sum(r["cpu"] for r in results), 1)
    told["logs"] = len(results)
    return told


def _quiet(own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    years = sum(_watched(r) for r in own)
    found = [f for r in own for f in alarms(r)]
    families = (
        pd.Series([f["signal"].partition(".")[0] for f in found], dtype=object).value_counts().to_dict()
    )
    second = [(r, _at(r["reference_end"]) + YEAR) for r in own if _watched(r) > 1.5]
    later = {
        "years": round(sum((_at(r["last"]) - begins) / YEAR for r, begins in second), 2),
        "false": sum(known(f) >= begins for r, begins in second for f in alarms(r)),
    }
    return {
        "later": later if second else None,
        "logs": len(own), "years": round(years, 2), "false": len(found), "a_year": round(len(found) / years, 2),
        "limits": [round(x, 2) for x in poisson(len(found), years)],
        "open_at_end": sum(f["open"] and f["until"] is None for f in found), "families": families,
    }  # fmt: skip


def _luck(quiet: dict[str, Any] | None, within: int) -> float | None:
    """The share of logs in which a false finding would fall into these days by chance, were nothing changed."""
    return None if quiet is None else round(float(1 - np.exp(-quiet["a_year"] * within / 365.25)), 2)


def _watched(result: dict[str, Any]) -> float:
    """Years after the reference's end; findings inside the reference count as well, so the rate is not flattered."""
    end = _at(result["reference_end"]) if result["reference_end"] != "None" else _at(result["first"])
    return float((_at(result["last"]) - end) / YEAR)


def _coverage(own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    made = {}
    for metric in dict.fromkeys(m for r in own for m in r["coverage"]):
        weeks, held, none = (sum(r["coverage"][metric][k] for r in own) for k in ("weeks", "held", "none"))
        made[metric] = {"weeks": weeks, "held": held, "none": none}
        made[metric] |= {"share": round(held / weeks, 3), "limits": binomial(held, weeks)} if weeks else {}
    return made


def _changed(own: Sequence[dict[str, Any]], within: int) -> dict[str, Any]:
    delays, signals, before = [], [], 0
    for result in own:
        since = _at(result["since"])
        right = sorted((f for f in alarms(result) if of_the_change(f, result)), key=known)
        if right:
            delays.append((known(right[0]) - since) / DAY)
            signals.append(right[0]["signal"])
        before += sum(known(f) < since for f in alarms(result))
    hits = sum(d <= within for d in delays)
    first = pd.Series(signals, dtype=object).value_counts().to_dict()
    return {
        "logs": len(own), "within": within, "found": hits, "limits": binomial(hits, len(own)), "ever": len(delays),
        "median_delay": round(float(np.median(delays)), 1) if delays else None, "first": first,
        "false_before": before,
    }  # fmt: skip


def tables(now: dict[str, Any], before: dict[str, Any] | None = None) -> str:
    """The tables of docs/benchmarks.md, with the older run beside where there is one."""
    return "\n\n".join([
        _table("| quiet logs: false findings of any kind a system-year | before | now |", 3,
               [(KINDS[k].said, k) for k in KINDS], "quiet", _say_quiet, now, before),
        _table("| change, on which logs | within | before | now |", 4,
               [(f"{c.said}; {KINDS[k].said} | {c.within} days", f"{key} on {k}")
                for key, c in CHANGES.items() for k in c.on], "changed", _say_changed, now, before),
        _table("| FAIR-1 fails | before | now |", 3, [(g.said, k) for k, g in GROUPS.items()], "fair", _say_fair,
               now, before),
        _table("| weekly 95 % limits that hold the truth | before | now |", 3,
               [(KINDS[k].said, k) for k in KINDS if KINDS[k].stationary], "coverage", _say_coverage, now, before),
    ])  # fmt: skip


def _table(
    head: str, columns: int, rows: Sequence[tuple[str, str]], part: str, say: Any, now: dict[str, Any],
    before: dict[str, Any] | None,
) -> str:  # fmt: skip
    lines = [head, "|" + " --- |" * columns]
    for said, key in rows:
        cells = [say(run[part].get(key)) if run else "not run" for run in (before, now)]
        if cells != ["not run", "not run"]:
            lines.append(f"| {said} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _say_quiet(row: dict[str, Any] | None) -> str:
    if not row:
        return "not run"
    kinds = "".join(f", {n} {family}" for family, n in row["families"].items())
    low, high = row["limits"]
    if row["open_at_end"]:
        kinds += f"; {row['open_at_end']} of them open at the end"
    if row["later"]:
        kinds += f"; from the second year on {row['later']['false']} in {row['later']['years']:.1f}"
    return f"{row['a_year']:.1f} [{low:.1f}, {high:.1f}] ({row['false']} in {row['years']:.1f} years{kinds})"


def _say_changed(row: dict[str, Any] | None) -> str:
    if not row:
        return "not run"
    low, high = row["limits"]
    late = "" if row["median_delay"] is None else f", median {row['median_delay']:g} days"
    later = f", {row['ever'] - row['found']} later" if row["ever"] > row["found"] else ""
    chance = f"; by luck {row['luck']:.2f}" if row["luck"] else ""
    return f"{row['found']} of {row['logs']} [{low:.2f}, {high:.2f}]{later}{late}{chance}"


def _say_fair(row: dict[str, Any] | None) -> str:
    if not row:
        return "not run"
    low, high = row["limits"]
    return f"{row['failed']} of {row['logs']} [{low:.2f}, {high:.2f}]"


def _say_coverage(row: dict[str, Any] | None) -> str:
    if not row:
        return "not run"
    weeks = max(v["weeks"] + v["none"] for v in row.values())
    return f"{weeks} weeks: " + ", ".join(_say_held(m, row[m]) for m in SHOWN if m in row)


def _say_held(metric: str, row: dict[str, Any]) -> str:
    if not row["weeks"]:
        return f"{metric} without limits"
    none = f" ({row['none']} without limits)" if row["none"] else ""
    return f"{metric} {row['share']:.2f} [{row['limits'][0]:.2f}, {row['limits'][1]:.2f}]{none}"


def placed(document: str, text: str, begin: str = BEGIN, end: str = END) -> str:
    """The document with the text between its marks.

    Raises:
        ValueError: the document has no such marks.
    """
    head, found, rest = document.partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"no {begin} and {end} in the document")
    return f"{head}{begin}\n{text}\n{end}{tail}"


def _at(text: str) -> pd.Timestamp:
    at = pd.Timestamp(text)
    return at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
