"""What can be asked of a server: the commands whose answers it gives, each under its path."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from plumbline.domain.acts import Access

#: the header in which a server says how the command would have ended
EXIT_CODE = "Plumbline-Exit-Code"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRoute:
    """A command under a path. ``options``: those of its options that a query may give; ``unknown``: what its refusal
    means, where it takes the name of something."""

    path: str
    command: str
    summary: str
    options: tuple[str, ...] = ()
    method: str = "GET"
    access: Access = Access.VIEWER
    places: tuple[str, ...] = ("system",)
    unknown: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY


_SLICE = ("window", "version", "where")
QUESTIONS = (
    CommandRoute(path="scorecard", command="scorecard", summary="The verdict, its reasons and every control",
             options=("at", "changes")),
    CommandRoute(path="performance", command="performance", summary="The metrics over time",
             options=("by", "metric", *_SLICE, "estimated", "exact", "by-version", "calibration", "segments",
                      "against")),
    CommandRoute(path="drift", command="drift", summary="A window against the reference, feature by feature",
             options=("reference", "method", *_SLICE, "exact", "whole-row")),
    CommandRoute(path="fairness", command="fairness", summary="Protected groups compared",
             options=("by", "favourable", *_SLICE)),
    CommandRoute(path="quality", command="quality", summary="What the log itself is worth",
             options=("window",)),
    CommandRoute(path="releases", command="releases", summary="Versions, switches, guardrails", options=("split",)),
    CommandRoute(path="findings", command="findings", summary="The register of findings", options=("open",)),
    CommandRoute(path="explanations/{decision}", command="explain", summary="Why one decision came out as it did",
             options=("space",), places=("system", "decision"), unknown=HTTPStatus.NOT_FOUND),
    CommandRoute(path="check", command="check", summary="Run every signal, and record what it finds", method="POST",
             access=Access.ANALYST),
    CommandRoute(path="findings/{number}/acknowledge", command="acknowledge", summary="Say that a finding was seen",
             method="POST", access=Access.ANALYST, places=("system", "number"), unknown=HTTPStatus.NOT_FOUND),
)  # fmt: skip
