"""Check an evidence pack with Python's standard library alone:

    python3 verify.py [PACK.zip or its folder] --key PUBLIC_KEY [--head DIGEST]

It recomputes the SHA-256 of every file against MANIFEST.sha256, follows the trail's hash chain from its first
entry, compares the scorecard's hash with those on the trail, and checks the manifest's Ed25519 signature.

PUBLIC_KEY is the company's, got by another way than this pack (`plumbline key show` prints it there). DIGEST is the
head of the trail as an earlier document printed it: the chain has to hold it still.

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
from pathlib import Path

MANIFEST, TRAIL, CARD, INPUTS = "MANIFEST.sha256", "trail.jsonl", "scorecard.json", "scorecard-inputs.json"
SIGNATURE = "SIGNATURE.json"
GENESIS = "0" * 64
#: what is signed is this and then the manifest, so that the signature serves nothing else
SIGNED = b"plumbline evidence pack 1\n"

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


def signature_file(public: str, signature: str) -> bytes:
    """How a pack holds its signature: both in Base64; no other bytes say the same."""
    fields = {"algorithm": "Ed25519", "public_key": public, "signature": signature, "signed": MANIFEST}
    return (json.dumps(fields, indent=1) + "\n").encode()


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
    outside = {MANIFEST, SIGNATURE}
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


def card_faults(files: dict[str, bytes], entries: list[dict[str, object]]) -> list[str]:
    """Whether the scorecard is the one whose hash the trail holds."""
    card = hashlib.sha256(files[CARD]).hexdigest()
    kept = [json.loads(str(e["detail"])) for e in entries if e.get("action") == "scorecard kept"]
    if not any(detail.get("card") == card for detail in kept):
        return ["the scorecard is not one that the trail knows"]
    return []


def signature_faults(files: dict[str, bytes], key: str) -> list[str]:
    """Whether the manifest is signed by ``key`` (Base64), or, where none is given, by the one that the pack names."""
    if SIGNATURE not in files:
        return ["the pack is not signed"] if key else []
    fields = json.loads(files[SIGNATURE])
    public, signature = str(fields["public_key"]), str(fields["signature"])
    if files[SIGNATURE] != signature_file(public, signature):
        return ["the signature's file was changed"]
    if key and base64.b64decode(key, validate=True) != base64.b64decode(public, validate=True):
        return [f"the pack is signed with another key: {public}"]
    parts = (base64.b64decode(part, validate=True) for part in (public, signature))
    return (
        []
        if is_signed(next(parts), SIGNED + files[MANIFEST], next(parts))
        else ["the signature does not fit"]
    )


def check(place: Path, key: str = "", head: str = "") -> list[str]:
    """Everything that is wrong with a pack; empty when it holds.

    ``key``: the public key that has to have signed it; empty: a signature has to fit the key in the pack.
    ``head``: a digest of the trail that somebody remembers; the chain has to hold it.
    """
    try:
        held = files(place)
        missing = [name for name in (MANIFEST, TRAIL, CARD, INPUTS) if name not in held]
        if missing:
            return [f"{', '.join(missing)} not found: this is no evidence pack"]
        faults, entries = chain_faults(held[TRAIL].decode())
        if head and head not in {str(entry["digest"]) for entry in entries}:
            faults.append("the trail does not hold the head that is remembered")
        return manifest_faults(held) + faults + card_faults(held, entries) + signature_faults(held, key)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        return [f"the pack cannot be read ({type(error).__name__}: {error})"]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check an evidence pack.")
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", default="", help="the company's public key, got by another way than this pack"
    )
    parser.add_argument("--head", default="", help="a head of the trail that an earlier document printed")
    given = parser.parse_args()
    return tell(given.pack, given.key.strip(), given.head.strip())


def tell(place: Path, key: str, head: str) -> int:
    """Print what a check says of a pack, and return the exit code."""
    faults = check(place, key, head)
    for fault in faults:
        print(f"BROKEN: {fault}")
    if faults:
        return 1
    parts = "every file, the trail's chain and the scorecard's hash"
    if key:
        print(f"HOLDS: {place.name}: {parts}, signed with the key that was given")
        return 0
    print(f"NOT PROVEN: {place.name}: {parts} fit each other, but anybody could have made this.")
    print("Give --key with the company's public key, got by another way than this pack.")
    return 2


if __name__ == "__main__":
    sys.exit(main())
