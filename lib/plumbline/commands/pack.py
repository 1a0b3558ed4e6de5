"""What lets outsiders check an evidence pack: the key that signs it, the authority that stamps it, and the check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import COMMANDS, SIGNED, command
from plumbline.console import FAILED
from plumbline.console import workspace as open_for


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
@click.option(
    "--authority",
    default="",
    metavar="FILE.pem|SHA256",
    help="Certificates (PEM) that the time stamp's has to lead to, or the SHA-256 of its own.",
)
@click.option(
    "--before", default="", metavar="TIME", help="The latest time (ISO 8601) at which it may be stamped."
)
def verify_pack(
    workspace: str | None, file: Path, public: str, head: str, authority: str, before: str
) -> Any:
    """Check an evidence pack: every file, the trail's chain, the scorecard's hash, who signed it, and when.

    Exits 1 where something does not hold.
    """
    from plumbline.report import verify
    from plumbline.report.time_stamp import chain_faults

    roots = Path(authority) if authority and Path(authority).is_file() else None
    fingerprint = "" if roots else authority.strip()
    problems = verify.check(file, public.strip(), head.strip(), fingerprint, before.strip())
    contents = {} if problems else verify.files(file)
    if roots and contents:
        stamp = contents.get(verify.TIMESTAMP)
        problems = ["the pack has no time stamp"]
        if stamp is not None:
            problems = chain_faults(stamp, contents[verify.MANIFEST], roots.read_bytes())
    lines, time = [f"BROKEN: {problem}" for problem in problems], ""
    if not problems:
        trust = ["which leads to one that was given" if roots else "the one that was given"]
        time = verify.time_sentence(contents, *(trust if authority else []))
        lines = [f"HOLDS: {file.name}, signed with that key", time]
    return {"intact": not problems, "problems": problems, "time": time}, lines, FAILED if problems else 0


@click.group("time-authority")
def time_authority() -> None:
    """The authority outside of the company that stamps evidence packs with the time (RFC 3161)."""


COMMANDS.append(time_authority)


@command("set", into=time_authority)
@click.argument("url")
@click.option("--allow-inner", is_flag=True, help="It is a host of the company's own network.")
@SIGNED
def set_(workspace: str | None, url: str, allow_inner: bool, by: str) -> Any:
    """Name the authority that every pack asks for a time stamp from now on; URL off: none.

    It gets the SHA-256 of a pack's manifest and nothing else. Where it does not answer, the pack says so.
    """
    from plumbline.answers.governance.time_authority import set_time_authority

    with open_for(workspace) as ws:
        authority = set_time_authority(ws, "" if url == "off" else url, allow_inner=allow_inner, by=by)
    return {"url": authority.url if authority else ""}, [
        f"Time stamps: {authority.url if authority else 'none'}"
    ]


@command("show", into=time_authority)
def show_authority(workspace: str | None) -> Any:
    """The authority that packs ask for a time stamp."""
    from plumbline.answers.governance.time_authority import time_authority as held

    with open_for(workspace) as ws:
        authority = held(ws)
    return {"url": authority.url if authority else ""}, [
        f"Time stamps: {authority.url if authority else 'none'}"
    ]
