"""Moving an alias of an MLflow registry, by its REST interface: read, compare, set, read back, read again.

The registry sets an alias whatever it was, without comparing. Two who act at once are kept apart by a tag on the
version that is left, as in Fischer's timed exclusion (Lamport 1987, ACM TOCS 5): who finds no fresh tag writes its own,
waits longer than a write takes, and goes on only where it reads its own again. That narrows the race, and the alias is
read again after the act: what a person moved meanwhile is left alone and said.

The credential is the write credential of this room alone; the probe's reads with its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from plumbline.domain.respond import Receipt
from plumbline.respond import http
from plumbline.respond.targets import authorization_header

API = "/api/2.0/mlflow"
TAG = "plumbline.rollback"
DRILL = "plumbline-drill"
#: seconds between a write and the reading that has to find it, and how long a tag of somebody else counts
PAUSE, FRESH = 2.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasHand:
    """Where the alias is, and what may write there. ``pause``: seconds; see ``PAUSE``."""

    registry: str
    model: str
    alias: str
    credential: str = ""
    allow_inner: bool = False
    pause: float = PAUSE


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """One version there: its number, its state, and its tags."""

    number: str
    status: str
    tags: Mapping[str, str]


class _StopMove(Exception):
    """Nothing more is done; the text says why."""


def read_alias(hand: AliasHand) -> str | None:
    """The number of the version that the alias points to; empty: there is no such alias; None: no answer."""
    reply = _get(hand, "/registered-models/alias", name=hand.model, alias=hand.alias)
    if reply.status == 404 or "RESOURCE_DOES_NOT_EXIST" in reply.text or "not found" in reply.text.lower():
        return ""
    pointed_version = _read(reply).get("model_version")
    return (
        str(pointed_version["version"])
        if reply.ok and isinstance(pointed_version, dict) and "version" in pointed_version
        else None
    )


def version(hand: AliasHand, number: str) -> RegistryVersion | None:
    """A version of the model; None where the registry does not show it."""
    reply = _get(hand, "/model-versions/get", name=hand.model, version=number)
    version_name = _read(reply).get("model_version") if reply.ok else None
    if not isinstance(version_name, dict):
        return None
    tags = {
        str(t.get("key")): str(t.get("value")) for t in version_name.get("tags", []) if isinstance(t, dict)
    }
    return RegistryVersion(str(version_name.get("version", "")), str(version_name.get("status", "")), tags)


def move(
    hand: AliasHand, expected: str, target: str, run: str, nonce: str
) -> tuple[Receipt, tuple[str, ...]]:
    """Point the alias from one version to another, and only from that one; what was done, step by step.

    Args:
        expected, target: numbers of versions in the registry.
        run, nonce: whose move it is, and which of those that work on it.
    """
    steps: list[str] = []
    at = datetime.now(UTC)
    try:
        _move_alias(hand, expected, target, f"{run} {nonce}", steps)
    except _StopMove as stop:
        return _receipt(hand, at, ok=False, text=str(stop)), (*steps, str(stop))
    return _receipt(hand, at, ok=True, run=run), tuple(steps)


def _move_alias(hand: AliasHand, expected: str, target: str, owner: str, steps: list[str]) -> None:
    now = read_alias(hand)
    if now is None:
        raise _StopMove("The registry does not answer")
    if now == target:
        raise _StopMove(f"The alias points to version {target} already: somebody moved it")
    if now != expected:
        raise _StopMove(f"The alias points to version {now or 'none'}, not to {expected}: somebody moved it")
    steps.append(f"read: {hand.alias} points to {expected}")
    there = version(hand, target)
    if there is None or there.status not in ("READY", ""):
        raise _StopMove(f"Version {target} is not ready in the registry")
    _claim(hand, expected, owner, steps)
    if read_alias(hand) != expected:
        raise _StopMove("The alias was moved by somebody in between; it is left alone")
    reply = _send(
        hand, "POST", "/registered-models/alias", {"name": hand.model, "alias": hand.alias, "version": target}
    )
    if not reply.ok:
        raise _StopMove(f"The registry did not move the alias: {reply.error}")
    steps.append(f"set: {hand.alias} to {target}")
    if read_alias(hand) != target:
        raise _StopMove("The alias does not point to where it was set")
    steps.append(f"read back: {target}")
    time.sleep(hand.pause)
    again = read_alias(hand)
    if again != target:
        raise _StopMove(f"The alias was moved on to version {again or 'none'} by somebody right after")
    steps.append(f"read again: {target}")
    _tag(hand, target, owner)


def _claim(hand: AliasHand, number: str, owner: str, steps: list[str]) -> None:
    """Write this run's name on the version that is left, where no other's is fresh, and find it there later."""
    registry_version = version(hand, number)
    if registry_version is None:
        raise _StopMove(f"Version {number} is not in the registry")
    other, _, when = registry_version.tags.get(_tag_name(hand), "").rpartition(" ")
    if other and other != owner and _is_fresh(when):
        raise _StopMove("Another rollback is at this alias right now")
    mark = _tag(hand, number, owner)
    time.sleep(hand.pause)
    model_version = version(hand, number)
    if model_version is None or model_version.tags.get(_tag_name(hand)) != mark:
        raise _StopMove("Another rollback is at this alias right now")
    steps.append(f"claimed: version {number}")


def _tag_name(hand: AliasHand) -> str:
    return f"{TAG}.{hand.alias}"


def _tag(hand: AliasHand, number: str, owner: str) -> str:
    mark = f"{owner} {time.time():.3f}"
    body = {"name": hand.model, "version": number, "key": _tag_name(hand), "value": mark}
    reply = _send(hand, "POST", "/model-versions/set-tag", body)
    if not reply.ok:
        raise _StopMove(f"The registry does not take a tag: {reply.error}")
    return mark


def _is_fresh(when: str) -> bool:
    try:
        return abs(time.time() - float(when)) < FRESH
    except ValueError:
        return False


def drill(
    hand: AliasHand, current: str, target: str, run: str, nonce: str
) -> tuple[Receipt, tuple[str, ...], float]:
    """The whole move on an alias of its own, which is then taken away; the real one is read before and after.

    Returns:
        the receipt, the steps, and how many seconds the move took.
    """
    at, before = datetime.now(UTC), read_alias(hand)
    alias_hand = AliasHand(
        registry=hand.registry,
        model=hand.model,
        alias=DRILL,
        credential=hand.credential,
        allow_inner=hand.allow_inner,
        pause=hand.pause,
    )
    body = {"name": hand.model, "alias": DRILL, "version": current}
    reply = _send(alias_hand, "POST", "/registered-models/alias", body)
    if not reply.ok:
        text = f"The registry does not take an alias for the drill: {reply.error}"
        return _receipt(alias_hand, at, ok=False, text=text), (text,), 0.0
    began = time.monotonic()
    receipt, steps = move(alias_hand, current, target, run, nonce)
    took = time.monotonic() - began
    _send(alias_hand, "DELETE", "/registered-models/alias", {"name": hand.model, "alias": DRILL})
    if read_alias(hand) != before:
        text = f"The alias {hand.alias} changed while the drill went on"
        return _receipt(alias_hand, at, ok=False, text=text), (*steps, text), took
    return receipt, (*steps, f"{hand.alias} still points to {before or 'none'}"), took


def _receipt(hand: AliasHand, at: datetime, *, ok: bool, text: str = "", run: str = "") -> Receipt:
    where = f"{hand.registry.partition('?')[0]} {hand.model}@{hand.alias}"
    return Receipt(at=at, where=where, ok=ok, status=200 if ok else None, run=run, text=text[:200])


def _headers(hand: AliasHand) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "user-agent": "Plumbline",
        **authorization_header(hand.credential),
    }


def _get(hand: AliasHand, path: str, **query: str) -> http.HttpReply:
    url = f"{hand.registry.rstrip('/')}{API}{path}?{urlencode(query)}"
    return http.get(url, _headers(hand), allow_inner=hand.allow_inner)


def _send(hand: AliasHand, method: str, path: str, body: Mapping[str, Any]) -> http.HttpReply:
    url = f"{hand.registry.rstrip('/')}{API}{path}"
    return http.request(method, url, _headers(hand), json.dumps(body).encode(), allow_inner=hand.allow_inner)


def _read(reply: http.HttpReply) -> dict[str, Any]:
    try:
        held = json.loads(reply.text)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
