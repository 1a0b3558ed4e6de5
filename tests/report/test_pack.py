"""The evidence pack: whole, safe to open, and any change of it found."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.answers.proof import disclosure
from plumbline.domain import PlumblineError, Status
from plumbline.report import verify
from plumbline.report.csv_tables import FIGURES, _answer, sheet
from plumbline.report.material import Material
from plumbline.report.pack import evidence_pack
from plumbline.report.signature import public_key
from plumbline.store.trail import GENESIS, digest
from plumbline.store.workspace import Workspace
from tests.environment import product


def unpacked(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as held:
        return {name: held.read(name) for name in held.namelist()}


def packed(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return path


def verifier(script: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a verifier with the standard library alone."""
    called = [product.python(), "-I", "-S", str(script), *arguments]
    return subprocess.run(called, cwd=cwd, capture_output=True, text=True, check=False)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_pack_verifies_with_the_standard_library_alone(pack: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(pack)
    with zipfile.ZipFile(tmp_path / "pack.zip") as held:
        held.extractall(tmp_path / "pack")
    for target in (["pack.zip"], ["pack"], []):
        ran = verifier(
            tmp_path / "pack" / "verify.py", *target, "--key", public_key().public_key, cwd=tmp_path
        )
        assert (ran.returncode, ran.stdout[:5]) == (0, "HOLDS"), ran.stdout + ran.stderr
    ran = verifier(tmp_path / "pack" / "verify.py", "pack.zip", cwd=tmp_path)
    assert (ran.returncode, ran.stdout[:10]) == (2, "NOT PROVEN"), ran.stdout + ran.stderr


def test_the_same_scorecard_and_trail_give_the_same_pack(pack: bytes, material: Material) -> None:
    assert evidence_pack(material, "en") == pack


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_altered_byte_of_any_file_is_found(pack: bytes, tmp_path_factory: pytest.TempPathFactory,
data: st.DataObject) -> None:  # fmt: skip
    files = unpacked(pack)
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    flip = data.draw(st.integers(1, 255))
    body = bytearray(files[name])
    body[place] ^= flip
    files[name] = bytes(body)
    assert verify.check(packed(files, tmp_path_factory.mktemp("pack") / "p.zip"))


@pytest.mark.parametrize("end", [b"\r", b"\x0b", b"\x0c", b"\x1c", b" "])
def test_another_end_of_a_line_of_the_manifest_is_found(pack: bytes, tmp_path: Path, end: bytes) -> None:
    files = unpacked(pack)
    files[verify.MANIFEST] = files[verify.MANIFEST].replace(b"\n", end, 1)
    assert verify.check(packed(files, tmp_path / "p.zip"))


def _refit(files: dict[str, bytes]) -> None:
    """A manifest that fits again, as a forger would make it."""
    import hashlib

    names = sorted(name for name in files if name not in (verify.MANIFEST, verify.SIGNATURE))
    files[verify.MANIFEST] = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in names).encode()


@pytest.mark.parametrize("place", [0, 2, -2])
def test_a_removed_or_altered_trail_entry_is_found_though_the_manifest_fits(
    pack: bytes, tmp_path: Path, place: int
) -> None:
    files = unpacked(pack)
    lines = files[verify.TRAIL].decode().splitlines()
    without = [line for i, line in enumerate(lines) if i != place % len(lines)]
    files[verify.TRAIL] = ("\n".join(without) + "\n").encode()
    _refit(files)
    assert verify.check(packed(files, tmp_path / "removed.zip"))
    open_ones = [i for i, line in enumerate(lines) if "withheld" not in json.loads(line)]
    chosen = open_ones[min(abs(place), len(open_ones) - 1)]
    entry = json.loads(lines[chosen]) | {"actor": "somebody else"}
    files[verify.TRAIL] = "\n".join([*lines[:chosen], json.dumps(entry), *lines[chosen + 1 :]]).encode()
    _refit(files)
    assert any("trail" in fault for fault in verify.check(packed(files, tmp_path / "altered.zip")))


