"""Personal data in a log: e-mail, telephone, IBAN and national numbers, by kept libraries and their check digits.

What is not recognised here may still be personal; a page says what was looked for. Values are looked at and
let go: only counts and masked examples are returned.

Check digits alone prove little on short numbers: one in eleven numbers of nine digits is a Dutch BSN. So a
plain number counts only where most of a column fits, in a column of text, or nearly all of it in a column
of numbers; an address, an IBAN or a telephone number in international form counts wherever it stands.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plumbline.domain.messages import message, sequence, word

#: share of the values there are that must hold one, so that one odd cell does not name a column
LEAST_SHARE = 0.01
MOST_SHARE, NEARLY_ALL = 0.5, 0.9  # of a column of text, of a column of numbers
FEWEST = 20  # different values below which a column of plain numbers says nothing
LOOKED_AT = 400  # different values of a column that are examined
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")
_PHONE = re.compile(r"(?:\+|\b00)\d[\d\s().\-/]{6,20}\d")
_NINO = re.compile(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """Personal data in one column: ``hits`` of ``n`` values hold it; ``example`` is masked.

    ``sure``: ``certain`` (its form or two check digits leave no doubt), ``likely`` (check digits fit on most
    values), ``possible`` (the form fits and nothing can be checked).
    """

    column: str
    kind: str
    hits: int
    n: int
    sure: str
    example: str


@dataclass(frozen=True, slots=True)
class NationalNumber:
    """A national number: its name, its form as a pattern, and the validator of python-stdnum ("" for none)."""

    name: str
    form: str
    validator: str
    digits: bool  # nothing but digits: may stand in a column of numbers


#: what is looked for by check digits, the more telling first
NATIONAL = (
    NationalNumber(
        word("Italian codice fiscale"),
        r"[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z]",
        "it.codicefiscale",
        False,
    ),
    NationalNumber(word("Spanish DNI"), r"\d{8}-?[A-Z]", "es.dni", False),
    NationalNumber(word("Spanish NIE"), r"[XYZ]-?\d{7}-?[A-Z]", "es.nie", False),
    NationalNumber(word("Finnish henkilötunnus"), r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", "fi.hetu", False),
    NationalNumber(word("Portuguese cartão de cidadão"), r"\d{8} ?\d ?[A-Z0-9]{2}\d", "pt.cc", False),
    NationalNumber(word("French NIR"), r"[12]\d{4}(?:\d\d|2[AB])\d{8}", "fr.nir", True),
    NationalNumber(word("Romanian CNP"), r"[1-9]\d{12}", "ro.cnp", True),
    NationalNumber(word("Norwegian fødselsnummer"), r"\d{11}", "no.fodselsnummer", True),
    NationalNumber(word("Polish PESEL"), r"\d{11}", "pl.pesel", True),
    NationalNumber(word("Belgian national number"), r"\d{11}", "be.nn", True),
    NationalNumber(word("German tax number (IdNr)"), r"\d{11}", "de.idnr", True),
    NationalNumber(word("Croatian OIB"), r"\d{11}", "hr.oib", True),
    NationalNumber(word("Brazilian CPF"), r"\d{11}", "br.cpf", True),
    NationalNumber(word("Swedish personnummer"), r"(?:\d\d)?\d{6}[-+]\d{4}", "se.personnummer", False),
    NationalNumber(word("British NHS number"), r"\d{10}", "gb.nhs", True),
    NationalNumber(word("Dutch BSN"), r"\d{9}", "nl.bsn", True),
    NationalNumber(word("British National Insurance number"), _NINO.pattern, "", False),
)
LOOKED_FOR = message(
    "e-mail addresses, telephone numbers in international form, IBANs, and {numbers}",
    numbers=sequence([n.name for n in NATIONAL], ", "),
)


def find_personal(
    text: Mapping[str, Sequence[str]], numeric: Mapping[str, Sequence[float]] | None = None
) -> tuple[PersonalData, ...]:
    """Personal data by column, the surest first.

    Args:
        text: column -> a sample of its text values, missing ones left out.
        numeric: column -> a sample of its numbers; only national numbers of digits are looked for there.
    """
    personal_columns: list[PersonalData] = []
    for name, values in text.items():
        counts = Counter(values)
        for kind, sure, find in _ANYWHERE:
            personal_columns += _search_text(name, kind, sure, find, counts)
        personal_columns += _national(
            name, {_normalise(v): k for v, k in counts.items()}, len(values), numbers=False
        )
    for name, figures in (numeric or {}).items():
        whole = Counter(f"{x:.0f}" for x in figures if float(x).is_integer() and 1e8 <= x < 1e15)
        if figures and sum(whole.values()) >= NEARLY_ALL * len(figures):
            personal_columns += _national(name, dict(whole), len(figures), numbers=True)
    order = ("certain", "likely", "possible")
    return tuple(sorted(personal_columns, key=lambda p: (order.index(p.sure), p.column, p.kind)))


def personal_data(
    text: Mapping[str, Sequence[str]], numeric: Mapping[str, Sequence[float]] | None = None
) -> tuple[str, ...]:
    """The columns in which personal data is certain or likely, by name."""
    return tuple(sorted({p.column for p in find_personal(text, numeric) if p.sure != "possible"}))


def is_iban(text: str) -> bool:
    """Whether length and check digits fit: ISO 13616, by python-stdnum."""
    from stdnum import iban

    return bool(iban.is_valid(text, check_country=False))


def mask(value: str) -> str:
    """A value that can be shown: its first character and its shape, every other letter and digit hidden."""
    return value[:1] + re.sub(r"\w", "•", value[1:40])


def _search_text(
    column: str, kind: str, sure: str, find: Callable[[str], str], counts: Counter[str]
) -> list[PersonalData]:
    n = sum(counts.values())
    hits, example = 0, ""
    for value, many in counts.items():
        found_text = find(value)
        if found_text:
            hits, example = hits + many, example or found_text
    if not hits or hits < LEAST_SHARE * n:
        return []
    return [PersonalData(column=column, kind=kind, hits=hits, n=n, sure=sure, example=mask(example))]


def _national(column: str, counts: Mapping[str, int], n: int, *, numbers: bool) -> list[PersonalData]:
    """The national number that fits best; more than one country's check digits may fit a few values."""
    examined = dict(list(counts.items())[:LOOKED_AT])
    if len(examined) < FEWEST and numbers:
        return []
    best: PersonalData | None = None
    for number in NATIONAL:
        if numbers and not number.digits:
            continue
        form = re.compile(number.form)
        fitting = [v for v in examined if form.fullmatch(v) and _is_valid_number(number, v)]
        hits, looked = sum(examined[v] for v in fitting), sum(examined.values())
        needed = (NEARLY_ALL if numbers else MOST_SHARE) * looked
        few = len(fitting) < (FEWEST if number.digits else 3)
        if few or hits < needed or (best is not None and hits <= best.hits):
            continue
        sure = "likely" if number.validator else "possible"
        best = PersonalData(
            column=column,
            kind=number.name,
            hits=round(hits * n / looked),
            n=n,
            sure=sure,
            example=mask(fitting[0]),
        )
    return [best] if best is not None else []


def _is_valid_number(number: NationalNumber, value: str) -> bool:
    if not number.validator:
        return True
    return bool(importlib.import_module(f"stdnum.{number.validator}").is_valid(value))


def _normalise(value: str) -> str:
    """A value as its validator takes it: no spaces or dots, capitals."""
    return re.sub(r"[\s.]", "", value).upper()


def _email(value: str) -> str:
    found = _EMAIL.search(value) if "@" in value else None
    return found.group() if found else ""


def _iban(value: str) -> str:
    if sum(c.isdigit() for c in value) < 8:
        return ""
    found = _IBAN.findall(re.sub(r"(?<=\w) (?=\w{1,4}\b)", "", value.upper()))
    return next((held for held in found if is_iban(held)), "")


def _phone(value: str) -> str:
    if not _PHONE.search(value):
        return ""
    import phonenumbers

    matches = list(
        phonenumbers.PhoneNumberMatcher(
            value.replace("00", "+", 1) if value.startswith("00") else value, None
        )
    )
    return matches[0].raw_string if matches else ""


_ANYWHERE: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("e-mail address", "certain", _email),
    ("IBAN", "certain", _iban),
    ("telephone number", "likely", _phone),
)
