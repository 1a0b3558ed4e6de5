"""Check an evidence pack with Python's standard library alone: python3 verify.py [PACK.zip or its folder]

It recomputes the SHA-256 of every file against MANIFEST.sha256, follows the trail's hash chain from its first
entry, and compares the scorecard's hashes with those on the trail. Exit code 0: all of it holds. 1: it does not.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path

MANIFEST, TRAIL, CARD, INPUTS = "MANIFEST.sha256", "trail.jsonl", "scorecard.json", "scorecard-inputs.json"
GENESIS = "0" * 64


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


def manifest_faults(held: dict[str, bytes]) -> list[str]:
    """What does not fit the manifest: changed, missing and added files."""
    listed: dict[str, str] = {}
    for line in held.get(MANIFEST, b"").decode().removesuffix("\n").split("\n"):
        digest, _, name = line.partition("  ")
        listed[name] = digest
    faults = [f"{name} is missing" for name in listed if name not in held]
    faults += [f"{name} is not in the manifest" for name in held if name not in listed and name != MANIFEST]
    for name, digest in listed.items():
        if name in held and hashlib.sha256(held[name]).hexdigest() != digest:
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


def card_faults(held: dict[str, bytes], entries: list[dict[str, object]]) -> list[str]:
    """Whether the scorecard is the one whose hash the trail holds."""
    card = hashlib.sha256(held[CARD]).hexdigest()
    kept = [json.loads(str(e["detail"])) for e in entries if e.get("action") == "scorecard kept"]
    if not any(detail.get("card") == card for detail in kept):
        return ["the scorecard is not one that the trail knows"]
    return []


def check(place: Path) -> list[str]:
    """Everything that is wrong with a pack; empty when it holds."""
    try:
        held = files(place)
        missing = [name for name in (MANIFEST, TRAIL, CARD, INPUTS) if name not in held]
        if missing:
            return [f"{', '.join(missing)} not found: this is no evidence pack"]
        faults, entries = chain_faults(held[TRAIL].decode())
        return manifest_faults(held) + faults + card_faults(held, entries)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        return [f"the pack cannot be read ({type(error).__name__}: {error})"]


def main() -> int:
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    found = check(place)
    for fault in found:
        print(f"BROKEN: {fault}")
    if not found:
        print(f"HOLDS: {place.name}: every file, the trail's chain and the scorecard's hash")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
