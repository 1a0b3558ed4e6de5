"""Which inputs all but equal the outcome in the reference, asked once after each change of the decisions."""

from __future__ import annotations

from plumbline.answers.cache import memoise
from plumbline.domain import Slice, System, Task
from plumbline.monitor.quality.leakage import FEWEST, LabelLeak, leaks
from plumbline.profile.scan.outcome_inputs import sample_inputs_by_outcome
from plumbline.store.workspace import Cursor

#: labelled decisions of each class that are looked at, by hash
MOST = 10_000


def find_leaks(cursor: Cursor, system: System) -> tuple[LabelLeak, ...]:
    """Inputs that give the outcome away; none where there is no reference, too few labels, or several classes."""
    reference = system.reference
    if (
        reference is None
        or system.task is Task.MULTICLASS
        or (system.task is not Task.REGRESSION and system.positive is None)
    ):
        return ()

    def make() -> tuple[LabelLeak, ...]:
        outcome, inputs = sample_inputs_by_outcome(cursor, system, Slice(*reference), MOST)
        if len(outcome) < FEWEST or (
            system.task is not Task.REGRESSION and min(outcome.sum(), (1 - outcome).sum()) < FEWEST
        ):
            return ()
        return leaks(outcome, inputs, system.task or Task.BINARY)

    return memoise(
        cursor, system, f"leaks of {[t.isoformat() for t in reference]}", tuple[LabelLeak, ...], make
    )