def test_another_scorecard_is_found_though_the_manifest_fits(pack: bytes, tmp_path: Path) -> None:
    files = unpacked(pack)
    files[verify.CARD] = files[verify.CARD].replace(b"LIABILITY", b"MATURE")
    _refit(files)
    assert verify.check(packed(files, tmp_path / "p.zip")) == [
        "the scorecard is not one that the trail knows",
        "the signature does not fit",
    ]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"not a zip at all"])
def test_what_is_no_pack_is_said_in_a_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(content)
    assert len(verify.check(tmp_path / "p.zip")) == 1


def test_the_trail_of_other_systems_is_withheld(pack: bytes) -> None:
    entries = [json.loads(line) for line in unpacked(pack)[verify.TRAIL].splitlines()]
    assert any(e.get("withheld") for e in entries)
    assert {e["system"] for e in entries if not e.get("withheld")} <= {"", "offers"}


def test_a_withheld_entry_is_disclosed_later_and_compared(
    pack: bytes, held: Workspace, tmp_path: Path
) -> None:
    entries = [json.loads(line) for line in unpacked(pack)[verify.TRAIL].splitlines()]
    withheld = [int(e["seq"]) for e in entries if e.get("withheld")]
    (tmp_path / "p.zip").write_bytes(pack)
    whole = disclosure(held, withheld[:2]).decode()
    assert verify.check(tmp_path / "p.zip", disclosed=whole) == []
    for before, after in (('"actor": "', '"actor": "x'), ('"system": "other"', '"system": ""')):
        forged = whole.replace(before, after, 1)
        assert forged != whole
        faults = verify.check(tmp_path / "p.zip", disclosed=forged)
        assert any("is not the one that the pack commits to" in fault for fault in faults)
    (tmp_path / "entries.jsonl").write_text(whole, "utf-8")
    (tmp_path / "verify.py").write_bytes(unpacked(pack)["verify.py"])
    asked = ("p.zip", "--key", public_key().public_key, "--disclosed", "entries.jsonl")
    ran = verifier(tmp_path / "verify.py", *asked, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Disclosed entries: 2, each the one" in ran.stdout
    with pytest.raises(PlumblineError, match="no entry 9999"):
        disclosure(held, [9999])


def test_a_digest_does_not_give_away_what_is_withheld(held: Workspace) -> None:
    """Who guesses an entry to the microsecond still lacks the salt, which no pack holds of what it withholds."""
    whole = json.loads(disclosure(held, [1]))
    detail = json.loads(whole["detail"])
    assert len(detail.pop("entry_salt")) == 32
    guess = json.dumps(detail, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    fields = (whole["seq"], whole["at"], whole["actor"], whole["action"], whole["system"])
    assert digest(*fields, whole["detail"], GENESIS) == whole["digest"]
    assert digest(*fields, guess, GENESIS) != whole["digest"]


def test_no_cell_of_any_sheet_can_be_read_as_a_formula(pack: bytes) -> None:
    for name, content in unpacked(pack).items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
                for cell in row:
                    number = cell.lstrip("-").replace(".", "", 1).replace("e-", "", 1).isdigit()
                    assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (name, cell)


def test_the_statement_and_the_figures_are_those_of_the_pages(pack: bytes, material: Material) -> None:
    files = unpacked(pack)
    said = read(files["controls.csv"])
    assert [(r["id"], r["status"]) for r in said] == [
        (c.id, c.status.value) for c in material.answer.card.controls
    ]
    assert material.performance is not None
    values = [r["value"] for r in read(files["figures/performance.csv"])]
    assert values == ["" if p.value is None else str(p.value) for p in material.performance.points]
    assert {f"figures/{name}.csv" for name in FIGURES} <= set(files)


@given(st.lists(st.sampled_from(Status), min_size=1, max_size=3))
def test_a_questionnaire_says_yes_only_where_everything_passes(statuses: list[Status]) -> None:
    answer = _answer(statuses)
    assert (answer == "yes") is all(s is Status.PASS for s in statuses)
    if all(s is Status.UNKNOWN for s in statuses):
        assert answer == "unknown"


@given(st.text(max_size=30))
def test_a_sheet_gives_back_its_text(text: str) -> None:
    found = list(csv.reader(io.StringIO(sheet(("a",), [(text,)]).decode("utf-8-sig"), newline="")))
    assert found[1:] in ([[text]], [[f"'{text}"]], [[]] if not text else [[text]])
