"""The guardrails at a switch: was the new version beyond the one before, since when, and what has it cost since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Finding, FloatArray, Severity, System, Task
from plumbline.domain.messages import NOTHING, Message, message, sequence, word
from plumbline.monitor.releases.champion import ChampionPeriod, Times
from plumbline.monitor.releases.guardrail import Guardrail, guardrail
from plumbline.monitor.releases.history import Switch, duration
from plumbline.monitor.statistics.clusters import run_design_effect, subject_design_effect
from plumbline.monitor.statistics.proportions import Difference, difference
from plumbline.profile.scan import arms, exact
from plumbline.profile.scan.weights import sample_reason
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import decimal, percent

#: whose decisions are, as a hash; None where the log names nobody
Who = NDArray[np.uint64] | None

#: decisions after a switch that are watched, and before it that say what is usual
FIRST, BEFORE = 2_000, 5_000
#: numbers and errors count as large from this quantile of the previous version's
LARGE = 0.9
WRONG = word("decisions with known outcomes were wrong")
PREDICTIONS = word("predictions were among the largest tenth")
ERRORS = word("errors were as large as the largest tenth")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailResult:
    """One guardrail at one switch, and what happened until the version left.

    ``signal``: ``positive rate``, ``prediction``, ``wrong decisions`` or ``large errors``. ``since``: what the
    version did from the moment at which it could be known (None where nothing fired). ``proved``: the change
    of the share of wrong decisions, where outcomes showed in the end that there were fewer: other decisions,
    and better ones.
    """

    version: str
    previous: str
    switched: datetime
    signal: str
    found: Guardrail
    exposed_hours: float
    decisions: int  # of the version from the switch until it left
    positives: int
    since: arms.Aftermath | None
    positive: str = ""
    proved: Difference | None = None

    @property
    def fired(self) -> bool:
        """Whether it called for a rollback."""
        return self.found.fired

    @property
    def at(self) -> datetime | None:
        """The earliest moment at which it could be known."""
        return self.found.at

    @property
    def sentence(self) -> Message:
        """What fired, when it could be known, and how long it went on."""
        if not self.found.fired:
            return self.found.sentence
        advice = NOTHING if self.proved else message("Roll back to {version}.", version=self.previous)
        positives = NOTHING
        if self.signal == "positive rate":
            positives = message(", {positives} of them positive", positives=decimal(self.positives, ","))
        went_on = message(
            "Version {version} went on for {duration} and {decisions} decisions{positives}{harm}.",
            version=self.version,
            duration=duration(60 * self.exposed_hours),
            decisions=decimal(self.decisions, ","),
            positives=positives,
            harm=self._harm(),
        )
        return sequence([self.found.sentence, advice, went_on, self.acquittal])

    @property
    def acquittal(self) -> Message:
        """That outcomes spoke for the new version, where they did."""
        if self.proved is None:
            return NOTHING
        return message(
            "Outcomes spoke for it in the end: {after} of decisions wrong against {before} before.",
            after=percent(self.proved.after),
            before=percent(self.proved.before),
        )

    def _harm(self) -> Message:
        """The wrong decisions since, as far as outcomes are known."""
        if self.since is None or not self.since.labelled or self.signal == "prediction":
            return NOTHING
        if not self.since.wrong:
            return NOTHING
        wrong = decimal(self.since.wrong, ",")
        if self.signal == "positive rate" and self.since.wrong_positives:
            return message(
                "; {wrong} wrong since it could be known, {positives} of them {positive}",
                wrong=wrong,
                positives=decimal(self.since.wrong_positives, ","),
                positive=repr(self.positive),
            )
        return message("; {wrong} wrong since it could be known", wrong=wrong)


def watch(
    cursor: Cursor, system: System, spans: Sequence[ChampionPeriod], switch: Switch
) -> tuple[GuardrailResult, ...]:
    """Every guardrail that the log allows at one switch: of what was decided, and of how wrong it was.

    None where only a sample of the rows is here: the first decisions of a sample are not those of the version.
    """
    if sample_reason(cursor, system):
        return ()
    span = next(
        (s for s in spans if s.version == switch.version and s.start >= switch.at - timedelta(hours=1)), None
    )
    before = next((s for s in reversed(spans) if s.version == switch.previous and s.start < switch.at), None)
    if span is None:
        return ()
    losses = _losses_by_arrival(cursor, system, switch, span, before.start if before else None)
    tripped = (_outputs(cursor, system, switch), _losses(system, *losses))
    proved = _error_decrease(system, losses[1], losses[2])
    return tuple(
        _guardrail_result(cursor, system, switch, span, *f, proved) for f in tripped if f is not None
    )


def _losses_by_arrival(
    cursor: Cursor, system: System, switch: Switch, span: ChampionPeriod, since: datetime | None
) -> tuple[Times, FloatArray, FloatArray, Who]:
    """When the outcomes of the new version's first decisions were in, how wrong they were, the old one's, and
    whose those were."""
    end = span.end + timedelta(microseconds=1)
    times, new, _ = arms.losses_by_label_time(cursor, system, switch.version, switch.at, end, FIRST)
    _, old, who = arms.losses_by_label_time(
        cursor, system, switch.previous, since, switch.at, BEFORE, last=True
    )
    return times, new, old, who


def _error_decrease(system: System, new: FloatArray, old: FloatArray) -> Difference | None:
    """Whether outcomes show fewer wrong decisions than before, beyond chance; None where they do not."""
    if system.task is Task.REGRESSION:
        return None
    found = difference(int((old > 0).sum()), len(old), int((new > 0).sum()), len(new))
    return found if found is not None and found.high < 0 else None


def _outputs(cursor: Cursor, system: System, switch: Switch) -> tuple[str, Guardrail] | None:
    """Of the positive rate; for a regression of the share of predictions among its largest tenth before."""
    if system.task is Task.MULTICLASS or (system.task is Task.BINARY and system.positive is None):
        return None
    times, new, _ = exact.first_decisions(cursor, system, switch.version, switch.at, FIRST)
    _, old, _, who = exact.last_decisions(cursor, system, switch.previous, switch.at, BEFORE)
    if system.task is Task.REGRESSION:
        return _large_error_guardrail("prediction", PREDICTIONS, times, new, old, who, zone=system.timezone)
    new, old = np.nan_to_num(new), np.nan_to_num(old)
    if not len(new) or not len(old):
        return None
    return "positive rate", guardrail(
        times, new.astype(bool), previous_rate=float(old.mean()), previous_n=len(old),
        times_over=_design_effect(old, who), zone=system.timezone,
    )  # fmt: skip


def _design_effect(old: FloatArray, who: Who) -> float:
    """How many of the previous version's decisions tell as much as one: by subject, else by how they come in runs."""
    return run_design_effect(old) if who is None else subject_design_effect(old, who)


