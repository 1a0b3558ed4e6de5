"""SQL that turns the cells of a file into the values of a decision table.

Every function takes the SQL of a cell and returns the SQL of its value; what cannot be read becomes NULL.
``text`` says that the cell is text (CSV, or a text column of Parquet) and not a typed value. Where text stays
text (``level``, ``outcome``, ``name``) the cell has no blanks around it: the stage trims those columns first.
"""

from __future__ import annotations

from plumbline.domain import LARGEST_NUMBER, PlumblineError
from plumbline.domain.messages import message
from plumbline.logs.values import currency, zone_names
from plumbline.logs.values.month_names import SPOKEN, format_language, format_pattern, spell_time_sql
from plumbline.store.sql import literal

#: what stands for "no value" in a feature; compared in lower case without blanks around
MISSING = ("", "-", "--", "?", "n/a", "n.a.", "na", "#n/a", "nan", "<na>", "null", "none", "nil", "nul", "inf",
           "-inf", "+inf", "infinity", "-infinity", "nat", "(null)", "\\n", "#null!", "missing")  # fmt: skip
#: what stands for "no value" in a prediction, label, identifier or version, where "none" may be a class
ABSENT = ("", "nan", "null", "<na>", "nat", "n/a", "#n/a", "\\n")
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1000, "epoch_us": 1}
#: days since 30 December 1899, as spreadsheets keep dates
EXCEL = "excel"
NUMBER_FORMATS = ("decimal_comma", "thousands_comma", "percent")


def _membership_sql(text: str, tokens: tuple[str, ...]) -> str:
    """Whether a text is one of some words. Not ``IN``: DuckDB makes a join of that, run for every row."""
    return f"list_contains([{', '.join(literal(token) for token in tokens)}], {text})"


def is_missing(cell: str) -> str:
    """Whether a cell of text stands for no value."""
    return f"({cell} IS NULL OR {_membership_sql(f'lower(trim({cell}))', MISSING)})"


def number(cell: str, form: str, *, text: bool) -> str:
    """A DOUBLE within ``LARGEST_NUMBER``. ``form``: words of NUMBER_FORMATS and ``currency:EUR`` (see ``currency``),
    or empty.

    With a decimal comma, points may only stand between groups of three digits (and the other way round), so
    that ``12.5`` is never read as 125.
    """
    words = form.split()
    if text and currency.format_currency(form):
        cell = currency.strip_currency_sql(cell, currency.format_currency(form))
    if not text:
        value = f"TRY_CAST({cell} AS DOUBLE)"
    elif "decimal_comma" in words:
        value = _grouped_number_sql(cell, ".", ",", "percent" in words)
    elif "thousands_comma" in words:
        value = _grouped_number_sql(cell, ",", ".", "percent" in words)
    elif "percent" in words:
        value = f"TRY_CAST(rtrim(trim({cell}), '% \u00a0\u202f') AS DOUBLE)"
    else:
        value = f"TRY_CAST({cell} AS DOUBLE)"
    divided = f"({value}) / 100" if "percent" in words else value
    return f"CASE WHEN {is_reckonable(value)} THEN {divided} END"


def is_reckonable(value: str) -> str:
    """Whether a DOUBLE is a number that can be reckoned with: finite, and its square too."""
    return (
        f"abs({value}) <= {LARGEST_NUMBER!r}"  # of NaN, which is above all numbers in DuckDB, this is false
    )


def _grouped_number_sql(cell: str, group: str, point: str, percent: bool) -> str:
    bare = f"translate({cell}, ' \u00a0\u202f''', '')"
    if percent:
        bare = f"rtrim({bare}, '%')"
    plain = f"replace({bare}, {literal(point)}, '.')" if point != "." else bare
    no_groups = f"replace({bare}, {literal(group)}, '')"
    grouped = f"replace({no_groups}, {literal(point)}, '.')"
    pattern = rf"[-+]?\d{{1,3}}(\{group}\d{{3}})+(\{point}\d*)?"
    return (
        f"CASE WHEN NOT contains({cell}, {literal(group)}) THEN TRY_CAST({plain} AS DOUBLE) "
        f"WHEN regexp_full_match({bare}, {literal(pattern)}) THEN TRY_CAST({grouped} AS DOUBLE) END"
    )


def _canonical_sql(cell: str, tokens: tuple[str, ...]) -> str:
    """Text with one spelling a value: ``1.0`` is ``1``, ``True`` is ``true``, tokens are NULL."""
    return (
        f"CASE WHEN {_short_word_condition(cell, (*tokens, 'true', 'false'))} "
        f"THEN CASE WHEN lower({cell}) = 'true' OR lower({cell}) = 'false' THEN lower({cell}) END "
        f"WHEN ends_with({cell}, '.0') THEN CASE WHEN TRY_CAST({cell} AS DOUBLE) IS NULL THEN {cell} "
        f"ELSE left({cell}, length({cell}) - 2) END ELSE {cell} END"
    )


def _short_word_condition(cell: str, tokens: tuple[str, ...]) -> str:
    """Whether a cell is one of some short words in any case; only short cells that begin like one are looked at.

    The five low bits of the first character are those of a word's: they are the same for both cases of a letter.
    """
    longest = max(len(token) for token in tokens)
    begins = sum({1 << (ord(token[:1] or "\0") & 31) for token in tokens})
    return (
        f"CASE WHEN strlen({cell}) <= {longest} AND (({begins} >> (ascii({cell}) & 31)) & 1) = 1 "
        f"THEN {_membership_sql(f'lower({cell})', tokens)} ELSE false END"
    )


def _text_cell(cell: str, text: bool) -> str:
    return cell if text else f"CAST({cell} AS VARCHAR)"


