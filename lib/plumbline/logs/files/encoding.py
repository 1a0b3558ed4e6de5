"""Which encoding a text file is in, and making UTF-8 of it where it is another."""

from __future__ import annotations

import codecs
from pathlib import Path

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

UTF8 = "utf-8"
_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 4 * 1024 * 1024
#: bytes 0x80-0x9F: control characters in Latin-1, letters and signs in Windows-1252
_C1 = frozenset(range(0x80, 0xA0))


def is_utf8(head: bytes, *, whole: bool) -> bool:
    """Whether the bytes are UTF-8; a character cut off at the end is forgiven unless they are the whole file."""
    decoder = codecs.getincrementaldecoder(UTF8)()
    try:
        decoder.decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def detect_encoding(head: bytes, *, whole: bool) -> str:
    """The encoding of a text file by its first bytes, as Python names it.

    A byte order mark decides; then UTF-16 by its pattern of zero bytes; then UTF-8 where it decodes; then
    a single-byte encoding, by charset-normalizer among those of European exports, Windows-1252 where that
    is silent. ``utf-8`` is returned for plain ASCII too.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    wide = _guess_utf16(head)
    if wide:
        return wide
    if is_utf8(head, whole=whole) or _is_mostly_utf8(head):
        return UTF8
    return _single_byte(head)


def _guess_utf16(head: bytes) -> str | None:
    sample = head[:4096]
    if len(sample) < 8 or b"\x00" not in sample:
        return None
    even, odd = sample[0::2], sample[1::2]
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _is_mostly_utf8(head: bytes) -> bool:
    """UTF-8 with a few broken bytes: those rows go to quarantine, the file stays what it is."""
    text = head.decode(UTF8, errors="replace")
    broken = text.count("�")
    good = sum(1 for c in text if ord(c) > 127) - broken
    return good > 4 * broken


def _single_byte(head: bytes) -> str:
    from charset_normalizer import from_bytes

    high = bytes(b for b in head if b > 0x7F)
    best = from_bytes(
        head[:200_000], cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "iso8859_15"]
    ).best()
    guess = best.encoding if best else "cp1252"
    if guess in ("cp1250", "iso8859_15") and not any(b in _C1 for b in high):
        guess = "cp1252"  # the same letters in all of western Europe, by far the commonest export
    return "cp1252" if guess in ("latin_1", "ascii") else guess


def transcode(source: Path, encoding: str, target: Path, *, mend: bool = False) -> int:
    """Write ``source`` as UTF-8 with plain line ends to ``target``, a block at a time.

    Carriage returns become line feeds, so that the number of lines stays the same. Broken bytes of a UTF-8
    file stay what they are, for the parser to reject their rows; what another encoding does not define
    becomes U+FFFD, and with ``mend`` the broken bytes of UTF-8 as well.

    Returns:
        how many characters became U+FFFD.

    Raises:
        PlumblineError: the file does not hold text in that encoding, or the disk is full.
    """
    keep = "surrogateescape" if encoding == UTF8 and not mend else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors=keep)
    pending, lost, last = "", 0, False
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            while not last:
                block = reader.read(_BLOCK)
                last = not block
                text = pending + decoder.decode(block, final=last)
                pending = "\r" if text.endswith("\r") and not last else ""
                text = text[: len(text) - len(pending)]
                lost += text.count("\ufffd")
                writer.write(text.replace("\r\n", "\n").replace("\r", "\n").encode(UTF8, keep))
    except (OSError, UnicodeError) as error:
        raise PlumblineError(
            message("The file could not be rewritten as UTF-8: {error}", error=str(error)),
            where=source.name,
            todo="Export it as UTF-8 and load it again.",
        ) from error
    return lost
