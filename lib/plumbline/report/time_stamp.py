"""Time stamps of packs (RFC 3161): asking an authority for one, and following its certificate to trusted ones."""

from __future__ import annotations

from plumbline.answers.governance.time_authority import TimeAuthority
from plumbline.domain import PlumblineError
from plumbline.domain.extras import need_module
from plumbline.domain.messages import message
from plumbline.report.time_stamp_reader import read_stamp
from plumbline.respond import http

_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "Plumbline",
}


def ask(authority: TimeAuthority, manifest: bytes) -> bytes:
    """An authority's time stamp of a manifest, as it came; the manifest itself is not sent, only its SHA-256.

    Raises:
        PlumblineError: the extra is not installed, the authority was not reached, or what came does not hold.
    """
    need_module("rfc3161_client")
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

    request = TimestampRequestBuilder().data(manifest).hash_algorithm(HashAlgorithm.SHA256).build()
    reply = http.post(authority.url, request.as_bytes(), _HEADERS, allow_inner=authority.allow_inner)
    if not reply.ok:
        raise PlumblineError(
            message(
                "The authority {host} gave no time stamp: {error}", host=authority.host, error=reply.error
            )
        )
    try:
        response = decode_timestamp_response(reply.content)
        same = response.status in (0, 1) and response.tst_info.nonce == request.nonce
        read_stamp(reply.content, manifest)
    except Exception as error:  # a foreign reply may be anything, and fail in the library as in the reader
        raise PlumblineError(
            message(
                "The time stamp of {host} does not hold: {words}", host=authority.host, words=_words(error)
            )
        ) from error
    if not same:
        raise PlumblineError(message("The time stamp of {host} answers another request", host=authority.host))
    return reply.content


def _words(error: Exception) -> str:
    return str(error)[:120] if type(error) is ValueError else "it cannot be read"


def chain_faults(stamp: bytes, manifest: bytes, roots: bytes) -> list[str]:
    """Why a time stamp's certificate does not lead to one of those that are trusted; empty where it does.

    Args:
        roots: certificates as PEM, one or more.

    Raises:
        PlumblineError: the extra is not installed, or the file holds no certificate.
    """
    need_module("rfc3161_client")
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        trusted = load_pem_x509_certificates(roots)
    except ValueError as error:
        raise PlumblineError(
            "The authority's file holds no certificates", todo="Give its roots as PEM."
        ) from error
    try:
        VerifierBuilder(roots=trusted).build().verify_message(decode_timestamp_response(stamp), manifest)
    except (VerificationError, ValueError) as error:
        words = str(error).partition("\n")[0][:120]
        return [f"the time stamp does not lead to a certificate that you trust: {words}"]
    return []
