"""Who made a pack: the signature, the attacks on it, and the company's key."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.report import verify
from plumbline.report.language import language
from plumbline.report.material import Material
from plumbline.report.scorecard_report import report_data
from plumbline.report.signature import VARIABLE, public_key, sign, verifier_sha256
from plumbline.store.trail import GENESIS, digest
from tests.report.test_pack import packed, unpacked

#: RFC 8032, section 7.1, tests 1 to 3 and SHA(abc): public key, message, signature
PUBLISHED = (
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
)  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), PUBLISHED)
def test_the_verifier_knows_the_published_signatures(public: str, message: str, signature: str) -> None:
    parts = [bytes.fromhex(part) for part in (public, message, signature)]
    assert verify.is_signed(*parts)
    assert not verify.is_signed(parts[0], parts[1] + b"x", parts[2])


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 63), st.integers(0, 255))
def test_the_verifier_agrees_with_the_library(seed: bytes, message: bytes, place: int, value: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert verify.is_signed(public, message, bytes(signature))
    signature[place] = value
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
        fits = True
    except InvalidSignature:
        fits = False
    assert verify.is_signed(public, message, bytes(signature)) is fits


@pytest.mark.parametrize("scalar", [verify.L, verify.L + 5, 2**256 - 1])
def test_a_signature_beyond_the_order_is_refused(scalar: int) -> None:
    key = Ed25519PrivateKey.generate()
    signature = key.sign(b"m")[:32] + scalar.to_bytes(32, "little")
    assert not verify.is_signed(key.public_key().public_bytes_raw(), b"m", signature)


def _forged(files: dict[str, bytes], *, hide: bool) -> None:
    """LIABILITY becomes MATURE, the trail is chained anew, the manifest fits again; ``hide``: loads are withheld."""
    old = hashlib.sha256(files[verify.CARD]).hexdigest()
    files[verify.CARD] = files[verify.CARD].replace(b"LIABILITY", b"MATURE")
    new, previous, lines = hashlib.sha256(files[verify.CARD]).hexdigest(), GENESIS, []
    for line in files[verify.TRAIL].decode().splitlines():
        entry = json.loads(line)
        if hide and entry.get("action") == "load":
            entry = {"seq": entry["seq"], "withheld": True, "digest": "f" * 64}
        entry["previous"] = previous
        if not entry.get("withheld"):
            entry["detail"] = entry["detail"].replace(old, new)
            entry["digest"] = digest(
                entry["seq"],
                entry["at"],
                entry["actor"],
                entry["action"],
                entry["system"],
                entry["detail"],
                previous,
            )
        previous = entry["digest"]
        lines.append(json.dumps(entry) + "\n")
    files[verify.TRAIL] = "".join(lines).encode()
    names = sorted(name for name in files if name not in (verify.MANIFEST, verify.SIGNATURE))
    listed = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in names)
    files[verify.MANIFEST] = listed.encode()


def _signed(files: dict[str, bytes], key: Ed25519PrivateKey, time_stamp: str | None = None) -> None:
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    message = verify.signed_message(files[verify.MANIFEST], time_stamp)
    signature = base64.b64encode(key.sign(message)).decode()
    files[verify.SIGNATURE] = verify.signature_file(public, signature, time_stamp)


@pytest.mark.parametrize("hide", [False, True])
def test_a_pack_rewritten_from_liability_to_mature_never_verifies(
    pack: bytes, tmp_path: Path, *, hide: bool
) -> None:
    key, files = public_key().public_key, unpacked(pack)
    assert b"LIABILITY" in files[verify.CARD]
    _forged(files, hide=hide)
    assert "the signature does not fit" in verify.check(packed(files, tmp_path / "kept.zip"), key)
    del files[verify.SIGNATURE]
    assert verify.check(packed(files, tmp_path / "unsigned.zip"), key) == ["the pack is not signed"]
    _signed(files, Ed25519PrivateKey.generate())
    (fault,) = verify.check(packed(files, tmp_path / "resigned.zip"), key)
    assert fault.startswith("the pack is signed with another key")
    assert (
        verify.tell(tmp_path / "resigned.zip", "", "") == 2
    )  # without a key it is said to be proven by nothing


def test_a_trail_written_anew_by_the_owner_is_caught_by_a_head_that_somebody_remembers(
    pack: bytes, material: Material, tmp_path: Path
) -> None:
    head, files = material.proof.chain.head, unpacked(pack)
    key = public_key().public_key
    assert verify.check(packed(files, tmp_path / "true.zip"), key, head) == []
    _forged(files, hide=False)
    files[verify.SIGNATURE] = sign(files[verify.MANIFEST], "none: test")  # with the company's own key
    assert verify.check(packed(files, tmp_path / "own.zip"), key) == []
    assert verify.check(packed(files, tmp_path / "own.zip"), key, head) == [
        "the trail does not hold the head that is remembered"
    ]


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "é"])
def test_a_key_that_is_none_is_a_fault_and_no_crash(pack: bytes, tmp_path: Path, key: str) -> None:
    path = packed(unpacked(pack), tmp_path / "p.zip")
    assert bool(verify.check(path, key)) is bool(key)


def test_every_report_prints_the_verifiers_hash_and_the_key(pack: bytes, material: Material) -> None:
    files = unpacked(pack)
    assert hashlib.sha256(files["verify.py"]).hexdigest() == verifier_sha256()
    for code in ("en", "de"):
        values = {row["value"] for row in report_data(material, language(code))["rests"]["rows"]}
        assert {verifier_sha256(), public_key().public_key, material.proof.chain.head} <= values
    assert material.proof.chain.head in files["README.txt"].decode()


def test_the_command_checks_a_pack_by_the_key_that_was_shown(
    pack: bytes, tmp_path: Path, plumbline: Callable[..., object]
) -> None:
    (tmp_path / "p.zip").write_bytes(pack)
    shown = plumbline("key", "show", "--json").json
    assert set(shown) == {"public_key", "path", "verifier_sha256"}
    ran = plumbline("verify-pack", tmp_path / "p.zip", "--key", shown["public_key"], "--json")
    assert ran.code == 0
    assert (ran.json["intact"], ran.json["problems"]) == (True, [])
    assert ran.json["time"].startswith("No time stamp")
    ran = plumbline("verify-pack", tmp_path / "p.zip", "--key", shown["public_key"], "--head", "0" * 64)
    assert (ran.code, ran.out.strip()) == (1, "BROKEN: the trail does not hold the head that is remembered")
    with zipfile.ZipFile(tmp_path / "q.zip", "w") as other:
        other.writestr("a.txt", "b")
    assert plumbline("verify-pack", tmp_path / "q.zip", "--key", shown["public_key"]).code == 1


def test_a_key_is_made_once_and_its_user_alone_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys" / "key.pem"
    monkeypatch.setenv(VARIABLE, str(path))
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(public_key().public_key)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["key.pem"]


@pytest.mark.parametrize("content", [b"", b"not a key", "other kind"])
def test_another_file_in_its_place_is_a_sentence(
    content: bytes | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(content, str):
        content = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(content)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "key.pem"))
    with pytest.raises(PlumblineError, match="signing key"):
        public_key()
    assert (tmp_path / "key.pem").read_bytes() == content
