"""Commands that a trigger may start: those that the machine's operator lists, and no others.

``PLUMBLINE_TRIGGER_COMMANDS`` holds ``NAME=COMMAND`` entries apart by semicolons, or the path of a TOML file with
``NAME = ["program", "argument"]``. Neither a page, the interface nor a workspace can add one. No shell reads them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.respond import Receipt

VARIABLE = "PLUMBLINE_TRIGGER_COMMANDS"
#: seconds that a command may take to start the training: it is not the training itself
SECONDS = 120
#: what a command needs to run; no credential of Plumbline's own is among it
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "USER")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_RUN = re.compile(r"[\w.:/+-]{1,128}")
TODO = f"Write NAME=COMMAND; NAME=COMMAND, or a TOML file's path, into {VARIABLE}."


def allowed_commands(environment: Mapping[str, str] = os.environ) -> dict[str, tuple[str, ...]]:
    """The operator's commands by name, as program and arguments.

    Raises:
        PlumblineError: the variable or its file cannot be read.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return {}
    entries = _read_file(Path(text)) if text.endswith(".toml") else _parse_text(text)
    if not all(_NAME.fullmatch(name) and argv for name, argv in entries.items()):
        raise PlumblineError(
            "The list of commands holds a name or a command that is none", where=VARIABLE, todo=TODO
        )
    return entries


def _parse_text(text: str) -> dict[str, tuple[str, ...]]:
    entries = {}
    for entry in filter(str.strip, text.split(";")):
        name, _, command = entry.partition("=")
        try:
            entries[name.strip()] = tuple(shlex.split(command))
        except ValueError as error:
            raise PlumblineError("The list of commands cannot be read", where=VARIABLE, todo=TODO) from error
    return entries


def _read_file(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PlumblineError("The file of commands cannot be read", where=VARIABLE, todo=TODO) from error
    if not all(
        isinstance(argv, list) and all(isinstance(a, str) for a in argv) for argv in document.values()
    ):
        raise PlumblineError("The file of commands holds what is no command", where=VARIABLE, todo=TODO)
    return {name: tuple(argv) for name, argv in document.items()}


def start(
    name: str, run: str, payload: Mapping[str, Any], *, environment: Mapping[str, str] = os.environ
) -> Receipt:
    """Run one listed command with the payload as JSON on its standard input; a fault of any kind is a receipt.

    What it prints first is taken for the id of what it started.
    """
    where = f"command:{name}"
    argv = allowed_commands(environment).get(name)
    if argv is None:
        text = f"The machine's operator lists no command {name!r} in {VARIABLE}"
        return Receipt(at=_now(), where=where, ok=False, text=text)
    child_environment = {key: environment[key] for key in _PASSED if key in environment} | {
        "PLUMBLINE_RUN": run
    }
    try:
        process = subprocess.run(  # noqa: S603 - the machine's operator wrote it, and no shell reads it
            argv,
            input=json.dumps(payload).encode(),
            capture_output=True,
            timeout=SECONDS,
            env=child_environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Receipt(at=_now(), where=where, ok=False, text=f"It did not end within {SECONDS} seconds")
    except OSError as error:
        return Receipt(at=_now(), where=where, ok=False, text=f"It could not be started: {error.strerror}")
    first = next(iter(process.stdout.decode("utf-8", "replace").split()), "")
    return Receipt(
        at=_now(),
        where=where,
        ok=process.returncode == 0,
        status=process.returncode,
        run=first if process.returncode == 0 and _RUN.fullmatch(first) else "",
        text="" if process.returncode == 0 else f"It ended with code {process.returncode}",
    )


def _now() -> datetime:
    return datetime.now(UTC)
