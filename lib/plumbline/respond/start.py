"""Starting a retraining at its target, and asking how far it is. Any fault is a receipt, never an exception."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.domain.respond import Receipt, RetrainingTrigger
from plumbline.respond import http, operator_commands, targets


def start(
    trigger: RetrainingTrigger, run: str, payload: Mapping[str, Any], at: datetime | None = None
) -> Receipt:
    """Ask the target to begin.

    Args:
        run: the run's id: asked twice with the same, a webhook and Airflow begin once.
        at: stated as the moment of the answer; None: now.
    """
    now = at or datetime.now(UTC)
    try:
        aim = targets.target(trigger.url)
        if aim.kind == "command":
            return operator_commands.start(aim.name, run, payload)
        call = targets.call(aim, run, payload, datetime.now(UTC), read_trigger_secret(trigger))
    except PlumblineError as error:
        return Receipt(at=now, where=trigger.url.partition("?")[0][:200], ok=False, text=str(error)[:200])
    reply = http.request(call.method, call.url, call.headers, call.body, allow_inner=trigger.allow_inner)
    return targets.receipt(
        aim,
        run,
        now,
        status=reply.status,
        text=reply.text,
        location=reply.headers.get("location", ""),
        error=reply.error,
    )


def ask(trigger: RetrainingTrigger, run: str, follow: str) -> tuple[str, str]:
    """How far a run is: ``running``, ``done``, ``failed`` or nothing where nobody tells; and its id where named."""
    try:
        aim = targets.target(trigger.url)
        if aim.kind == "command" or not follow:
            return "", ""
        call = targets.status_call(aim, follow, run, datetime.now(UTC), read_trigger_secret(trigger))
    except PlumblineError:
        return "", ""
    reply = http.request(call.method, call.url, call.headers, allow_inner=trigger.allow_inner)
    return targets.progress(aim, reply.text) if reply.ok else ("", "")


def read_trigger_secret(trigger: RetrainingTrigger) -> str:
    """The secret that the trigger's variable holds; empty where it names none.

    Raises:
        PlumblineError: it names a variable that is not set.
    """
    if not trigger.secret_env:
        return ""
    value = os.environ.get(trigger.secret_env, "")
    if not value:
        raise PlumblineError(
            message("The variable {secret_env} is not set", secret_env=trigger.secret_env),
            todo="Set it where Plumbline runs, and start it again.",
        )
    return value
