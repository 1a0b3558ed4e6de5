"""What the answer to what a model uses says first, in a sentence."""

from __future__ import annotations

from plumbline.answers.decisions.explain import Sources
from plumbline.domain import AttributionSource
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.explain.reasons.global_importance import NDCG_WATCH, AttributionDrift, FeatureImportance
from plumbline.wording.quantities import count, percent


def say_use(
    version: str, ranked: tuple[FeatureImportance, ...], moved: AttributionDrift | None,
    act: int, sources: Sources,
) -> Message:  # fmt: skip
    """What a version leans on most, whether it uses its inputs as before, and how many of them drifted (``act``)."""
    who = message("Version {version}", version=version) if version else message("The model")
    if not ranked:
        return message("What {who:within} uses cannot be told: {why}", who=who, why=sources.sentence)
    if sources.source is AttributionSource.SURROGATE:
        who = message("Approximately, {who:within}", who=who)
    parts = [
        message("{feature} ({share})", feature=f.feature, share=percent(f.share, ".0f")) for f in ranked[:2]
    ]
    most = message("{most} and {last}", most=parts[0], last=parts[1]) if len(parts) > 1 else parts[0]
    tail = message("; {n} of the inputs that it uses have drifted", n=count(act)) if act else NOTHING
    if moved is None:
        return message("{who} leans most on {most}{tail}.", who=who, most=most, tail=tail)
    if moved.ndcg < NDCG_WATCH:
        return message(
            "{who} leans most on {most}; it uses its inputs in another order than in the reference{tail}.",
            who=who,
            most=most,
            tail=tail,
        )
    return message(
        "{who} leans most on {most}; it uses its inputs much as in the reference ({share} of the weight moved){tail}.",
        who=who,
        most=most,
        share=percent(moved.share_shift, ".0f"),
        tail=tail,
    )
