"""Where a retraining is started: how each kind of target is asked, and what its answer says.

| written as | asks |
| --- | --- |
| ``https://...`` | a webhook, signed as Standard Webhooks, the body a CloudEvent |
| ``github:OWNER/REPO``, ``github+https://HOST/api/v3/repos/OWNER/REPO`` | ``repository_dispatch`` |
| ``gitlab:PROJECT@REF``, ``gitlab+https://HOST/api/v4/projects/ID?ref=main`` | a pipeline, by a trigger token |
| ``airflow+https://HOST/api/v2/dags/DAG`` (or ``v1``) | a DAG run whose id is the run's: a repeat is answered 409 |
| ``command:NAME`` | a command that the machine's operator lists |
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from plumbline.domain import PlumblineError
from plumbline.domain.respond import Receipt
from plumbline.respond import signature

KINDS = ("webhook", "github", "gitlab", "airflow", "command")
#: kinds that can be asked again with the same id and start nothing twice
REPEATABLE = ("webhook", "airflow")
GITHUB = "https://api.github.com/repos/"
GITLAB = "https://gitlab.com/api/v4/projects/"
EVENT = "plumbline-retraining"
TODO = "Write https://..., github:OWNER/REPO, gitlab:PROJECT@REF, airflow+https://HOST/api/v2/dags/DAG or command:NAME."
_RUN = re.compile(r"[\w.:/+-]{1,128}")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Target:
    """A target that was read: its kind, the address that is asked, and a branch (GitLab) or a command's name."""

    kind: str
    address: str = ""
    name: str = ""

    @property
    def public_address(self) -> str:
        """What may be shown and kept: no query, which may hold a secret."""
        if self.kind == "command":
            return f"command:{self.name}"
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRequest:
    """One request, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def target(url: str) -> Target:
    """Read a target.

    Raises:
        PlumblineError: it is none, or holds a user or a password.
    """
    text = url.strip()
    scheme, _, rest = text.partition(":")
    if scheme == "command" and _NAME.fullmatch(rest):
        return Target("command", name=rest)
    if scheme == "github" and _REPO.fullmatch(rest):
        return Target("github", GITHUB + rest)
    if scheme == "gitlab":
        project, _, ref = rest.partition("@")
        if re.fullmatch(r"[\w./-]+", project) and ref:
            return Target("gitlab", GITLAB + quote(project, safe=""), ref)
    kind, plus, address = text.partition("+")
    if plus and kind in ("github", "gitlab", "airflow") and is_web_address(address):
        return _remote_target(kind, address)
    if is_web_address(text):
        return Target("webhook", text)
    raise PlumblineError("This is no target that a trigger can fire at", todo=TODO)


def is_web_address(address: str) -> bool:
    """Whether a text is the https:// or http:// address of a host, without a user or a password in it."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return bool(
        parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    )


def _remote_target(kind: str, address: str) -> Target:
    parts = urlsplit(address)
    bare = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    if kind == "gitlab":
        ref = parse_qs(parts.query).get("ref", [""])[0]
        if not ref:
            raise PlumblineError("A GitLab target needs the branch or tag to run on", todo="Add ?ref=main.")
        return Target("gitlab", bare, ref)
    return Target(kind, bare)


def call(aim: Target, run: str, payload: Mapping[str, Any], at: datetime, secret: str) -> TargetRequest:
    """The request that starts a run.

    Args:
        run: the run's id: the receiver's key against repeats.
        payload: of plain JSON values; for a webhook the whole CloudEvent, for the others what is handed on.
        secret: a signing key (webhook), a token, or ``user:password`` (Airflow); empty: none.

    Raises:
        PlumblineError: the signing key is none.
    """
    if aim.kind == "webhook":
        body = _json(payload)
        keys = signature.parse_keys(secret) if secret else ()
        signed = signature.headers(run, at, body, keys)
        return TargetRequest(
            method="POST",
            url=aim.address,
            body=body,
            headers={"content-type": "application/cloudevents+json", "user-agent": "Plumbline", **signed},
        )
    if aim.kind == "github":
        body = _json({"event_type": EVENT, "client_payload": {"run": run, "plumbline": payload}})
        return TargetRequest(
            method="POST", url=f"{aim.address}/dispatches", headers=_github(secret), body=body
        )
    if aim.kind == "gitlab":
        form = {
            "token": secret, "ref": aim.name, "variables[PLUMBLINE_RUN]": run,
            "variables[PLUMBLINE_PAYLOAD]": _json(payload).decode(),
        }  # fmt: skip
        return TargetRequest(
            method="POST",
            url=f"{aim.address}/trigger/pipeline",
            body=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "user-agent": "Plumbline"},
        )
    asked: dict[str, Any] = {"dag_run_id": run, "conf": {"plumbline": payload}}
    if "/api/v2/" in aim.address:
        asked["logical_date"] = None  # Airflow 3 wants the field, and takes no date for "at once"
    return TargetRequest(
        method="POST", url=f"{aim.address}/dagRuns", headers=_airflow(secret), body=_json(asked)
    )


