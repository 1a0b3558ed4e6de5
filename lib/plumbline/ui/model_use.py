"""The pieces of the Model use page: importance, its course, points, one feature, drift of use, coverage, groups."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.decisions.explain import ASKED, groups_of
from plumbline.answers.decisions.importance import ModelUse, model_use, set_groups
from plumbline.charts.beeswarm import beeswarm, dependence
from plumbline.charts.importance import importance, importance_over_time
from plumbline.charts.style import Mode
from plumbline.domain import AttributionSource, PlumblineError
from plumbline.explain.reasons.global_importance import NDCG_WATCH
from plumbline.ui.decisions.explanation import SOURCES, SPACES
from plumbline.ui.frame import permissions
from plumbline.ui.frame.sign_in import actor
from plumbline.ui.notes import marks, strip
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import digits, localise, phrase
from plumbline.wording.quantities import count, percent
from plumbline.wording.times import iso_day

MOST_TWINS = 8  # sets listed


def answer(view: View, key: str) -> ModelUse:
    """What the version uses: in log-odds or in probability as the reader chose, where a registered model has both."""
    window = (view.start, view.end)
    with st.spinner(
        phrase(
            "Explaining a random sample. A version without contributions or model file takes some seconds."
        )
    ):
        use = ask(view, model_use, key, version=view.version, window=window, by=view.chunk)
    if use.source is not AttributionSource.MODEL or use.space != SPACES[0]:
        return use
    chosen = st.segmented_control(
        phrase("Contributions in"),
        SPACES,
        format_func=lambda each: localise(each, "scale"),
        default=SPACES[0],
        required=True,
        key=session.SPACE.name,
        bind="query-params",
        help=phrase(
            "Log-odds: what the model adds up itself. Probability: how far each input moves the "
            "probability, measured against fixed decisions of the reference; over {asked} random "
            "decisions, as each one takes long.",
            asked=ASKED,
        ),
    )
    if chosen != SPACES[1]:
        return use
    with st.spinner(phrase("Asking the model about a small random sample.")):
        return ask(view, model_use, key, version=view.version, window=window, by=view.chunk, space=SPACES[1])


def overall(usage: ModelUse, view: View) -> None:
    """Importance with its sampling error, and its course over the chunks."""
    if usage.source is not None:
        words, status = SOURCES[usage.source]
        st.markdown(cards.chip(status, localise(words)))
    rows = [
        {
            "Feature": f.feature,
            "Mean contribution": f.value,
            "From": f.low,
            "To": f.high,
            "Share of weight": f.share,
            "Signed mean": f.mean,
            "n": f.n,
        }
        for f in usage.features
    ]
    cards.section(phrase("What counts"))
    most = ", ".join(f"{one_line(f.feature)} {localise(percent(f.share, '.0f'))}" for f in usage.features[:5])
    charts.show(
        importance({f.feature: f.value for f in usage.features}, usage.n, view.mode, space=usage.space),
        key="use.importance",
        name="importance",
        rows=rows,
        alt=phrase("Share of weight: {names}", names=most),
    )
    if len(usage.chunks) > 1:
        cards.section(
            phrase("Over time"),
            phrase(
                "The same sample by {by}; chunks of under 30 decisions are left out.",
                by=localise(usage.by),
            ),
        )
        charts.show(
            importance_over_time(
                [(c.start, c.n, c.use) for c in usage.chunks],
                view.mode,
                space=usage.space,
                events=marks.events(view),
            ),
            key="use.time",
            name="importance-over-time",
            alt=phrase("Mean absolute contribution of the strongest features"),
            rows=[{"From": f"{iso_day(c.start)}", "n": c.n, **c.use} for c in usage.chunks],
        )
        strip.strip(view)


def points(usage: ModelUse, mode: Mode) -> None:
    """Each decision as a point, and one feature against its values."""
    cards.section(
        phrase("Decision by decision"),
        phrase("{parts} of the sample; colour is the feature's value.", parts=count(len(usage.parts))),
    )
    rows = [dict(zip(usage.names, row, strict=True)) for row in usage.parts.tolist()]
    charts.show(
        beeswarm(usage.parts, usage.values, usage.names, mode, space=usage.space),
        key="use.swarm",
        name="contributions",
        rows=rows,
        alt=phrase("Contributions of single decisions by feature; the data are in the file"),
    )
    offered = [f.feature for f in usage.features if f.feature in usage.values.columns]
    if not offered:
        return
    cards.section(phrase("One feature"))
    chosen = st.selectbox(
        phrase("Feature"), offered, format_func=lambda n: one_line(n, 60), key="use.feature", width=320
    )
    if chosen is None:
        return
    part = usage.parts[:, usage.names.index(chosen)]
    charts.show(
        dependence(usage.values[chosen], part, chosen, mode, space=usage.space),
        key="use.dependence",
        name="dependence",
        alt=phrase("Contribution of {chosen} against its value", chosen=one_line(chosen)),
        rows=[
            {"Value": v if isinstance(v, (int, float)) else one_line(v), "Contribution": c}
            for v, c in zip(usage.values[chosen].tolist(), part.tolist(), strict=True)
        ],
    )


def attribution_drift(usage: ModelUse) -> None:
    """Attribution drift: four numbers, since each is blind alone, and the features by what they ask for."""
    cards.section(phrase("Does it still use its inputs as it did?"))
    drift = usage.drift
    if usage.drift_note:
        cards.note(usage.drift_note)
    if drift is not None:
        a, b = usage.compared
        cards.note(
            phrase(
                "Window against reference{version}: {now} against {then} decisions.",
                version=phrase(", version {version} alone", version=usage.version) if usage.version else "",
                now=count(b),
                then=count(a),
            )
        )
        order = "watch" if drift.watch else "pass"
        cards.figures(
            [
                cards.Figure(
                    name=phrase("Order kept"),
                    value=numbers.significant(drift.ndcg),
                    note=phrase("watch below {ndcg_watch}", ndcg_watch=digits(f"{NDCG_WATCH:g}")),
                    status=order,
                    help=help_for("Order kept"),
                ),
                cards.Figure(
                    name=phrase("Weight moved"),
                    value=numbers.share(drift.share_shift),
                    help=help_for("Weight moved"),
                ),
                cards.Figure(
                    name=phrase("Size of contributions"),
                    value=f"× {numbers.significant(drift.magnitude_ratio)}",
                    help=help_for("Size of contributions"),
                ),
                cards.Figure(
                    name=phrase("Mean output moved by"),
                    value=numbers.signed_number(drift.mean_change),
                    note=numbers.unit(usage.space),
                    help=help_for("Mean output moved by"),
                ),
            ]
        )
    rows = [
        {
            "Feature": one_line(q.feature),
            "What to do": localise(q.verdict),
            "Weight now": numbers.share(q.share),
            "Weight before": numbers.DASH if q.share_before is None else numbers.share(q.share_before),
            "Moved the output by": numbers.DASH if q.change is None else numbers.signed_number(q.change),
            "Drift": numbers.DASH if q.distance is None else numbers.significant(q.distance),
        }
        for q in usage.quadrants
    ]
    tables.grid(rows, alt=phrase("Features by weight, drift of the input, and what to do"))
    charts.data(rows, "use-against-drift", "use.quadrants")


def coverage(usage: ModelUse) -> None:
    """How many decisions are explained, by source, with the check passed; and version beside version."""
    whole = sum(c.n for c in usage.coverage)
    done = sum(c.recorded + c.kept + c.on_demand for c in usage.coverage)
    share = done / whole if whole else 0.0
    cards.section(
        phrase("How much is explained"),
        phrase(
            "{done} of {whole} decisions ({share}) by attributions that add up to the logged score.",
            done=count(done),
            whole=count(whole),
            share=numbers.share(share),
        ),
    )
    rows = [
        {
            "Version": one_line(c.version) or "(none)",
            "Decisions": c.n,
            "As recorded": c.recorded,
            "Kept": c.kept,
            "On demand": c.on_demand,
            "Not exactly": c.n - c.recorded - c.kept - c.on_demand,
        }
        for c in usage.coverage
    ]
    tables.grid(rows, alt=phrase("Decisions explained by version and source"))
    charts.data(rows, "coverage", "use.coverage")
    uses = [v for v in usage.versions if v.shares]
    if len(uses) > 1:
        cards.section(
            phrase("Version beside version"), phrase("Share of weight, from up to 1,000 decisions each.")
        )
        names = [f.feature for f in usage.features]
        rows = [
            {
                "Feature": one_line(name),
                **{
                    one_line(v.version) or "(none)": numbers.share(v.shares[name])
                    if name in v.shares
                    else numbers.DASH
                    for v in uses
                },
            }
            for name in names
        ]
        tables.grid(rows, alt=phrase("Share of weight by feature and version"))
        charts.data(rows, "weight-by-version", "use.versions")


def grouping(view: View, usage: ModelUse) -> None:
    """Columns that are one thing to a reader, added up everywhere on this page."""
    groups_by_input = groups_of(usage.system)
    _near_twins(view, usage, groups_by_input)
    with st.expander(phrase("Group columns")):
        names: dict[str, list[str]] = {}
        for feature, group in groups_by_input.items():
            names.setdefault(group, []).append(feature)
        words = st.text_area(
            phrase("One group a line: its name, a colon, its columns with commas between"),
            value="\n".join(f"{group}: {', '.join(members)}" for group, members in names.items()),
            placeholder=phrase("Income: salary, bonus, other_income"),
            key="use.groups",
        )
        if permissions.button(phrase("Keep the groups"), permissions.ANALYST, key="use.groups.keep"):
            try:
                set_groups(view.ws, usage.system.key, _read(str(words or "")), actor=actor())
            except PlumblineError as error:
                empty_states.show_error(error)
                return
            st.rerun()


def _near_twins(view: View, usage: ModelUse, groups: dict[str, str]) -> None:
    """Inputs between which the weight is split arbitrarily, and one click that adds them up."""
    if not usage.twins:
        return
    cards.section(
        phrase("Inputs that move together"),
        phrase(
            "Between such inputs a model's weight is split arbitrarily: which comes first among "
            "a decision's reasons may change with the next training. As one group they are added "
            "up, here and in reasons."
        ),
    )
    for i, twin in enumerate(usage.twins[:MOST_TWINS]):
        names = ", ".join(one_line(name, 40) for name in twin.features[:6])
        more = (
            phrase(" and {features} more", features=len(twin.features) - 6) if len(twin.features) > 6 else ""
        )
        weakest = "" if len(twin.features) == 2 else phrase(" at the weakest link")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                phrase(
                    "{names} :gray[rank correlation {correlation}{weakest}, n = {n}]",
                    names=escape(names + more),
                    correlation=numbers.signed_number(twin.correlation),
                    weakest=weakest,
                    n=numbers.count(twin.n),
                )
            )
            if permissions.button(phrase("Group them"), permissions.ANALYST, key=f"use.twins.{i}"):
                title = twin.features[0]
                set_groups(
                    view.ws, usage.system.key, groups | dict.fromkeys(twin.features, title), actor=actor()
                )
                st.rerun()
    if len(usage.twins) > MOST_TWINS:
        cards.note(phrase("{twins} more sets are not listed.", twins=len(usage.twins) - MOST_TWINS))


def _read(words: str) -> dict[str, str]:
    groups = {}
    for line in words.splitlines():
        group, _, columns = line.partition(":")
        for name in columns.split(","):
            if group.strip() and name.strip():
                groups[name.strip()] = group.strip()
    return groups
