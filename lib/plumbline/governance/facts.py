"""Everything measured in a log or probed around it that the evidence rules read, as plain values.

``None`` always means: the log (or the workspace) cannot show it. No rule reads a ``None`` as good news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from plumbline.domain.messages import NOTHING, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A confirmed breach that is still open."""

    since: datetime
    sentence: Message
    handled: Message = NOTHING  # the incident or release that handles it, in words; empty: nobody does
    dated: bool = False  # the sentence itself says since when
    unnamed: str = ""  # the day of an incident opened since that names no finding, and so handles none
    in_hand: bool = False  # handled by an incident that is still open: what people said, partial at most
    until: date | None = (
        None  # the day by which that is to be closed; None: nobody planned it, and it changes nothing
    )


@dataclass(frozen=True, slots=True)
class LatestRecord:
    """The newest of one kind of event that a person or a pipeline wrote down: a statement, whatever it is about."""

    event: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchFacts:
    """One version taking over from another. Returns to an earlier version (rollbacks) are not switches."""

    at: datetime
    previous: str
    version: str
    overlap_hours: float = 0.0  # both side by side, before the switch
    overlap_decisions: int = 0  # decisions of the new version in that time


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessGroup:
    """One protected group against the most favoured one of its attribute; ratios with their 95 % interval.

    ``error_gap``: the difference of an error rate that counts most, 0 to 1, with the limits of its size (None: as
    measured, exactly). ``adverse``: how many times as often it gets the unwanted outcome, where that is rare.
    ``q``, ``gap_q``: corrected p-values. ``groups``: how many of the attribute the limits hold for at once.
    """

    attribute: str
    group: str
    n: int
    ratio: float | None
    low: float | None
    high: float | None
    error_gap: float | None = None
    q: float = 0.0
    gap_low: float | None = None
    gap_high: float | None = None
    gap_q: float = 0.0
    adverse: float | None = None
    adverse_low: float | None = None
    adverse_high: float | None = None
    groups: int = 2
    pair: bool = False  # of two attributes: a finding counts, too few rows do not


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbingCaller:
    """One caller whose inputs are of its own making: ``share`` of its ``n`` different inputs are one step from another,
    ``usual`` of others'. ``enumerates``: it goes through combinations, each once."""

    caller: str
    n: int
    share: float
    usual: float | None
    enumerates: bool = False