def receipt(
    aim: Target, run: str, at: datetime, *, status: int, text: str, location: str = "", error: str = ""
) -> Receipt:
    """What an answer says: whether the target took it, and the id of what it started."""
    answer = _parse_object(text)
    ok = 200 <= status < 300
    if (
        aim.kind == "airflow" and status == 409
    ):  # it was started already, by an earlier request with this very id
        return Receipt(
            at=at,
            where=aim.public_address,
            ok=True,
            status=status,
            run=run,
            follow=f"{aim.address}/dagRuns/{run}",
        )
    follow = named = ""
    if ok and aim.kind == "airflow":
        named = _name(answer.get("dag_run_id"))
        follow = f"{aim.address}/dagRuns/{quote(named, safe='')}" if named else ""
    elif ok and aim.kind == "gitlab":
        named = _name(answer.get("id"))
    elif ok and aim.kind == "webhook":
        named = _name(answer.get("run") or answer.get("run_id") or answer.get("id"))
        follow = _status_address(aim.address, location or str(answer.get("status_url") or ""))
    elif ok and aim.kind == "github":  # it answers 204 and names no run: that is looked up
        seconds = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        query = urlencode({"event": "repository_dispatch", "created": f">={seconds}", "per_page": 2})
        follow = f"{aim.address}/actions/runs?{query}"
    words = "" if ok else error or f"It answered {status}"
    return Receipt(
        at=at,
        where=aim.public_address,
        ok=ok,
        status=status or None,
        run=named,
        follow=follow,
        text=words[:200],
    )


def status_call(aim: Target, follow: str, run: str, at: datetime, secret: str) -> TargetRequest:
    """The request that asks how far a run is."""
    if aim.kind == "github":
        return TargetRequest(method="GET", url=follow, headers=_github(secret))
    if aim.kind == "airflow":
        return TargetRequest(method="GET", url=follow, headers=_airflow(secret))
    keys = signature.parse_keys(secret) if secret else ()
    signed = signature.headers(run, at, b"", keys)
    return TargetRequest(
        method="GET", url=follow, headers={"accept": "application/json", "user-agent": "Plumbline", **signed}
    )


def progress(aim: Target, text: str) -> tuple[str, str]:
    """How far a run is by its status answer, as ``start.ask`` has it, and the run's id where named."""
    answer = _parse_object(text)
    if aim.kind == "github":
        runs = answer.get("workflow_runs")
        answer = runs[-1] if isinstance(runs, list) and runs and isinstance(runs[-1], dict) else {}
        word = str(answer.get("conclusion") or answer.get("status") or "")
        return _WORDS.get(word.lower(), ""), _name(answer.get("id"))
    word = str(answer.get("state") or answer.get("status") or "")
    return _WORDS.get(word.lower(), ""), _name(answer.get("dag_run_id") or answer.get("run"))


_WORDS = {
    "queued": "running", "running": "running", "in_progress": "running", "pending": "running", "waiting": "running",
    "requested": "running", "scheduled": "running", "started": "running", "accepted": "running",
    "success": "done", "completed": "done", "done": "done", "succeeded": "done", "finished": "done",
    "failed": "failed", "failure": "failed", "error": "failed", "cancelled": "failed", "canceled": "failed",
    "timed_out": "failed", "startup_failure": "failed",
}  # fmt: skip


def _status_address(asked: str, answered: str) -> str:
    """A status address on the very host and port that was asked; any other is not followed."""
    if not answered:
        return ""
    here = urlsplit(asked)
    if answered.startswith("/") and not answered.startswith("//"):
        return f"{here.scheme}://{here.netloc}{answered}"
    there = urlsplit(answered)
    return answered if (there.scheme, there.netloc) == (here.scheme, here.netloc) else ""


def _name(value: object) -> str:
    """An id as a target gives it, where it is one."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return text if _RUN.fullmatch(text) else ""


def _parse_object(text: str) -> dict[str, Any]:
    try:
        held = json.loads(text)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def _github(secret: str) -> dict[str, str]:
    return {
        "accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28", "user-agent": "Plumbline",
        "content-type": "application/json", **({"authorization": f"Bearer {secret}"} if secret else {}),
    }  # fmt: skip


def _airflow(secret: str) -> dict[str, str]:
    return {"content-type": "application/json", "user-agent": "Plumbline", **authorization_header(secret)}


def authorization_header(secret: str) -> dict[str, str]:
    """The header of a token, or of ``user:password``."""
    if not secret:
        return {}
    if ":" in secret:
        return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    return {"authorization": f"Bearer {secret}"}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