def _losses(
    system: System, times: Times, new: FloatArray, old: FloatArray, who: Who
) -> tuple[str, Guardrail] | None:
    """Of the share of wrong decisions, in the order in which they were made; only more of them fire."""
    if system.task is Task.REGRESSION:
        return _large_error_guardrail(
            "large errors", ERRORS, times, new, old, who, zone=system.timezone, rising=True
        )
    if not len(new) or not len(old):
        return None
    return "wrong decisions", guardrail(
        times, new > 0, previous_rate=float((old > 0).mean()), previous_n=len(old),
        rising=True, were=WRONG,
        times_over=_design_effect((old > 0).astype(float), who), zone=system.timezone,
    )  # fmt: skip


def _large_error_guardrail(
    signal: str,
    were: Message,
    times: Times,
    new: FloatArray,
    old: FloatArray,
    who: Who,
    *,
    zone: str,
    rising: bool = False,
) -> tuple[str, Guardrail] | None:
    finite, known = np.isfinite(new), np.isfinite(old)
    old, who = old[known], None if who is None else who[known]
    if not finite.any() or len(old) < 10:
        return None
    limit = float(np.quantile(old, LARGE))
    share = float((old > limit).mean())
    large_errors = guardrail(
        times[finite],
        new[finite] > limit,
        previous_rate=share,
        previous_n=len(old),
        rising=rising,
        were=message("{were} (over {limit})", were=were, limit=decimal(limit, ",.4g")),
        times_over=_design_effect((old > limit).astype(float), who),
        zone=zone,
    )
    return signal, large_errors


def _guardrail_result(
    cursor: Cursor,
    system: System,
    switch: Switch,
    span: ChampionPeriod,
    signal: str,
    guardrail: Guardrail,
    proved: Difference | None,
) -> GuardrailResult:
    whole = arms.aftermath(cursor, system, switch.version, span.start, span.end)
    since = None
    if guardrail.at is not None:
        since = arms.aftermath(cursor, system, switch.version, min(guardrail.at, span.end), span.end)
    return GuardrailResult(
        version=switch.version,
        previous=switch.previous,
        switched=switch.at,
        signal=signal,
        found=guardrail,
        exposed_hours=(span.end - span.start).total_seconds() / 3600,
        decisions=span.n,
        positives=whole.positives,
        since=since,
        positive=system.positive or "",
        proved=proved if guardrail.fired and signal == "positive rate" else None,
    )


def guardrail_finding(system: System, watched: GuardrailResult) -> Finding:
    """The finding of a guardrail that fired: from the switch until the version left."""
    until = watched.switched + timedelta(hours=watched.exposed_hours)
    figures = {
        "version": watched.version, "previous": watched.previous, "signal": watched.signal,
        "at_decision": watched.found.at_decision, "known_at": watched.at,
        "exposed_hours": watched.exposed_hours, "decisions": watched.decisions, "positives": watched.positives,
        "since": watched.since,
    }  # fmt: skip
    return Finding(
        system=system.key,
        signal="release.guardrail",
        sentence=message("Version {version}: {sentence}", version=watched.version, sentence=watched.sentence),
        since=watched.switched,
        until=until,
        severity=Severity.LOW if watched.proved else Severity.HIGH,
        confidence=None,
        page="releases",
        figures=figures,
    )
