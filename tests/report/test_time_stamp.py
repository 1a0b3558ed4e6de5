"""When a pack was made: what an authority outside says of it, and what holds where there is none."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from plumbline.answers.governance.time_authority import TimeAuthority, set_time_authority, time_authority
from plumbline.answers.governance.trail import trail
from plumbline.domain import PlumblineError
from plumbline.report import verify
from plumbline.report.issue import issue
from plumbline.report.material import Material
from plumbline.report.pack import evidence_pack
from plumbline.report.signature import public_key, sign
from plumbline.report.time_stamp import ask, chain_faults
from plumbline.report.time_stamp_reader import read_stamp
from plumbline.store.workspace import Workspace
from tests.report.authority import Authority, request_of
from tests.report.test_pack import packed, unpacked, verifier
from tests.respond.receiver import Receiver, answer_with, receiver

MESSAGE = b"a manifest"
KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@pytest.fixture(scope="module", params=KEYS)
def authority(request: pytest.FixtureRequest) -> Authority:
    return Authority(KEYS[request.param]())


@pytest.fixture(scope="module")
def curve() -> Authority:
    return Authority(KEYS["p256"]())


@pytest.fixture
def place() -> Iterator[Receiver]:
    with receiver() as own:
        yield own


def test_a_stamp_says_when_and_by_whom(authority: Authority) -> None:
    stamp = read_stamp(authority.stamp(request_of(MESSAGE)), MESSAGE)
    assert (stamp.at, stamp.authority, stamp.certificate) == (
        authority.at.replace(microsecond=0),
        "Test stamps",
        authority.fingerprint,
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_openssl_finds_the_stamp_as_good_as_we_do(authority: Authority, tmp_path: Path) -> None:
    for name, body in (("m", MESSAGE), ("t", authority.stamp(request_of(MESSAGE))), ("r", authority.roots())):
        (tmp_path / name).write_bytes(body)
    called = ["openssl", "ts", "-verify", "-data", "m", "-in", "t", "-CAfile", "r"]
    ran = subprocess.run(called, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_stamp_of_another_message_or_with_another_byte_does_not_hold(authority: Authority) -> None:
    """Every byte: what is not signed by the authority (its chain apart) is checked by its form."""
    whole = authority.stamp(request_of(MESSAGE))
    with pytest.raises(ValueError, match="another manifest"):
        read_stamp(whole, MESSAGE + b"x")
    stamp, silent = read_stamp(whole, MESSAGE), []
    for place in range(0, len(whole), 7 if isinstance(authority.key, rsa.RSAPrivateKey) else 23):
        altered = bytearray(whole)
        altered[place] ^= 0x55
        try:
            silent += [place] if read_stamp(bytes(altered), MESSAGE) != stamp else []
        except (ValueError, KeyError, IndexError, OverflowError, StopIteration):
            continue
    assert not silent  # what still holds says the same


def test_a_certificate_for_something_else_stamps_nothing() -> None:
    other = Authority(KEYS["p256"](), stamping=False)
    with pytest.raises(ValueError, match="not valid for time stamps"):
        read_stamp(other.stamp(request_of(MESSAGE)), MESSAGE)
    late = Authority(KEYS["p256"](), at=datetime(2121, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="not valid for time stamps"):
        read_stamp(late.stamp(request_of(MESSAGE)), MESSAGE)


def _stamped(material: Material, authority: Authority) -> dict[str, bytes]:
    return unpacked(evidence_pack(material, "en", lambda manifest: authority.stamp(request_of(manifest))))


def test_a_pack_is_stamped_and_both_verifiers_say_when(
    material: Material, curve: Authority, tmp_path: Path, plumbline: Callable[..., object]
) -> None:
    pytest.importorskip("rfc3161_client")
    files, key = _stamped(material, curve), public_key().public_key
    path = packed(files, tmp_path / "p.zip")
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    (tmp_path / "roots.pem").write_bytes(curve.roots())
    (tmp_path / "other.pem").write_bytes(Authority(KEYS["p256"]()).roots())
    ran = verifier(
        tmp_path / "verify.py", "p.zip", "--key", key, "--authority", curve.fingerprint, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"Time stamp: {curve.at:%Y-%m-%d %H:%M:%S} UTC by 'Test stamps'" in ran.stdout
    ran = verifier(tmp_path / "verify.py", "p.zip", "--key", key, "--authority", "0" * 64, cwd=tmp_path)
    assert ran.returncode == 1
    shown = plumbline("verify-pack", path, "--key", key, "--authority", tmp_path / "roots.pem")
    assert (shown.code, "leads to one that was given" in shown.out) == (0, True), shown
    shown = plumbline("verify-pack", path, "--key", key, "--authority", tmp_path / "other.pem")
    assert (shown.code, "does not lead to a certificate that you trust" in shown.out) == (1, True), shown


def test_a_pack_signed_anew_by_the_owner_is_caught_by_the_time_stamp(
    material: Material, curve: Authority, tmp_path: Path
) -> None:
    files, key = _stamped(material, curve), public_key().public_key
    first = (curve.at + timedelta(minutes=1)).isoformat()
    assert verify.check(packed(files, tmp_path / "true.zip"), key, before=first) == []
    listed = files[verify.MANIFEST] + b"0" * 64 + b"  more.txt\n"
    forged = {**files, verify.MANIFEST: listed, "more.txt": b""}
    forged[verify.SIGNATURE] = sign(listed, hashlib.sha256(files[verify.TIMESTAMP]).hexdigest())
    faults = verify.check(packed(forged, tmp_path / "kept.zip"), key)
    assert "the time stamp does not hold: it is of another manifest" in faults
    del forged[verify.TIMESTAMP]
    assert "the time stamp is not the one that was signed" in verify.check(
        packed(forged, tmp_path / "x.zip"), key
    )
    later = Authority(KEYS["p256"](), at=curve.at + timedelta(days=40))
    again = packed(_stamped(material, later), tmp_path / "later.zip")
    assert any("later than" in fault for fault in verify.check(again, key, before=first))
    bare = packed(unpacked(evidence_pack(material, "en")), tmp_path / "bare.zip")
    assert verify.check(bare, key, before=first) == ["the pack has no time stamp"]


def test_a_stamp_from_before_the_trail_ends_is_not_taken(material: Material) -> None:
    early = Authority(KEYS["p256"](), at=datetime(2021, 1, 1, tzinfo=UTC))
    files = _stamped(material, early)
    assert verify.TIMESTAMP not in files
    assert "after the time stamp" in verify.time_sentence(files)


@pytest.mark.parametrize(
    "url", ["https://tsa.example:99999", "https://[", "ftp://tsa.example", "https://ana:x@tsa.example", "tsa"]
)
def test_what_is_no_address_of_an_authority_is_refused_in_words(held: Workspace, url: str) -> None:
    with pytest.raises(PlumblineError, match="no https:// address"):
        set_time_authority(held, url, by="Ana")


def test_the_owners_authority_is_asked_and_its_answer_is_on_the_trail(
    held: Workspace, curve: Authority, place: Receiver
) -> None:
    pytest.importorskip("rfc3161_client")
    place.answer = curve.answer
    with pytest.raises(PlumblineError, match="inner host"):
        set_time_authority(held, place.url, by="Ana")
    set_time_authority(held, place.url, allow_inner=True, by="Ana")
    assert time_authority(held) == TimeAuthority(place.url, True)
    try:
        made = issue(held, "offers", ".zip", actor="Ana")
        assert verify.TIMESTAMP in unpacked(made.content)
        assert made.time.startswith("Time stamp: ")
        assert trail(held, limit=1).entries[0].detail["time"] == made.time
        assert place.came[0].headers["content-type"] == "application/timestamp-query"
        assert unpacked(made.content)[verify.MANIFEST] not in place.came[0].body
        place.answer = answer_with(503)
        made = issue(held, "offers", ".zip", actor="Ana")
        assert verify.TIMESTAMP not in unpacked(made.content)
        assert "gave no time stamp: The receiver answered 503" in made.time
    finally:
        set_time_authority(held, "", by="Ana")
    assert "No authority for time stamps is named" in issue(held, "offers", ".zip", actor="Ana").time


@pytest.mark.parametrize("wrong", ["other message", "no stamp", "rejected", "other nonce"])
def test_what_an_authority_answers_wrongly_is_a_sentence(
    curve: Authority, place: Receiver, wrong: str
) -> None:
    pytest.importorskip("rfc3161_client")
    bodies = {
        "other message": lambda body: curve.stamp(body, imprint=b"x" * 32),
        "no stamp": lambda body: b"<html>",
        "rejected": lambda body: bytes.fromhex("30053003020102"),
        "other nonce": lambda body: curve.stamp(request_of(MESSAGE)),
    }
    place.answer = lambda request, handler: answer_with(200, bodies[wrong](request.body))(request, handler)
    with pytest.raises(PlumblineError, match=r"time stamp of 127\.0\.0\.1"):
        ask(TimeAuthority(place.url, True), MESSAGE)


def test_a_file_without_certificates_is_a_sentence(curve: Authority) -> None:
    pytest.importorskip("rfc3161_client")
    stamp = curve.stamp(request_of(MESSAGE))
    assert chain_faults(stamp, MESSAGE, curve.roots()) == []
    assert chain_faults(stamp, b"other", curve.roots())
    with pytest.raises(PlumblineError, match="no certificates"):
        chain_faults(stamp, MESSAGE, b"nothing")
