"""An authority for time stamps (RFC 3161) with certificates of its own, made with `cryptography`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.respond.receiver import Request, answer_with

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
_TST_INFO, _SIGNED_DATA = bytes.fromhex("060b2a864886f70d0109100104"), bytes.fromhex("06092a864886f70d010702")
_CONTENT_TYPE, _DIGEST = bytes.fromhex("06092a864886f70d010903"), bytes.fromhex("06092a864886f70d010904")
_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")
_RSA, _ECDSA = bytes.fromhex("300d06092a864886f70d01010b0500"), bytes.fromhex("300a06082a8648ce3d040302")


def der(tag: int, *parts: bytes) -> bytes:
    """One element of DER."""
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(number: int) -> bytes:
    return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def elements(data: bytes) -> list[bytes]:
    """The elements of DER, one after the other, each whole."""
    found = []
    while data:
        size, start = data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        found.append(data[: start + size])
        data = data[start + size :]
    return found


def content(element: bytes) -> bytes:
    """What an element holds."""
    start = 2 + (element[1] & 0x7F if element[1] & 0x80 else 0)
    return element[start:]


@dataclass
class Authority:
    """It stamps with ``at`` as its clock; ``stamping``: whether its certificate is for time stamps."""

    key: Key
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    stamping: bool = True
    root: x509.Certificate = field(init=False)
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        root_key = ec.generate_private_key(ec.SECP256R1())
        root, own = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
            for text in ("Test root", "Test stamps")
        )
        ca = x509.BasicConstraints(ca=True, path_length=None)
        begins, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
        use = ExtendedKeyUsageOID.TIME_STAMPING if self.stamping else ExtendedKeyUsageOID.SERVER_AUTH
        new = x509.CertificateBuilder().issuer_name(root).not_valid_before(begins).not_valid_after(ends)
        self.root = (
            new.subject_name(root)
            .public_key(root_key.public_key())
            .serial_number(1)
            .add_extension(ca, critical=True)
            .sign(root_key, SHA256())
        )
        self.certificate = (
            new.subject_name(own)
            .public_key(self.key.public_key())
            .serial_number(2**70 + 5)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=True)
            .sign(root_key, SHA256())
        )

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()

    def roots(self) -> bytes:
        """Its root as PEM."""
        return self.root.public_bytes(Encoding.PEM)

    def stamp(self, request: bytes, *, imprint: bytes = b"") -> bytes:
        """The reply to a request; ``imprint``: another digest than the one asked for."""
        asked = elements(content(request))
        wanted = der(0x30, _SHA256, der(4, imprint)) if imprint else asked[1]
        nonce = [element for element in asked[2:] if element[0] == 2]
        moment = der(0x18, f"{self.at:%Y%m%d%H%M%S}Z".encode())
        policy = der(6, bytes.fromhex("2a0304"))
        info = der(0x30, _integer(1), policy, wanted, _integer(77), moment, *nonce)
        whole = self.certificate.public_bytes(Encoding.DER)
        mark = der(0x30, der(0x30, der(0x30, der(4, hashlib.sha256(whole).digest()))))
        attributes = sorted(
            der(0x30, name, der(0x31, value))
            for name, value in (
                (_CONTENT_TYPE, _TST_INFO),
                (_DIGEST, der(4, hashlib.sha256(info).digest())),
                (_CERTIFICATE, mark),
            )
        )
        signed = der(0x31, *attributes)
        algorithm, signature = self._signature(signed)
        issuer = self.root.subject.public_bytes()
        signer = der(
            0x30, _integer(1), der(0x30, issuer, _integer(self.certificate.serial_number)), _SHA256,
            der(0xA0, *attributes), algorithm, der(4, signature),
        )  # fmt: skip
        held = der(0x30, _TST_INFO, der(0xA0, der(4, info)))
        data = der(0x30, _integer(3), der(0x31, _SHA256), held, der(0xA0, whole), der(0x31, signer))
        return der(0x30, der(0x30, _integer(0)), der(0x30, _SIGNED_DATA, der(0xA0, data)))

    def _signature(self, message: bytes) -> tuple[bytes, bytes]:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return _RSA, self.key.sign(message, padding.PKCS1v15(), SHA256())
        return _ECDSA, self.key.sign(message, ec.ECDSA(SHA256()))

    def answer(self, request: Request, handler: BaseHTTPRequestHandler) -> None:
        """It answers over HTTP."""
        kind = "application/timestamp-reply"
        answer_with(200, self.stamp(request.body), Content_Type=kind)(request, handler)


def request_of(message: bytes) -> bytes:
    """A request for a time stamp of a message, with a nonce."""
    imprint = der(0x30, _SHA256, der(4, hashlib.sha256(message).digest()))
    return der(0x30, _integer(1), imprint, _integer(12345), b"\x01\x01\xff")
