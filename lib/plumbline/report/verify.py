"""Check an evidence pack with Python's standard library alone:

    python3 verify.py [PACK.zip or its folder] --key PUBLIC_KEY [--head DIGEST] [--authority SHA256] [--before TIME]
                      [--disclosed FILE]

It recomputes the SHA-256 of every file against MANIFEST.sha256, follows the trail's hash chain from its first
entry, compares the scorecard's hash with those on the trail, and checks the manifest's Ed25519 signature.

PUBLIC_KEY is the company's, got by another way than this pack (`plumbline key show` prints it there). DIGEST is the
head of the trail as an earlier document printed it: the chain has to hold it still.

FILE holds entries that the pack withholds (they are of other systems) and that the company disclosed to you since, one
a line: each has to have the digest that the pack has in its place.

Where TIMESTAMP.tsr is there, an authority outside of the company says when the manifest existed (RFC 3161). This file
checks that it is of this manifest and signed (RSA or ECDSA) by the certificate in it. SHA256 is the fingerprint of that
certificate, where you know it; TIME (ISO 8601) is the latest moment at which the pack may have been stamped. The
certificate's own chain is not followed here: `plumbline verify-pack --authority ROOTS.pem` does, and so does
`openssl ts -verify -data MANIFEST.sha256 -in TIMESTAMP.tsr -CAfile ROOTS.pem`.

Use a copy of this file that did not come with the pack: its SHA-256 is printed in every report.

Exit code 0: all of it holds, and the key signed it. 1: something does not hold. 2: nothing contradicts itself, but no
key was given, so that anybody could have made the pack.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from plumbline.report.time_stamp_reader import read_stamp

MANIFEST, TRAIL, CARD, INPUTS = "MANIFEST.sha256", "trail.jsonl", "scorecard.json", "scorecard-inputs.json"
SIGNATURE, TIMESTAMP = "SIGNATURE.json", "TIMESTAMP.tsr"
GENESIS = "0" * 64
#: what is signed begins with this, so that it serves nothing else; packs of the first form hold no word on time
FIRST_FORM, SECOND_FORM = b"plumbline evidence pack 1\n", b"plumbline evidence pack 2\n"
#: how a signature says that there is no time stamp, before the reason
UNSTAMPED = "none: "

# Ed25519, RFC 8032 section 5.1: the curve -x^2 + y^2 = 1 + D x^2 y^2 over the integers modulo P, with a base point
# of the prime order L. A point is (X, Y, Z, T) with x = X / Z, y = Y / Z and x y = T / Z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    x, t, z, y = f - e, h - g, h + g, f + e
    return x * t % P, z * y % P, t * z % P, x * y % P


def _multiply(times: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while times:
        if times & 1:
            total = _add(total, point)
        point, times = _add(point, point), times >> 1
    return total


def _point(packed: bytes) -> Point | None:
    """The point that 32 bytes stand for; None: for none."""
    number = int.from_bytes(packed, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if len(packed) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


_BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature of 64 bytes is that of the message by the public key of 32 bytes."""
    key, first = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or first is None or _BASE is None or len(signature) != 64 or scalar >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    a, b = _multiply(scalar, _BASE), _add(first, _multiply(challenge, key))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def signed_message(manifest: bytes, time_stamp: str | None) -> bytes:
    """What the company signs: the manifest, and the time stamp by its SHA-256 or why there is none."""
    if time_stamp is None:
        return FIRST_FORM + manifest
    return SECOND_FORM + f"{hashlib.sha256(manifest).hexdigest()}\n{time_stamp}".encode()


def signature_file(public: str, signature: str, time_stamp: str | None) -> bytes:
    """How a pack holds its signature: key and signature in Base64; no other bytes say the same."""
    fields = {"algorithm": "Ed25519", "public_key": public, "signature": signature, "signed": MANIFEST}
    if time_stamp is not None:
        fields |= {"signed": f"{MANIFEST}, {TIMESTAMP}", "time_stamp": time_stamp}
    return (json.dumps(fields, indent=1) + "\n").encode()


