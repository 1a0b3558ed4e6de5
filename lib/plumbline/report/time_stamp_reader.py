"""Reading an RFC 3161 time stamp with Python's standard library alone: what it says, and whether it is signed so.

It is part of the released ``verify.py``, so nothing but the standard library is imported. The certificate in the stamp
is taken as it is: whom to trust is decided by its fingerprint, or by following its chain elsewhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone

# A time stamp is DER (X.690): RFC 3161 in CMS (RFC 5652), with a certificate (RFC 5280). Object identifiers as they
# are written there.
HASHES = {
    bytes.fromhex(f"60864801650304020{n}"): kind for n, kind in ((1, "sha256"), (2, "sha384"), (3, "sha512"))
}
RSA, ECDSA = bytes.fromhex("2a864886f70d0101"), bytes.fromhex("2a8648ce3d0403")
TST_INFO, DIGEST = bytes.fromhex("2a864886f70d0109100104"), bytes.fromhex("2a864886f70d010904")
CERTIFICATE_HASH = tuple(bytes.fromhex(f"2a864886f70d01091002{end}") for end in ("0c", "2f"))
STAMPING, COMMON_NAME = bytes.fromhex("06082b06010505070308"), bytes.fromhex("550403")
#: NIST's curves P-256 and P-384 (FIPS 186-4): modulus, order, and a base point
CURVES = {
    bytes.fromhex("2a8648ce3d030107"): (
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
         0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)),
    bytes.fromhex("2b81040022"): (
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
         0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F)),
}  # fmt: skip
Element = tuple[int, bytes, bytes]


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says: when, who by the name in the certificate, and the certificate's SHA-256."""

    at: datetime
    authority: str
    certificate: str


def _elements(data: bytes) -> list[Element]:
    """The elements of DER, one after the other: tag, content, and the whole."""
    elements, at = [], 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        if start + size > len(data):
            raise ValueError("the time stamp ends early")
        elements.append((data[at], data[start : start + size], data[at : start + size]))
        at = start + size
    return elements


def _nested_content(data: bytes, *path: int) -> bytes:
    """The content of an element within an element, each by its place."""
    for place in path:
        data = _elements(data)[place][1]
    return data


def _attribute(attributes: list[Element], kind: bytes) -> bytes:
    found = [
        _nested_content(content, 1, 0) for _, content, _ in attributes if _nested_content(content, 0) == kind
    ]
    return found[0] if len(found) == 1 else b""


def _moment(element: Element) -> datetime:
    text = element[1].decode().removesuffix("Z").partition(".")[0]
    text = text if element[0] == 0x18 else ("19" if text >= "50" else "20") + text  # RFC 5280 4.1.2.5.1
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)  # noqa: UP017 - for older Pythons, too


def _rsa_fits(key: bytes, kind: str, message: bytes, signature: bytes) -> bool:
    """RSASSA-PKCS1-v1_5, RFC 8017 section 8.2.2."""
    n, e = (int.from_bytes(number, "big") for _, number, _ in _elements(_nested_content(key, 0)))
    name = next(oid for oid, hash_ in HASHES.items() if hash_ == kind)
    digest = hashlib.new(kind, message).digest()
    info = b"\x06" + bytes([len(name)]) + name + b"\x05\x00"
    info = b"\x30" + bytes([len(info)]) + info + b"\x04" + bytes([len(digest)]) + digest
    size = (n.bit_length() + 7) // 8
    data = b"\x00\x01" + b"\xff" * (size - len(info) - 5) + b"\x00\x30" + bytes([len(info)]) + info
    return len(signature) == size and pow(int.from_bytes(signature, "big"), e, n) == int.from_bytes(
        data, "big"
    )


