"""Which metric a system is judged by first, and which it is judged by at all: one answer for every page and control."""

from __future__ import annotations

from plumbline.answers.performance.label_delay import delays
from plumbline.answers.question import log_span, reporting_date
from plumbline.answers.statements import change_settings
from plumbline.domain import OutcomeProfile, PlumblineError, Slice, System, Task
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.chunks import ENOUGH, midnight
from plumbline.monitor.metrics.family import family
from plumbline.monitor.metrics.metrics import ALIASES, METRICS, metrics_for
from plumbline.monitor.performance.headline import Headline, headline, is_rare
from plumbline.monitor.performance.selective_labels import ALIKE, list_classes, population_sentence, selection
from plumbline.monitor.performance.weights import NONE
from plumbline.profile.read.outcomes import label_counts, label_counts_by_answer, outcome_profile
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import percent


def system_headline(cursor: Cursor, system: System) -> Headline:
    """The metric that a system is judged by first: its owner's choice, or by how rare a class its reference has."""
    task, chosen = system.task or Task.BINARY, system.settings.headline
    if chosen in METRICS:
        return Headline(str(chosen), chosen=True)
    part = Slice()
    if system.reference:  # by whole days, as the profiles have them
        part = Slice(midnight(system.reference[0].date()), midnight(system.reference[1].date()))
    labels = {} if task is Task.REGRESSION else label_counts(cursor, system, part)
    reference = outcome_profile(cursor, system, part) if is_rare(labels) else None
    return headline(task, labels, reference, valued=bool(system.settings.cost_matrix))


def read_headline(ws: Workspace, key: str) -> Headline:
    """The headline of a system by its key.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        return system_headline(cursor, systems.get_system(cursor, key))


def metric_family(system: System, profile: OutcomeProfile, first: str) -> tuple[str, ...]:
    """The metrics whose breaches are findings: the headline, what belongs beside it, and what has an owner's limit."""
    floors = [ALIASES.get(name, name) for name in system.settings.floors]
    return family(profile, first, floors)


def classes_with_outcomes(cursor: Cursor, system: System) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The classes whose decisions have outcomes, and those whose never have; both empty where all have, or none."""
    counts = label_counts_by_answer(cursor, system)
    often = {name: (n, k) for name, (n, k) in counts.items() if n >= ENOUGH}
    none = tuple(name for name, (n, k) in often.items() if k < NONE * n)
    known = tuple(name for name in often if name not in none)
    return (known, none) if none and any(often[name][1] for name in known) else ((), ())


def outcome_population(cursor: Cursor, system: System) -> Message:
    """Where only some answers ever have an outcome, whom every figure that needs one speaks of; else empty."""
    known, none = classes_with_outcomes(cursor, system)
    return population_sentence(known) if none else NOTHING


def missing_outcomes_note(cursor: Cursor, system: System) -> Message:
    """That decisions for some class have outcomes never, or less often than others, in words; empty where they do not.

    Error rates of groups then rest on decisions unlike the others, and are unknown.
    """
    known, none = classes_with_outcomes(cursor, system)
    if not none:
        return _outcome_share_note(cursor, system)
    return message(
        "Outcomes are known for decisions {known} only: error rates of groups, which need those of "
        "{none} too, are unknown.",
        known=list_classes(known),
        none=list_classes(none),
    )


def _outcome_share_note(cursor: Cursor, system: System) -> Message:
    counts = label_counts_by_answer(cursor, system)
    shares = [k / n for n, k in counts.values() if n >= ENOUGH]
    if system.task is Task.REGRESSION or len(shares) < 2 or min(shares) >= ALIKE * max(shares):
        return NOTHING
    result = selection(
        outcome_profile(cursor, system, Slice()),
        delays(cursor, system),
        reporting_date(system, log_span(cursor, system)),
    )
    if result is None or not result.depends_on_answer:
        return NOTHING
    best, least = result.sides[0], result.least_labelled
    return message(
        "Outcomes are known for {best} of decisions {best_name} and {least} of {least_name}: error rates of "
        "groups are unknown, as decisions with an outcome are unlike the others.",
        best=percent(best.share),
        best_name=best.name,
        least=percent(least.share),
        least_name=least.name,
    )


def choose_headline(ws: Workspace, key: str, name: str, *, by: str) -> Headline:
    """Say which metric a system is judged by first; an empty name leaves it to Plumbline again.

    Raises:
        PlumblineError: no such system, or no such metric for its task.
    """
    wanted = ALIASES.get(name, name)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
    valued = bool(system.settings.cost_matrix)
    offered = [m.name for m in metrics_for(system.task or Task.BINARY, value_known=valued)]
    if wanted and wanted not in offered:
        raise PlumblineError(
            message("{name} cannot be the headline", name=repr(name)),
            todo=message("Use one of {names}.", names=", ".join(offered)),
        )
    changed = change_settings(ws, key, {"headline": wanted or None}, by=by)
    with ws.read() as cursor:
        return system_headline(cursor, changed)