def worst_caller(callers: Sequence[ProbingCaller]) -> ProbingCaller | None:
    """The one that a sentence and its rows are about: who goes through combinations, else the first; None without."""
    return next((caller for caller in callers if caller.enumerates), callers[0] if callers else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about one system, as of ``as_of``. Shares are 0 to 1; times are aware UTC.

    ``as_of`` is the moment the log speaks for (its end, or now): ages of breaches and of the model count
    from it. Ages of rehearsals, tests and statements count from the day the scorecard is computed.

    Deliveries, tests, rehearsals and triggers are receipts of the system itself, which nobody can type; what
    people recorded of them is in ``noted``.
    """

    as_of: datetime
    decisions: int = 0
    rows_read: int | None = None  # of files and requests whose loads stand
    rows_quarantined: int | None = None  # of those, rows that could not be loaded and wait
    first_decision: datetime | None = None
    last_decision: datetime | None = None
    decisions_a_month: float | None = None
    share_elsewhere: float | None = (
        None  # of customer interactions, by the workspace's other systems in production; None: not known of any
    )

    # outcomes
    labels: int | None = None  # labelled decisions; None: no label mapped
    due: int | None = None  # decisions older than the usual label delay
    labelled_share: float | None = None  # of those
    label_age_chunks: float | None = None  # age of the last labelled chunk, in chunks
    labels_selected: Message = (
        NOTHING  # that being labelled depends on the decision, in words; empty: it does not
    )
    labels_among: Message = (
        NOTHING  # whom outcomes speak of, where some decisions never have one; empty: of all
    )
    chunk_unit: str = "week"
    outcomes_arrive_later: bool | None = None  # outcomes observed after the decision, in the world

    # drift and performance
    reference: bool | None = None  # a healthy span is set
    recent_chunks: int | None = None  # chunks with data in the last 90 days
    recent_chunks_compared: int | None = None  # of those, with a drift check on the trail
    performance_watched: bool | None = None  # realised performance is known for recent chunks
    performance_breach: Breach | None = None
    performance_guess: Message = (
        NOTHING  # that the headline is no better than guessing, in words; empty: it is, or nobody knows
    )
    performance_worse_than_guess: bool = False
    drift_watched: bool | None = None  # drift of the features that carry importance is known
    drift_breach: Breach | None = None  # of a feature that carries importance
    model_age_days: float | None = None
    model_age_source: str = ""  # trained_at | first seen
    segments: int | None = None  # values of the mapped segments; None: none mapped
    segments_labelled: int | None = None  # of those, with outcomes

    commercial_from: date | None = None  # the day from which it is in commercial use, as the owner states it
    context_answered: bool = False  # somebody once said what the system is for, whatever was withdrawn since
    noted: tuple[LatestRecord, ...] = ()  # what people recorded, the newest of each kind

    # alerts and retraining
    alert_channel: bool | None = None
    alerts_delivered: int | None = None
    alerts_failed: int | None = None  # could not be delivered, and were not delivered later
    alerts_acknowledged: int | None = None
    alerts_waiting: int | None = None  # delivered within a week and not acknowledged yet
    alert_tested_at: datetime | None = None  # somebody typed back the code that a test alert held
    retraining_due: Message = (
        NOTHING  # why the performance threshold calls for retraining, in words; empty: it does not
    )
    retraining_trigger: bool | None = None  # configured
    retraining_fired_at: datetime | None = None  # for real, and a version trained after it was seen
    retraining_tested_at: datetime | None = None  # in a test, answered by what it started
    retraining_days: tuple[
        float | None, ...
    ] = ()  # from the breach until that fire, the version seen, and the cure

    # releases
    version_share: float | None = None
    versions: int | None = None  # distinct versions in the log
    registered_versions: int | None = None  # of those, in the registry; None: no registry
    registry_complete: bool | None = None  # each immutable, with who and when
    versions_missing: tuple[str, ...] = ()  # in the log, and in no registry
    probed_at: datetime | None = None  # when the registry or repository was last read; None: never
    probed_where: str = ""  # which, in words
    rollback_at: datetime | None = None  # a return to an earlier version, seen in the log
    rollback_minutes: float | None = None
    rollback_rehearsed_at: datetime | None = None
    switches: tuple[SwitchFacts, ...] | None = (
        None  # the last three at most, any order; None: no version column
    )
    guardrail_on: bool | None = None
    guardrail_unhandled: int | None = None  # findings without an incident
    guardrail_in_hand: int | None = None  # findings whose incident is still open
    guardrail_sentence: Message = NOTHING  # the worst of them
    rollback_wired: bool | None = None  # guardrail wired to a registry alias or webhook
    rollback_mode: str = ""  # of a wired one: propose | dry run | automatic
    rollback_wire_tested_at: datetime | None = None  # a drill, by its receipt
    rollback_drill_seconds: float | None = None  # how long that took
    reproducible_versions: int | None = None  # versions with code revision, data hash and parameters
    reproduced_versions: int | None = None  # versions whose registered model file gives the logged scores
    repeats: int | None = None  # decisions whose input and version occurred before
    conflicting_share: float | None = (
        None  # of those, with another answer, beyond what logged inputs leave open
    )
    repeated_inputs: int | None = None  # different inputs among the repeats; None: each repeat counts as one
    conflicting_inputs: int | None = None  # of those, with different answers
    conflicting_decisions: float | None = None  # share of repeats with another decision
    near_share: float | None = (
        None  # share whose scores differ by no more than rounded or unlogged inputs explain
    )

    # audit trail
    id_share: float | None = None
    duplicate_share: float | None = None
    gaps_unexplained: int | None = None  # beyond three times the usual
    longest_gap_hours: float | None = None
    features_share: float | None = None
    trail_intact: bool | None = None
    loads: int | None = None
    loads_hashed: int | None = None
    covers_launch: bool | None = None  # the log goes back to the launch
    personal_detected: tuple[str, ...] | None = None  # columns; None: not examined
    personal_declared: tuple[str, ...] = ()
    oldest_personal_days: float | None = None
    retention_days: float | None = None  # as the owner states it
    lineage_versions: int | None = None  # versions with recorded lineage

    # explanations
    explained_share: float | None = None  # by logged or model attributions, check passed
    surrogate_share: float | None = None  # by a surrogate that passed its gates, beyond those
    recent_chunks_attributed: int | None = None  # recent chunks with stored attributions
    records_sampled: int | None = None  # random sample of decisions
    records_issued: int | None = None  # of those, a decision record could be issued
    reasons_complete: bool | None = None  # every feature has its words

    # people
    fairness: tuple[FairnessGroup, ...] | None = None  # None: no protected attribute
    fairness_outcomes: Message = (
        NOTHING  # whose outcomes are known, where error rates of groups are not; empty: of all
    )
    favourable: str = ""  # the class that people are taken to want
    favourable_source: str = "owner"  # owner | names | assumed: nobody says
    fairness_otherwise: tuple[FairnessGroup, ...] = ()  # where nobody says: if people want the other class
    override_mapped: bool | None = None
    override_rate: float | None = None
    overrides_90_days: int | None = None

    # workspace. None: it cannot be told (one person's machine, an encrypted disk below), not "no"
    sign_in: bool | None = None
    roles_assigned: bool | None = None
    workspace_encrypted: bool | None = None
    caller_share: float | None = None  # decisions that name who asked
    callers: int | None = None  # who asked in the last 90 days; None: no column names them
    sample_reason: Message = NOTHING  # why what needs every row is unknown: only a sample of them is here
    callers_busy: int = 0  # of them, with enough decisions to copy a model
    callers_sample: int = 0  # of those, how many were looked at: the busiest
    callers_untold: int = 0  # of these, of whom nothing tells whether they probe
    probing: tuple[ProbingCaller, ...] = ()  # the worst first
    inputs: int | None = None  # of the model, as logged

    # model files
    model_formats_known: int | None = (
        None  # versions of the log whose model file's format is known; None: of none
    )
    model_unsafe: tuple[str, ...] = ()  # of those, the versions whose file can run code when it is opened
    model_other: tuple[str, ...] = ()  # versions that name another file's hash than the registered one's
    model_served: int = 0  # versions whose registered file is shown to be the one that decides

    # registers
    ai_act_class: str | None = None  # prohibited | high risk | transparency | minimal, as worked out
    ai_act_reviewed: date | None = None
    ai_act_duties_open: int | None = (
        None  # that follow from class and role and are nobody's; None: no role stated
    )
    technical_file_reviewed: date | None = None  # generated here and reviewed
    technical_file_by: str = ""  # who reviewed it
    technical_file_gaps: int | None = None  # items that nobody has filled in, in the reviewed version
    incidents: int | None = None
    incidents_overdue: int | None = None
    complaints: int | None = None  # recorded within 12 months; None: nobody records any
    complaints_open: int = 0  # of those, not answered yet
    complaints_open_days: float | None = None  # how long the oldest of these waits
    complaint_days: float | None = None  # the longest that an answer took
    complaint_usual_days: float | None = None  # the median
    complaint_keeper: str = ""  # who recorded the newest
    complaints_logged: bool = False  # a column of the log holds them
    complaint_gap: str = ""  # what that column lacks for the days to an answer: dates | answers
    restore_rehearsed_at: datetime | None = None

    @property
    def span_days(self) -> float | None:
        """Days between the first and the last decision."""
        if self.first_decision is None or self.last_decision is None:
            return None
        return (self.last_decision - self.first_decision).total_seconds() / 86400