def _ecdsa_fits(curve: bytes, key: bytes, kind: str, message: bytes, signature: bytes) -> bool:
    """ECDSA, FIPS 186-4 section 6.4, on the curves y^2 = x^3 - 3 x + b."""
    p, order, base = CURVES[curve]

    def add(a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
        if a is None or b is None or (a[0] == b[0] and (a[1] + b[1]) % p == 0):
            return a if b is None else b if a is None else None
        rise, run = (3 * a[0] * a[0] - 3, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
        slope = rise * pow(run, -1, p) % p
        x = (slope * slope - a[0] - b[0]) % p
        return x, (slope * (a[0] - x) - a[1]) % p

    def times(number: int, point: tuple[int, int] | None) -> tuple[int, int] | None:
        total = None
        while number:
            total, point, number = (
                (add(total, point) if number & 1 else total),
                add(point, point),
                number >> 1,
            )
        return total

    half = (len(key) - 1) // 2
    public = int.from_bytes(key[1 : 1 + half], "big"), int.from_bytes(key[1 + half :], "big")
    r, s = (int.from_bytes(number, "big") for _, number, _ in _elements(_nested_content(signature, 0)))
    if key[0] != 4 or not (0 < r < order and 0 < s < order):
        return False
    digest = hashlib.new(kind, message).digest()
    number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - order.bit_length())
    back = pow(s, -1, order)
    sum_ = add(times(number * back % order, base), times(r * back % order, public))
    return sum_ is not None and sum_[0] % order == r


def read_stamp(reply: bytes, message: bytes) -> Stamp:
    """Read a time stamp, which has to be of that message and signed by the certificate in it.

    Raises:
        ValueError: it is not, or is of a kind that is not checked here; the text says which.
    """
    status, *token = _elements(_nested_content(reply, 0))
    if _nested_content(status[1], 0) not in (b"\0", b"\1") or not token:
        raise ValueError("the authority did not grant it")
    parts = _elements(_nested_content(token[0][1], 1, 0))
    if len(_elements(parts[-1][1])) != 1:
        raise ValueError("it is not signed once")
    info, signer = _nested_content(parts[2][1], 1, 0), _elements(_nested_content(parts[-1][1], 0))
    _, _, imprint, _, at = _elements(_nested_content(info, 0))[:5]
    if hashlib.new(HASHES[_nested_content(imprint[1], 0, 0)], message).digest() != _nested_content(
        imprint[1], 1
    ):
        raise ValueError("it is of another manifest")
    kind, attributes = HASHES[_nested_content(signer[2][1], 0)], _elements(signer[3][1])
    if signer[3][0] != 0xA0 or _attribute(attributes, DIGEST) != hashlib.new(kind, info).digest():
        raise ValueError("its content was changed")
    if _nested_content(parts[2][1], 0) != TST_INFO or parts[3][0] != 0xA0:
        raise ValueError("it holds no certificate")
    certificate, body = _signer_certificate(parts[3][1], signer[1][1])
    marks = b"".join(_attribute(attributes, name) for name in CERTIFICATE_HASH)
    if not any(hashlib.new(name, certificate).digest() in marks for name in ("sha1", *HASHES.values())):
        raise ValueError("its certificate is not the one that it was signed with")
    begins, ends = map(_moment, _elements(body[3][1]))
    stamp = Stamp(_moment(at), _common_name(body[4][1]), hashlib.sha256(certificate).hexdigest())
    if STAMPING not in body[-1][2] or not begins <= stamp.at <= ends:
        raise ValueError("its certificate was not valid for time stamps then")
    signed = b"\x31" + signer[3][2][1:]  # RFC 5652 5.4: as a set of its own
    if not _fits(body[5][1], _nested_content(signer[4][1], 0), kind, signed, signer[5][1]):
        raise ValueError("its signature does not fit")
    return stamp


def _fits(key: bytes, algorithm: bytes, kind: str, message: bytes, signature: bytes) -> bool:
    """Whether a signature is the message's by a certificate's key."""
    number, form = _nested_content(key, 1)[1:], _elements(_nested_content(key, 0))
    if algorithm[:8] == RSA and algorithm[8] in (1, 11, 12, 13):
        kind = {11: "sha256", 12: "sha384", 13: "sha512"}.get(algorithm[8], kind)
        return _rsa_fits(number, kind, message, signature)
    if algorithm[:7] == ECDSA and form[-1][1] in CURVES:
        kind = {2: "sha256", 3: "sha384", 4: "sha512"}[algorithm[7]]
        return _ecdsa_fits(form[-1][1], number, kind, message, signature)
    raise ValueError("its signature is of a kind that this file does not check; `openssl ts -verify` does")


def _signer_certificate(certificates: bytes, signer: bytes) -> tuple[bytes, list[Element]]:
    """The certificate with a signer's issuer and number, and its fields from the number on."""
    issuer, number = (whole for _, _, whole in _elements(signer))
    for _, content, whole in _elements(certificates):
        fields = [element for element in _elements(_nested_content(content, 0)) if element[0] != 0xA0]
        if (fields[2][2], fields[0][2]) == (issuer, number):
            return whole, fields
    raise ValueError("it does not hold the certificate of its signer")


def _common_name(name: bytes) -> str:
    parts = [_elements(_nested_content(content, 0)) for _, content, _ in _elements(name)]
    return next(
        (text[1].decode(errors="replace") for kind, text in parts if kind[1] == COMMON_NAME),
        "a nameless authority",
    )
