"""How far a system's rollback may go by itself: raised by an owner, lowered by anybody who may act."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from plumbline.answers.releases.history import system_releases
from plumbline.answers.respond.retraining.due import acting_time
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.respond import Mode, RollbackSetting
from plumbline.governance import canonical_json
from plumbline.respond import mlflow_alias
from plumbline.store import systems, trail
from plumbline.store.respond import rollbacks as kept
from plumbline.store.workspace import Cursor, Workspace


def set_mode(
    ws: Workspace, key: str, mode: Mode, *, by: str, hand: dict[str, Any] | None = None
) -> RollbackSetting:
    """Change how far a rollback may go by itself; only an owner raises it.

    Args:
        hand: fields of ``RollbackSetting`` that say what moves the traffic; None: as they are.

    Raises:
        PlumblineError: no such system, automatic without a hand or without a dry run of 30 days or two releases.
    """
    signer(by, "This", "Say who does it, with --by NAME.")
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        before, now = rollbacks.read_setting(cursor, key), acting_time(system)
        after = replace(before, **(hand or {}), mode=mode, by=by.strip(), at=now)
        _check(after)
        if mode in (Mode.DRY_RUN, Mode.AUTOMATIC) and before.dry_since is None:
            after = replace(after, dry_since=now)
        if mode in (Mode.OFF, Mode.PROPOSE):
            after = replace(after, dry_since=None)
        if mode is Mode.AUTOMATIC:
            _check_arming(cursor, system, before, after, now)
        kept.save_setting(cursor, key, canonical_json.write(after))
        ranks = list(Mode)
        lowered = ranks.index(mode) <= ranks.index(before.mode) and not hand
        detail = {
            "mode": mode.value,
            "before": before.mode.value,
            "hand": after.hand,
            "four eyes": after.four_eyes,
        }
        act = Act.ROLLBACK_LOWERED if lowered else Act.ROLLBACK_ARMED
        trail.append(cursor, actor=after.by, action=act, system=key, detail=detail)
    return after


def _check(item: RollbackSetting) -> None:
    for name in (item.credential_env, item.secret_env):
        if name and not name.replace("_", "").isalnum():
            raise PlumblineError(
                "This is no name of a variable", todo="Give the name, never the secret itself."
            )
    for url in filter(None, (item.registry, item.url)):
        if not url.startswith(("https://", "http://")) or "@" in url.split("/")[2]:
            raise PlumblineError(
                "A rollback needs the https:// address of a server, without a user in it",
                todo="A registry given as a database can be read and not moved: give its server.",
            )
        if url.startswith("http://") and not item.allow_inner:
            raise PlumblineError(
                "An http:// address may only be an inner host", todo="Use https://, or --allow-inner."
            )
    if item.registry and not (item.model and item.alias):
        raise PlumblineError("A registry needs a model and an alias", todo="Give --model and --alias.")
    if item.alias.lower() in ("latest", mlflow_alias.DRILL) or item.alias.isdigit():
        raise PlumblineError("Only an alias of your own can be moved", where=item.alias[:80])


def _check_arming(
    cursor: Cursor, system: System, before: RollbackSetting, after: RollbackSetting, now: datetime
) -> None:
    if not after.hand:
        raise PlumblineError(
            "Nothing is wired that could roll back", todo="Give --mlflow, --model and --alias, or --webhook."
        )
    since = before.dry_since
    releases = system_releases(cursor, system).releases.switches if since else ()
    two = since is not None and sum(s.at >= since for s in releases) >= 2
    if since is None or not (now - since >= timedelta(days=30) or two):
        raise PlumblineError(
            "An automatic rollback has to have been in dry run for 30 days or two releases first",
            todo=message(
                "Set `plumbline rollback mode {key} 'dry run'` and look at what it would have done.",
                key=system.key,
            ),
        )


def rollback_setting(ws: Workspace, key: str) -> RollbackSetting:
    """The mode as it is.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        return rollbacks.read_setting(cursor, key)