def level(cell: str, *, text: bool) -> str:
    """A level of a categorical feature, or NULL where it stands for no value."""
    return _canonical_sql(_text_cell(cell, text), MISSING)


def outcome(cell: str, *, text: bool) -> str:
    """A class, or NULL."""
    return _canonical_sql(_text_cell(cell, text), ABSENT)


def name(cell: str, *, text: bool) -> str:
    """An identifier or a version, or NULL. A version ``2.0`` stays ``2.0``, an id 17.0 is ``17``."""
    value = _text_cell(cell, text)
    if not text:
        return _canonical_sql(value, ABSENT)
    return f"CASE WHEN {_short_word_condition(value, ABSENT)} THEN NULL ELSE {value} END"


def keyed_hash(value: str, secret: str) -> str:
    """The person concerned, under a secret kept in the workspace: 64 hexadecimal digits."""
    key = literal(secret)
    return f"sha256({key} || sha256({key} || {value}))"


def instant(cell: str, form: str, zone: str, *, kind: str) -> str:
    """A naive UTC TIMESTAMP between the years 1900 and 2200.

    Args:
        form: ``iso`` (``iso_comma`` with a comma before the fractions), ``epoch_s|ms|us|ns``, ``excel`` or strptime
            patterns joined by ``|``, each behind ``spoken:`` where the month is in words of any language (see
            ``spoken``); with the names of zones behind an @ (see ``zone_names``).
        zone: what a time without zone is taken to be in, e.g. ``Europe/Berlin``.
        kind: DuckDB's type of the column; VARCHAR for CSV.

    Raises:
        PlumblineError: no such format.
    """
    value = _instant_of_typed_cell(cell, zone, kind) if kind != "VARCHAR" else _text_instant(cell, form, zone)
    if value is None:
        value = _text_instant(f"CAST({cell} AS VARCHAR)", form, zone)
    return f"CASE WHEN ({value}) BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2200-01-01' THEN ({value}) END"


def _instant_of_typed_cell(cell: str, zone: str, kind: str) -> str | None:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"{cell} AT TIME ZONE 'UTC'"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return _from_zone(f"CAST({cell} AS TIMESTAMP)", zone)
    return None


def _from_zone(value: str, zone: str) -> str:
    return value if zone == "UTC" else f"(({value}) AT TIME ZONE {literal(zone)}) AT TIME ZONE 'UTC'"


def _text_instant(cell: str, form: str, zone: str) -> str:
    if zone_names.MARK in form:
        base, _, names = form.partition(zone_names.MARK)
        body = zone_names.body_sql(cell)
        if names == zone_names.SAID_TWICE:
            return _text_instant(body, base, zone)
        return zone_names.to_utc_sql(cell, _text_instant(body, base, "UTC"), names.split(","), zone)
    if form == "iso_comma":
        return _text_instant(f"replace({cell}, ',', '.')", "iso", zone)
    if form in ("", "iso"):
        return _iso_instant(cell, zone)
    if form in _EPOCHS:
        return f"make_timestamp(TRY_CAST(round(TRY_CAST({cell} AS DOUBLE) * {_EPOCHS[form]}) AS BIGINT))"
    if form == "epoch_ns":
        return f"make_timestamp(TRY_CAST({cell} AS HUGEINT)::BIGINT // 1000)"
    if form == EXCEL:  # to the millisecond: a serial of 15 digits knows no more
        days = f"TRY_CAST(replace({cell}, ',', '.') AS DOUBLE)"
        since = f"to_milliseconds(TRY_CAST(round({days} * 86400000) AS BIGINT))"
        return _from_zone(f"TIMESTAMP '1899-12-30' + {since}", zone)
    if "%" not in form:
        raise PlumblineError(
            message("{form} is no way to read a time", form=repr(form)),
            todo="Use iso, epoch_s or a pattern such as %d.%m.%Y.",
        )
    spoken = form.startswith(SPOKEN)
    text = spell_time_sql(cell, format_language(form)) if spoken else f"trim({cell})"
    patterns = [format_pattern(p) if spoken else p for p in form.split("|")]
    zoned, bare = [p for p in patterns if "%z" in p], [p for p in patterns if "%z" not in p]
    values = [f"try_strptime({text}, {_pattern_list(zoned)}) AT TIME ZONE 'UTC'"] if zoned else []
    values += [_from_zone(f"try_strptime({text}, {_pattern_list(bare)})", zone)] if bare else []
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _pattern_list(patterns: list[str]) -> str:
    return "[" + ", ".join(literal(p) for p in patterns) + "]"


def _iso_instant(cell: str, zone: str) -> str:
    zoned = f"TRY_CAST({cell} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    naive = _from_zone(f"TRY_CAST({cell} AS TIMESTAMP)", zone)
    # a cast to TIMESTAMP drops an offset without a word, so text that has one takes the other road: a sign
    # after the date, or a letter at the end (Z, UTC, Europe/Berlin). Most times have neither; they come first
    after = f"substr({cell}, 12)"
    plain = (
        f"strlen({cell}) >= 8 AND right({cell}, 1) BETWEEN '0' AND '9' "
        f"AND NOT contains({after}, '-') AND NOT contains({cell}, '+')"
    )
    return (
        f"CASE WHEN {plain} THEN {naive} WHEN strlen({cell}) < 8 THEN NULL "
        f"WHEN strlen({cell}) < 12 THEN {naive} "
        f"WHEN contains({after}, '-') OR contains({after}, '+') OR right(rtrim({cell}), 1) > '9' "
        f"THEN {zoned} ELSE {naive} END"
    )