def stamp_faults(files: dict[str, bytes], authority: str, before: str) -> list[str]:
    """What is wrong with the time stamp, or with its absence where an authority or a time was asked for."""
    if TIMESTAMP not in files:
        return ["the pack has no time stamp"] if authority or before else []
    try:
        stamp = read_stamp(files[TIMESTAMP], files[MANIFEST])
    except (ValueError, KeyError, IndexError, StopIteration, OverflowError) as error:
        words = str(error) if type(error) is ValueError else "it cannot be read"
        return [f"the time stamp does not hold: {words}"]
    faults = []
    if authority and authority.replace(":", "").lower() != stamp.certificate:
        faults.append(f"the time stamp was made with another certificate: {stamp.certificate}")
    if before and stamp.at > _given_time(before):
        faults.append(f"the pack was stamped on {_utc(stamp.at)}, which is later than {before}")
    entries = [json.loads(line) for line in files[TRAIL].decode().splitlines()]
    last = max((_given_time(entry["at"]) for entry in entries if "at" in entry), default=stamp.at)
    if last > stamp.at + timedelta(minutes=5):
        faults.append(f"the trail holds an entry of {_utc(last)}, after the time stamp")
    return faults


def _utc(at: datetime) -> str:
    return f"{at.isoformat(' ')[:19]} UTC"


