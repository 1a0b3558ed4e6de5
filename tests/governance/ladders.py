"""Facts from best to worst, rung by rung, and random systems made of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args, get_type_hints

from hypothesis import settings
from hypothesis import strategies as st

from plumbline.domain import Scorecard, Status
from plumbline.domain.messages import NOTHING
from plumbline.governance.catalogue import catalogue
from plumbline.governance.evidence.case import RECORDED
from plumbline.governance.facts import Facts, FairnessGroup, SwitchFacts
from plumbline.governance.verdict import ORDER
from tests.governance.cases import (
    AMONG,
    CREDIT,
    GUESS,
    HEALTH,
    INCIDENT,
    NO_ERRORS,
    OPERATIONS,
    SELECTED,
    SHOP,
    SUGGESTIONS,
    TODAY,
    attested,
    breach,
    days_ago,
    exempted,
    healthy_facts,
    prober,
)

quick = settings(max_examples=50, deadline=None)


def group(ratio: float, spread: float, gap: float = 0.01) -> tuple[FairnessGroup, ...]:
    return (
        FairnessGroup(
            attribute="sex",
            group="f",
            n=900,
            ratio=ratio,
            low=ratio - spread,
            high=ratio + spread,
            error_gap=gap,
        ),
    )


def switches(*hours: float) -> tuple[SwitchFacts, ...]:
    """Newest first."""
    return tuple(
        SwitchFacts(
            at=days_ago(30 * n + 1),
            previous=f"{n + 1}",
            version=f"{n}",
            overlap_hours=h,
            overlap_decisions=10,
        )
        for n, h in enumerate(hours)
    )


#: Each fact from best to worst.
LADDERS: dict[str, list[Any]] = {
    "decisions": [60_000, 0],
    "decisions_a_month": [10, 300_000],
    "labels": [50_000, 0, None],
    "labelled_share": [0.9, 0.5, 0.3, 0.19, 0.0],
    "label_age_chunks": [0, 2, 2.5, 40],
    "labels_selected": [NOTHING, SELECTED],
    "labels_among": [NOTHING, AMONG],
    "reference": [True, False],
    "recent_chunks_compared": [13, 12, 7, 6, 0],
    "performance_breach": [
        None,
        breach(400, INCIDENT, in_hand=True, until=days_ago(-5).date()),
        breach(2),
        breach(6.9),
        breach(7.1),
        breach(400),
    ],
    "performance_guess": [NOTHING, GUESS],
    "drift_breach": [None, breach(29), breach(31)],
    "model_age_days": [10, 100, 180, 181, 900],
    "segments_labelled": [4, 3, 0],
    "alert_channel": [True, False],
    "alerts_acknowledged": [3, 2, 1, 0],
    "alerts_waiting": [0, 3],
    "alerts_failed": [0, 1, 9],
    "retraining_trigger": [True, False],
    "retraining_fired_at": [days_ago(3), days_ago(364), days_ago(366), None],
    "version_share": [1.0, 0.999, 0.95, 0.949, 0.0],
    "registered_versions": [4, 3, 0],
    "registry_complete": [True, False],
    "probed_at": [days_ago(10), days_ago(90), days_ago(92)],
    "rollback_rehearsed_at": [days_ago(3), days_ago(366), None],
    "switches": [switches(30, 30, 30), switches(30, 30, 0), switches(30, 0, 0), switches(0, 30, 30), ()],
    "guardrail_unhandled": [0, 1, 5],
    "guardrail_in_hand": [0, 1, 5],
    "guardrail_on": [True, False],
    "rollback_wired": [True, False],
    "rollback_wire_tested_at": [days_ago(3), days_ago(366), None],
    "reproducible_versions": [4, 3, 0],
    "conflicting_share": [0.0, 0.001, 0.0011, 0.5],
    "id_share": [1.0, 0.999, 0.998, 0.0],
    "duplicate_share": [0.0, 0.001, 0.002, 0.9],
    "gaps_unexplained": [0, 1, 9],
    "features_share": [1.0, 0.99, 0.98, 0.0],
    "trail_intact": [True, False],
    "loads_hashed": [12, 11, 0],
    "personal_declared": [("email",), ()],
    "oldest_personal_days": [3, 730, 731],
    "lineage_versions": [4, 1, 0],
    "explained_share": [1.0, 0.99, 0.98, 0.0],
    "recent_chunks_attributed": [13, 12, 6, 0],
    "records_issued": [20, 19, 0],
    "reasons_complete": [True, False],
    "fairness": [
        group(0.95, 0.1),
        group(0.85, 0.1),
        group(0.75, 0.1),
        group(0.69, 0.1),
        group(0.2, 0.1, 0.4),
    ],
    "fairness_outcomes": [NOTHING, NO_ERRORS],
    "overrides_90_days": [200, 1, 0],
    "sign_in": [True, False],
    "roles_assigned": [True, False],
    "workspace_encrypted": [True, False],
    "caller_share": [1.0, 0.99, 0.5, 0.0],
    "probing": [(), (prober(),), (prober(enumerates=True), prober())],
    "model_formats_known": [4, 3],
    "model_served": [4, 3, 0],
    "model_unsafe": [(), ("2",)],
    "model_other": [(), ("2",)],
    "complaint_days": [3.0, 30.0, 31.0],
    "complaints_open_days": [None, 30.0, 31.0],
    "complaint_gap": ["", "answers"],
    "ai_act_reviewed": [days_ago(3).date(), days_ago(366).date()],
    "ai_act_duties_open": [0, 1, 9],
    "technical_file_gaps": [0, 1, 20],
    "technical_file_reviewed": [TODAY, days_ago(366).date(), None],
    "incidents_overdue": [0, 1, 4],
    "restore_rehearsed_at": [days_ago(3), days_ago(366), None],
}
EVENTS = sorted(RECORDED)
UNSEEN = ("alerts_delivered", "alert_tested_at", "retraining_fired_at", "rollback_rehearsed_at", "rollback_wired",
          "restore_rehearsed_at")  # fmt: skip
#: facts that can be None, but for those whose absence means that nothing was there
MAY_BE_UNKNOWN = sorted(
    name
    for name, kind in get_type_hints(Facts).items()
    if type(None) in get_args(kind)
    and name
    in set(LADDERS) - {"decisions", "personal_declared", "performance_breach", "drift_breach", "probed_at"}
    | {"personal_detected", "retention_days", "performance_watched", "drift_watched", "segments", "repeats",
       "versions", "recent_chunks", "override_mapped", "override_rate", "alerts_delivered", "incidents",
       "loads", "records_sampled", "ai_act_class", "first_decision", "last_decision"}
)  # fmt: skip
CONTEXTS = (CREDIT, SHOP, HEALTH, OPERATIONS, SUGGESTIONS, {}, {"environment": "production", "harm": "no"})
CONTROLS = [control.id for control in catalogue().controls]

contexts = st.sampled_from(CONTEXTS)
some_worse = st.dictionaries(
    st.sampled_from(sorted(LADDERS)), st.integers(0, 4), max_size=6
)  # how far down its ladder a fact is
statements = st.lists(
    st.builds(
        attested,
        st.sampled_from(CONTROLS),
        st.sampled_from([Status.PASS, Status.PARTIAL, Status.FAIL]),
        at=st.integers(1, 300).map(lambda n: TODAY - timedelta(days=n)),
        expires=st.integers(-20, 60).map(lambda n: TODAY + timedelta(days=n)),
    ),
    max_size=8,
)
waivers = st.lists(
    st.builds(exempted, st.sampled_from(CONTROLS), st.integers(-5, 60).map(lambda n: TODAY + timedelta(n))),
    max_size=8,
)


def made(steps: dict[str, int]) -> Facts:
    values = {name: LADDERS[name][min(step, len(LADDERS[name]) - 1)] for name, step in steps.items()}
    return healthy_facts(**values)


def rank(card: Scorecard) -> int:
    return ORDER.index(card.verdict)
