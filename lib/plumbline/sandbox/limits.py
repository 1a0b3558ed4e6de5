"""What a process that opens foreign files may use, and what it gets of the environment."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import plumbline
from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

#: DuckDB's memory limit, where PLUMBLINE_MEMORY says no other
MEMORY = "1500MB"
#: MB of address space that a command needs at least, and a server; and what each core's threads reserve beside it. With
#: less, native libraries end the process without a word; a limit on memory itself leaves room to say so
COMMAND_SPACE, SERVER_SPACE, CORE_SPACE = 2500, 4000, 16
#: what a child gets of the environment: no keys, no tokens, one thread
_KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(K|M|G|T)(i?)B", re.IGNORECASE)
_POWER = {"K": 1, "M": 2, "G": 3, "T": 4}
#: address space that is left, beyond the limit, to say in words that it was reached
_LAST_WORDS = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may use: address space, processor seconds, seconds on the wall, bytes of one written file."""

    megabytes: int
    cpu_seconds: int
    wall_seconds: float
    file_bytes: int = 0


def amount(name: str, default: str) -> int:
    """An amount of memory in bytes, from a variable of the environment such as ``1500MB`` or ``4GB``.

    Raises:
        PlumblineError: it is set to something else.
    """
    text = os.environ.get(name, default).strip()
    size = size_in_bytes(text)
    if size < 2**20:
        raise PlumblineError(
            message("{name} is {text} and no amount of memory", name=name, text=repr(text[:40])),
            todo=message("Set one such as {default}.", default=default),
        )
    return size


def number(name: str, usual: float, *, least: float = 0.05) -> float:
    """A number from a variable of the environment.

    Raises:
        PlumblineError: it is set to something else, or to less than ``least``.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else usual
    except ValueError:
        value = -1.0
    if not least <= value <= 100_000:
        raise PlumblineError(
            message("{name} is {text} and no number", name=name, text=repr(text[:40])),
            todo=message("Set one such as {default}.", default=f"{usual:g}"),
        )
    return value


def size_in_bytes(text: str) -> int:
    """An amount of memory such as ``1.3 GiB`` in bytes; 0 where it is none."""
    match = _AMOUNT.fullmatch(text)
    return int(float(match[1]) * (1024 if match[3] else 1000) ** _POWER[match[2].upper()]) if match else 0


def duckdb_memory() -> str:
    """DuckDB's memory limit as it takes it. Raises PlumblineError as ``amount``."""
    return f"{amount('PLUMBLINE_MEMORY', MEMORY) // 2**20}MiB"


def address_space() -> int:
    """MB of address space that this process may use; 0 where nothing limits it, or no limit can be read."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 0 if soft == resource.RLIM_INFINITY else max(soft // 2**20, 1)


def refuse_small_address_space(least: int = COMMAND_SPACE) -> None:
    """End here, while Python can still say why, what would end in native code.

    Args:
        least: MB, on a machine of no cores.

    Raises:
        PlumblineError: the address space of this process is limited to less than it needs.
    """
    space, needed = address_space(), least + CORE_SPACE * (os.cpu_count() or 1)
    if 0 < space < needed:
        raise PlumblineError(
            message(
                "The address space is limited to {space} MB, and this needs {needed} MB at least",
                space=str(space),
                needed=str(needed),
            ),
            todo="Raise the limit (ulimit -v), and bound memory itself in its place: PLUMBLINE_MEMORY, or a control "
            "group.",
        )


def limit_resources(limits: Limits) -> None:
    """Cap memory, processor time, core dumps and files written, where the platform can; the parent has a clock."""
    try:
        import resource
    except ImportError:  # Windows
        return
    size = limits.megabytes * 2**20
    wanted = (
        (resource.RLIMIT_AS, size, size + _LAST_WORDS),
        (resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 5),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
    )
    for limit, soft, hard in wanted:
        try:
            resource.setrlimit(limit, (soft, hard))
        except (ValueError, OSError):
            continue  # macOS does not cap address space


def release_reserve() -> None:
    """Give back a little memory, so that a process that ran out of it can say so."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)


def environment() -> dict[str, str]:
    """The environment of a child: what it needs to run."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB")}
    return kept | threads | {"PYTHONPATH": str(Path(plumbline.__file__).parents[1]), "PYTHONUTF8": "1"}
