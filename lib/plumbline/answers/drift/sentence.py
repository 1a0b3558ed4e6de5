"""What the Drift page says first: how many features drifted, which comes first, and whether outputs did."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.answers.performance.cautions import Span
from plumbline.domain import FeatureDrift, PointStatus
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.drift.features import FeatureRank
from plumbline.wording.names import METHOD_NAMES
from plumbline.wording.quantities import decimal
from plumbline.wording.times import say_day, say_span

#: what a model says, which the title names where it drifted in single periods
NAMED_OUTPUTS = ("prediction", "score")


def outputs_sentence(chunks: Sequence[FeatureDrift], window: Span) -> Message:
    """That what the model says drifted in some periods of the window, which the window as a whole may not show."""
    drifts = [
        c
        for c in _within(chunks, window)
        if c.feature in NAMED_OUTPUTS and c.status is not PointStatus.UNKNOWN
    ]
    moved = [c for c in drifts if c.status is PointStatus.BREACH]
    if not moved:
        return NOTHING
    names = {c.feature for c in moved}
    days = sorted({c.start for c in moved if c.start is not None})
    values = {
        "drifted": decimal(len(days), ""),
        "periods": decimal(len({c.start for c in drifts}), ""),
        "day": say_day(days[0]),
    }
    if len(names) > 1:
        return message(
            "The prediction and the score drifted in {drifted} of {periods} periods, first from {day}.",
            **values,
        )
    if names == {"score"}:
        return message("The score drifted in {drifted} of {periods} periods, first from {day}.", **values)
    return message("The prediction drifted in {drifted} of {periods} periods, first from {day}.", **values)


def _within(chunks: Sequence[FeatureDrift], window: Span) -> list[FeatureDrift]:
    first, last = window
    return [
        c
        for c in chunks
        if c.start is not None and (first is None or c.start >= first) and (last is None or c.start < last)
    ]


def window_sentence(
    drifts: Sequence[FeatureDrift],
    ranked: Sequence[FeatureRank],
    reference: Span,
    window: Span,
    chunks: Sequence[FeatureDrift] = (),
) -> Message:
    """How many features drifted in the window, and the one that comes first with its figures.

    ``chunks``: its periods, of which the window as a whole may show nothing.
    """
    judged = [f for f in drifts if f.status is not PointStatus.UNKNOWN]
    names = {f.feature for f in judged}
    spans = {"window": say_span(*window), "reference": say_span(*reference)}
    if not judged:
        return message("Too few values to judge drift ({window}, against {reference}).", **spans)
    drifted = list(dict.fromkeys(f.feature for f in judged if f.drifted))
    if not drifted:
        values = {
            **spans,
            "features": decimal(len(names), ""),
            "n": decimal(max(f.n for f in judged), ","),
        }
        breaches = [
            c for c in _within(chunks, window) if c.feature in names and c.status is PointStatus.BREACH
        ]
        if breaches:
            return message(
                "None of {features} features drifted over the whole window, {some} did in single periods, first "
                "from {day}: {window}, against {reference}, up to {n} decisions.",
                **values,
                some=decimal(len({c.feature for c in breaches}), ""),
                day=say_day(min(c.start for c in breaches if c.start)),
            )
        return message(
            "None of {features} features drifted: {window}, against {reference}, up to {n} decisions.",
            **values,
        )
    first = next((r.feature for r in ranked if r.feature in drifted), drifted[0])
    worst = next(f for f in judged if f.feature == first and f.drifted)
    return message(
        "{drifted} of {features} features drifted. {first} comes first ({method} {distance}, n = {n}; {window}, "
        "against {reference}).",
        **spans,
        drifted=decimal(len(drifted), ""),
        features=decimal(len(names), ""),
        first=first,
        method=METHOD_NAMES.get(worst.method, worst.method),
        distance=decimal(worst.value or 0.0, ".2f"),
        n=decimal(worst.n, ","),
    )