def _given_time(text: str) -> datetime:
    at = datetime.fromisoformat(text.removesuffix("Z"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)  # noqa: UP017 - for older Pythons, too


def time_sentence(
    files: dict[str, bytes], trust: str = "not compared with one that you know: give --authority"
) -> str:
    """What a pack that holds says of its time; ``trust``: what is known of the certificate, in words."""
    if TIMESTAMP in files:
        stamp = read_stamp(files[TIMESTAMP], files[MANIFEST])
        who = f"{stamp.authority!a}, certificate SHA-256 {stamp.certificate}"
        return f"Time stamp: {_utc(stamp.at)} by {who}, {trust}."
    why = str(json.loads(files.get(SIGNATURE, b"{}")).get("time_stamp", "")).removeprefix(UNSTAMPED)
    return f"No time stamp{f' ({why[:200]!a})' if why else ''}: nobody outside of the company says when this was made."


def files(place: Path) -> dict[str, bytes]:
    """Every file of a pack by its name."""
    if place.is_dir():
        return {
            str(path.relative_to(place).as_posix()): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file()
        }
    with zipfile.ZipFile(place) as pack:
        names = [name for name in pack.namelist() if not name.endswith("/")]
        if len(set(names)) != len(names):
            raise ValueError("a file is in the pack twice")
        return {name: pack.read(name) for name in names}


def manifest_faults(files: dict[str, bytes]) -> list[str]:
    """What does not fit the manifest: changed, missing and added files."""
    listed: dict[str, str] = {}
    for line in files.get(MANIFEST, b"").decode().removesuffix("\n").split("\n"):
        digest, _, name = line.partition("  ")
        listed[name] = digest
    faults = [f"{name} is missing" for name in listed if name not in files]
    outside = {MANIFEST, SIGNATURE, TIMESTAMP}
    faults += [
        f"{name} is not in the manifest" for name in files if name not in listed and name not in outside
    ]
    for name, digest in listed.items():
        if name in files and hashlib.sha256(files[name]).hexdigest() != digest:
            faults.append(f"{name} was changed")
    return faults or ([] if listed else ["the manifest is empty"])


def chain_faults(text: str) -> tuple[list[str], list[dict[str, object]]]:
    """What breaks the trail's chain, and its entries. Withheld entries are followed by their digests alone."""
    previous, faults, entries = GENESIS, [], []
    for place, line in enumerate(text.splitlines(), 1):
        entry = json.loads(line)
        entries.append(entry)
        if entry["seq"] != place or entry["previous"] != previous:
            faults.append(f"the trail is broken at entry {place}")
            break
        if not entry.get("withheld"):
            fields = [entry[key] for key in ("seq", "at", "actor", "action", "system", "detail", "previous")]
            body = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()
            if hashlib.sha256(body).hexdigest() != entry["digest"]:
                faults.append(f"entry {place} of the trail was changed")
                break
        previous = entry["digest"]
    return faults, entries


def disclosure_faults(text: str, entries: list[dict[str, object]]) -> list[str]:
    """What of disclosed entries is not what the pack commits to in their places."""
    faults = []
    for line in text.splitlines():
        entry = json.loads(line)
        fields = [entry[key] for key in ("seq", "at", "actor", "action", "system", "detail", "previous")]
        body = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()
        digest = hashlib.sha256(body).hexdigest()
        if not any(known["seq"] == entry["seq"] and known["digest"] == digest for known in entries):
            faults.append(f"the disclosed entry {entry['seq']!a} is not the one that the pack commits to")
    return faults


def card_faults(files: dict[str, bytes], entries: list[dict[str, object]]) -> list[str]:
    """Whether the scorecard is the one whose hash the trail holds."""
    card = hashlib.sha256(files[CARD]).hexdigest()
    details = [json.loads(str(e["detail"])) for e in entries if e.get("action") == "scorecard kept"]
    if not any(detail.get("card") == card for detail in details):
        return ["the scorecard is not one that the trail knows"]
    return []


def signature_faults(files: dict[str, bytes], key: str) -> list[str]:
    """Whether the manifest is signed by ``key`` (Base64), or, where none is given, by the one that the pack names."""
    if SIGNATURE not in files:
        return ["the pack is not signed"] if key else []
    fields = json.loads(files[SIGNATURE])
    public, signature, time_stamp = (
        str(fields["public_key"]),
        str(fields["signature"]),
        fields.get("time_stamp"),
    )
    if files[SIGNATURE] != signature_file(public, signature, time_stamp):
        return ["the signature's file was changed"]
    stamp = hashlib.sha256(files[TIMESTAMP]).hexdigest() if TIMESTAMP in files else None
    if stamp != (None if time_stamp is None or time_stamp.startswith(UNSTAMPED) else time_stamp):
        return ["the time stamp is not the one that was signed"]
    if key and base64.b64decode(key, validate=True) != base64.b64decode(public, validate=True):
        return [f"the pack is signed with another key: {public}"]
    parts = (base64.b64decode(part, validate=True) for part in (public, signature))
    return (
        []
        if is_signed(next(parts), signed_message(files[MANIFEST], time_stamp), next(parts))
        else ["the signature does not fit"]
    )


def check(
    place: Path, key: str = "", head: str = "", authority: str = "", before: str = "", disclosed: str = ""
) -> list[str]:
    """Everything that is wrong with a pack; empty when it holds.

    ``key``: the public key that has to have signed it; empty: a signature has to fit the key in the pack.
    ``head``: a digest of the trail that somebody remembers; the chain has to hold it.
    ``authority``: the SHA-256 of the certificate that has to have stamped it; ``before``: the latest time of the stamp.
    ``disclosed``: entries that it withholds, as JSON, one a line.
    """
    try:
        pack_files = files(place)
        missing = [name for name in (MANIFEST, TRAIL, CARD, INPUTS) if name not in pack_files]
        if missing:
            return [f"{', '.join(missing)} not found: this is no evidence pack"]
        faults, entries = chain_faults(pack_files[TRAIL].decode())
        if head and head not in {str(entry["digest"]) for entry in entries}:
            faults.append("the trail does not hold the head that is remembered")
        faults = (
            manifest_faults(pack_files)
            + faults
            + card_faults(pack_files, entries)
            + signature_faults(pack_files, key)
            + disclosure_faults(disclosed, entries)
        )
        return faults + stamp_faults(pack_files, authority, before)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        zipfile.BadZipFile,
    ) as error:
        return [f"the pack cannot be read ({type(error).__name__}: {error})"]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check an evidence pack.")
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", default="", help="the company's public key, got by another way than this pack"
    )
    parser.add_argument("--head", default="", help="a head of the trail that an earlier document printed")
    parser.add_argument(
        "--authority", default="", help="SHA-256 of the certificate of the time stamp's authority"
    )
    parser.add_argument("--before", default="", help="the latest time (ISO 8601) of the time stamp")
    parser.add_argument("--disclosed", type=Path, help="entries of the trail that were disclosed since")
    namespace = parser.parse_args()
    return tell(
        namespace.pack,
        namespace.key.strip(),
        namespace.head.strip(),
        namespace.authority.strip(),
        namespace.before.strip(),
        namespace.disclosed.read_text("utf-8") if namespace.disclosed else "",
    )


def tell(place: Path, key: str, head: str, authority: str = "", before: str = "", disclosed: str = "") -> int:
    """Print what a check says of a pack, and return the exit code."""
    faults = check(place, key, head, authority, before, disclosed)
    for fault in faults:
        print(f"BROKEN: {fault}")
    if faults:
        return 1
    parts = "every file, the trail's chain and the scorecard's hash"
    if key:
        print(f"HOLDS: {place.name}: {parts}, signed with the key that was given")
    else:
        print(f"NOT PROVEN: {place.name}: {parts} fit each other, but anybody could have made this.")
        print("Give --key with the company's public key, got by another way than this pack.")
    if disclosed:
        print(f"Disclosed entries: {len(disclosed.splitlines())}, each the one that the pack commits to.")
    print(time_sentence(files(place), *(["the one that was given"] if authority else [])))
    return 0 if key else 2


if __name__ == "__main__":
    sys.exit(main())
