"""The company's key, by which an evidence pack is known to come from it.

Ed25519 (RFC 8032), kept outside the workspace and made when the first pack is issued. Its public half is in every pack,
and receivers get it once by another way (`plumbline key show`): a signature proves nothing to somebody who takes the
key from the pack itself.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.report import verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE = "PLUMBLINE_SIGNING_KEY_FILE"
_LONGEST = 65_536  # bytes that a key's file may have


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of the key: 32 bytes in Base64, and the file that holds the whole one."""

    public_key: str
    path: str


def key_file() -> Path:
    """Where the key lies: the file that the variable names, else the user's own configuration folder."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("plumbline", appauthor=False) / "signing-key.pem"


def public_key() -> PublicKey:
    """The public half; the key is made if there is none yet.

    Raises:
        PlumblineError: the file cannot be read or made, or holds no such key.
    """
    return PublicKey(_public(_key()), str(key_file()))


def public_key_or_empty() -> str:
    """The public half for a document that does without where there is none: then it is empty."""
    try:
        return public_key().public_key
    except PlumblineError:
        return ""


@cache
def verifier_sha256() -> str:
    """The SHA-256 of the verifier that every pack holds, so that a receiver can take it from elsewhere."""
    return hashlib.sha256(verifier()).hexdigest()


@cache
def verifier() -> bytes:
    """The verifier as it is released: one file, with the reader of time stamps where the module imports it."""
    reader, module_text = (
        (resources.files("plumbline.report") / name).read_text("utf-8")
        for name in ("time_stamp_reader.py", "verify.py")
    )
    _, mark, body = reader.partition("from datetime import datetime, timezone\n")
    module_text = module_text.replace(
        "from datetime import datetime, timedelta, timezone",
        "from dataclasses import dataclass\nfrom datetime import datetime, timedelta, timezone",
    )
    start, line, rest = module_text.partition("\nfrom plumbline.report.time_stamp_reader import read_stamp\n")
    assert mark
    assert line
    return f"{start}{body.rstrip()}\n\n{rest}".encode()


def sign(manifest: bytes, time_stamp: str) -> bytes:
    """The signature of a pack's manifest as the pack holds it: JSON, the same for the same manifest.

    Args:
        time_stamp: the SHA-256 of the pack's time stamp, or why it has none, after ``verify.UNSTAMPED``.

    Raises:
        PlumblineError: as ``public_key``.
    """
    key = _key()
    signature = base64.b64encode(key.sign(verify.signed_message(manifest, time_stamp))).decode()
    return verify.signature_file(_public(key), signature, time_stamp)


def _public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _key() -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = key_file()
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            content = file.read(_LONGEST)
        key = load_pem_private_key(content, password=None)
    except OSError as error:
        raise PlumblineError(
            message(
                "The key that signs evidence packs cannot be read or made: {strerror}",
                strerror=str(error.strerror),
            ),
            where=str(path),
            todo=message("Name a file in a folder that can be written to in {variable}.", variable=VARIABLE),
        ) from error
    except (ValueError, TypeError) as error:
        raise PlumblineError(
            "The file of the signing key holds no private key without a password",
            where=str(path),
            todo="Make one with `openssl genpkey -algorithm ed25519`.",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PlumblineError(
            "The file of the signing key holds a key of another kind than Ed25519",
            where=str(path),
            todo="Make one with `openssl genpkey -algorithm ed25519`.",
        )
    return key


def _make(path: Path) -> None:
    """Write a new key that its user alone can read, whole or not at all; of two at once the first one counts."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent)  # readable by its user alone
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(part)
