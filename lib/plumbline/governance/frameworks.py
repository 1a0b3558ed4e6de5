"""Framework by framework: which article or criterion which controls answer, and where the gaps are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from plumbline.domain import ControlResult, Evidence, PlumblineError, Requirement, Status
from plumbline.domain.messages import enumeration, message, sequence
from plumbline.governance.catalogue import Framework, catalogue
from plumbline.wording.quantities import count, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One article, control or criterion of a framework, and the catalogue's controls that answer it."""

    reference: str  # as in the catalogue, e.g. "AI Act 15"
    article: str  # e.g. "15"; empty for the framework as a whole
    subject: str
    controls: tuple[str, ...]
    passing: tuple[str, ...]  # of the controls that are asked
    open: tuple[str, ...]  # asked and not passing
    gap: bool  # asked, and none passes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkPage:
    """One framework with all it is referred to for. A pointer to check, not legal advice."""

    key: str
    title: str
    unit: str
    as_of: date
    confirmed: bool
    note: str
    rows: tuple[Coverage, ...]

    @property
    def asked_references(self) -> tuple[Coverage, ...]:
        """The references that a control of this system's tier answers."""
        return tuple(row for row in self.rows if row.passing or row.open)

    @property
    def covered_references(self) -> tuple[Coverage, ...]:
        """Of those, the ones all of whose asked controls pass."""
        return tuple(row for row in self.asked_references if not row.open)

    @property
    def gaps(self) -> tuple[Coverage, ...]:
        """Of those, the ones that no passing control answers."""
        return tuple(row for row in self.asked_references if row.gap)


def split(reference: str) -> tuple[Framework, str]:
    """A reference's framework and article: ``AI Act 26(6)`` is the AI Act's ``26(6)``.

    Raises:
        PlumblineError: the reference names no framework of the catalogue.
    """
    for key, framework in catalogue().frameworks.items():
        if reference == key or reference.startswith(f"{key} "):
            return framework, reference[len(key) :].strip()
    raise PlumblineError(f"{reference!r} names no framework of the catalogue")


def frameworks(results: Sequence[ControlResult] = ()) -> tuple[FrameworkPage, ...]:
    """Every framework with its references; with results, what passes and what is a gap for that system."""
    by_id = {result.id: result for result in results}
    cited: dict[str, list[str]] = {}
    for control in catalogue().controls:
        for reference in control.references:
            cited.setdefault(reference, []).append(control.id)
    pages = []
    for key, framework in catalogue().frameworks.items():
        mine = sorted((ref for ref in cited if split(ref)[0].key == key), key=_natural)
        rows = tuple(_coverage(ref, cited[ref], by_id) for ref in mine)
        pages.append(
            FrameworkPage(
                key=key,
                title=framework.title,
                unit=framework.unit,
                as_of=framework.as_of,
                confirmed=framework.confirmed,
                note=framework.note,
                rows=rows,
            )
        )
    return tuple(pages)


def limit_by_gaps(evidence: Evidence, results: Sequence[ControlResult], keys: Sequence[str]) -> Evidence:
    """The evidence of a map for audits, no better than what the map leads to.

    Passes where a passing control answers each reference that the system is asked for; partial where at most half of
    them are gaps, else it fails.
    """
    rows = [
        row
        for page in frameworks(results)
        if page.key in keys
        for row in page.asked_references
        if row.article
    ]
    gaps = [row.reference for row in rows if row.gap]
    note = message("A passing control answers each of them.")
    if gaps:
        note = message(
            "No passing control answers {gaps} of {all}: {references}.",
            gaps=count(len(gaps)),
            all=plural(len(rows), "reference"),
            references=enumeration(gaps),
        )
    status = evidence.status
    if gaps and status is not Status.FAIL:
        status = Status.PARTIAL if 2 * len(gaps) <= len(rows) else Status.FAIL
    return replace(evidence, status=status, sentence=sequence([evidence.sentence, note]))


def _coverage(reference: str, ids: list[str], by_id: dict[str, ControlResult]) -> Coverage:
    framework, article = split(reference)
    results = [by_id[i] for i in ids if i in by_id and by_id[i].requirement is not Requirement.NOT_ASKED]
    passing = tuple(r.id for r in results if r.status is Status.PASS)
    still_open = tuple(r.id for r in results if r.status is not Status.PASS)
    return Coverage(
        reference=reference,
        article=article,
        subject=framework.subjects.get(article, "" if article else "The controls as a whole"),
        controls=tuple(ids),
        passing=passing,
        open=still_open,
        gap=bool(results) and not passing,
    )


def _natural(reference: str) -> list[tuple[int, str]]:
    """Sort key in which 9 comes before 15, and annexes after articles."""
    article = split(reference)[1]
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in re.findall(r"\d+|\D+", article)]
