"""The key that signs evidence packs, and checking a pack with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import COMMANDS, command
from plumbline.console import FAILED


@click.group("key")
def key() -> None:
    """The key that signs evidence packs."""


COMMANDS.append(key)


@command("show", into=key, in_server=False)
def show(workspace: str | None) -> Any:
    """Print the public key that receivers of evidence packs check them with; the key is made if there is none yet.

    Give it to them by another way than the packs. The private half stays in the file that PLUMBLINE_SIGNING_KEY_FILE
    names, or in your configuration folder: keep a copy of it, and keep it out of the workspace's backups.
    """
    from plumbline.report.signature import public_key, verifier_sha256

    known = public_key()
    result = {"public_key": known.public_key, "path": known.path, "verifier_sha256": verifier_sha256()}
    return result, [
        known.public_key,
        f"Its private half: {known.path}",
        f"SHA-256 of verify.py: {verifier_sha256()}",
    ]


@command("verify-pack", in_server=False)
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--key",
    "public",
    required=True,
    metavar="PUBLIC_KEY",
    help="The company's public key, got by another way than the pack.",
)
@click.option(
    "--head", default="", metavar="DIGEST", help="A head of the trail that an earlier document printed."
)
def verify_pack(workspace: str | None, file: Path, public: str, head: str) -> Any:
    """Check an evidence pack: every file, the trail's chain, the scorecard's hash and who signed it.

    Exits 1 where something does not hold.
    """
    from plumbline.report.verify import check

    problems = check(file, public.strip(), head.strip())
    lines = [f"BROKEN: {problem}" for problem in problems] or [f"HOLDS: {file.name}, signed with that key"]
    return {"intact": not problems, "problems": problems}, lines, FAILED if problems else 0
