"""Which commands a server runs for another machine, and the role that each takes; the others say why not."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.domain.acts import Access

#: commands that change nothing
_READ = {
    "systems", "scorecard", "performance", "drift", "fairness", "quality", "releases", "findings", "explain", "labels",
    "quarantine", "gate", "compare", "trail", "deliveries", "sources", "verify", "report", "document", "decision",
    "questionnaire", "event list", "channel list", "incident list", "token list", "trigger list", "freeze list",
    "schedule show", "time-authority show",
}  # fmt: skip
#: commands that act beyond the workspace, or on everybody, before anything is written
_OWNERS = {
    "rollback mode", "rollback now", "rollback approve", "trigger add", "trigger fire", "trigger approve",
    "trigger remove", "channel add", "channel remove", "token revoke", "erase", "system delete",
    "schedule set", "schedule run", "time-authority set", "freeze add", "freeze remove", "access", "context", "attest",
    "exempt", "approve", "headline", "remove",
}  # fmt: skip
_OWN_PATHS = "it reads or writes paths of the server's own machine"
_OWN_SECRETS = "it signs in elsewhere with what the server's environment holds"
#: command -> why a server does not run it for another machine
REFUSED = {
    "backup": _OWN_PATHS,
    "rehearse-restore": _OWN_PATHS,
    "pull": _OWN_SECRETS,
    "attach": _OWN_SECRETS,
    "probe": _OWN_SECRETS,
    "places": "it says what the server may reach",
    "token add": "who holds one token could make a second, and approve as another what the first proposed",
}


def required_role(path: Sequence[str]) -> Access:
    """The least role of a token that gives a command; what is written asks for its own besides."""
    name = " ".join(path)
    return Access.VIEWER if name in _READ else Access.OWNER if name in _OWNERS else Access.ANALYST


def refusal_reason(path: Sequence[str]) -> str:
    """Why a server does not run a command for another machine; empty where it does."""
    why = REFUSED.get(" ".join(path), "")
    return f"A server does not run {' '.join(path)} for another machine: {why}" if why else ""


def is_refused_option(name: str) -> bool:
    """Whether an option is not taken from another machine: what names a variable, a folder or an inner host."""
    return name.endswith("-env") or name in ("--allow-inner", "--inbox")
