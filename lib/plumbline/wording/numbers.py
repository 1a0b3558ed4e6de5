"""Numbers and times as people read them: three significant digits, a unit, a zone."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from plumbline.domain.messages import in_form
from plumbline.wording.language import SOURCE, code, digits, localise, phrase, screen_text
from plumbline.wording.names import METHOD_NAMES

DASH = "–"
_SMALLEST = 2.3e-308  # below a normal float: the edge of a bin just beside 0
#: metrics that are shares and are shown in per cent
SHARES = frozenset(
    (
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "specificity",
        "f1",
        "f1_macro",
        "f1_weighted",
        "positive_rate",
        "missing_share",
        "labelled_share",
        "override_rate",
        "automation_rate",
        "coverage",
        "completeness",
        "mape",
        "smape",
    )
)
METRIC = "metric name"  # the context of their names
#: metrics whose spelling is not their name
NAMES = {
    "roc_auc": "ROC AUC", "auc": "ROC AUC", "f1": "F1", "f1_macro": "Macro F1", "f1_weighted": "Weighted F1",
    "mcc": "Matthews correlation", "matthews_corrcoef": "Matthews correlation",
    "log_loss": "Log loss", "brier": "Brier score", "mae": "Mean absolute error",
    "rmse": "Root mean squared error", "bias": "Mean error (bias)", "r2": "R²",
    "mape": "MAPE", "smape": "sMAPE",
    "average_precision": "Average precision", "positive_rate": "Positive rate",
    "median_absolute_error": "Median absolute error", "value": "Value per decision",
    **METHOD_NAMES,
}  # fmt: skip


def name(metric: str) -> str:
    """A metric's or method's name in words; recall of class a (``recall:a``) keeps the class."""
    key, _, of = metric.partition(":")
    words = localise(NAMES.get(key) or key.replace("_", " ").capitalize(), METRIC)
    return f"{words} ({of})" if of else words


def name_within(metric: str) -> str:
    """The name as it stands within a sentence: *log loss*, but *ROC AUC*; German writes its nouns large."""
    words = name(metric)
    return in_form(words, "within") if code() == SOURCE else words


def count(n: float) -> str:
    """A whole number with thousands set apart."""
    return digits(f"{n:,.0f}")


def figure(value: float | None, metric: str = "") -> str:
    """A value to three significant digits, per cent where the metric is a share; a dash for none."""
    if value is None or not math.isfinite(value):
        return DASH
    if metric.partition(":")[0] in SHARES:
        return share(value)
    return significant(value)


#: in what contributions are told beside a number's own units
SPACES = (
    screen_text("log-odds", "scale"),
    screen_text("probability", "scale"),
    screen_text("log of the value", "scale"),
)


def unit(space: str) -> str:
    """What contributions are told in, in words: of a number that is predicted, its own units."""
    return phrase("units of the prediction") if space == "value" else localise(space, "scale")


def significant(value: float, places: int = 3) -> str:
    """``places`` significant digits without exponents between 0.0001 and 10^12."""
    if abs(value) < _SMALLEST:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size > 11:
        return digits(f"{value:.{places - 1}e}")
    return digits(f"{value:,.{max(places - 1 - size, 0)}f}".replace("-", "−"))


def p_value(value: float | None) -> str:
    """A p-value to two digits; what is smaller than anybody needs to know is said so."""
    if value is None or not math.isfinite(value):
        return DASH
    return digits("< 0.001") if value < 0.001 else significant(value, 2)


def cell_value(value: float) -> str:
    """A value as a log holds it: whole numbers whole, others to four significant digits, no zeros at the end."""
    if value.is_integer() and abs(value) < 1e12:
        return count(value)
    words, point = significant(value, 4), digits(".")
    return words.rstrip("0").rstrip(point) if point in words and "e" not in words else words


def share(value: float | None) -> str:
    """A share in per cent, one decimal; two below one per cent."""
    if value is None or not math.isfinite(value):
        return DASH
    per_cent = 100 * value
    return digits(f"{per_cent:.{2 if 0 < abs(per_cent) < 1 else 1}f} %")


def signed_number(value: float, places: int = 3) -> str:
    """A value with its sign, the minus as a minus."""
    words = significant(abs(value), places)
    return words if words == "0" else ("+" if value > 0 else "−") + words


def signed_to_largest(value: float, largest: float) -> str:
    """A value with its sign, to the decimals that the largest beside it has; ``about 0`` below them."""
    if largest == 0:
        return "0"
    decimals = max(2 - math.floor(math.log10(abs(largest))), 0)
    words = f"{abs(value):,.{decimals}f}"
    if not float(words.replace(",", "")):
        return phrase("about 0")
    return ("+" if value > 0 else "−") + digits(words)


def interval(low: float | None, high: float | None, metric: str = "") -> str:
    """``78.1 % to 80.4 %``, or nothing where there is no interval."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return phrase("{low} to {high}", low=figure(low, metric), high=figure(high, metric))


def money(amount: float, currency: str) -> str:
    """An amount with its currency, to three significant digits: ``EUR 2.01 million``."""
    size = abs(amount)
    figure = digits(f"{float(f'{size:.3g}'):,.0f}")
    for unit, word in ((1e9, screen_text(" billion")), (1e6, screen_text(" million"))):
        if size >= unit:
            figure = f"{digits(f'{size / unit:.3g}')}{localise(word)}"
            break
    return f"{currency} {'−' if amount < 0 else ''}{figure}".strip()


def day(at: date | datetime) -> str:
    """``3 Mar 2026``, ``3. März 2026``."""
    return f"{_day_and_month(at)} {at.year}"


def _day_and_month(at: date | datetime) -> str:
    if code() == SOURCE:
        return f"{at.day} {at:%b}"
    from babel.dates import format_date

    return format_date(at, "d. MMM", locale=code())


def moment(at: datetime, zone: str = "") -> str:
    """``3 Mar 2026, 14:05 UTC``; the zone is always said.

    Args:
        zone: whose clock shows it, of times that are a system's; empty: the time's own.
    """
    return f"{day(at)}, {at:%H:%M} {zone or at.tzname() or 'UTC'}"


def span(start: datetime | None, end: datetime | None, zone: str = "") -> str:
    """The half-open [start, end) as its first and last day: ``3–9 Mar 2026``; of less than a day, as hours.

    Args:
        zone: whose clock shows the hours; empty: whoever shows them says it elsewhere.
    """
    if start is None or end is None:
        if start is not None:
            return phrase("since {day}", day=day(start))
        return phrase("until {day}", day=day(end)) if end is not None else phrase("all time")
    if end - start < timedelta(days=1):
        return f"{day(start)}, {start:%H:%M}–{end:%H:%M} {zone}".rstrip()
    last = (end - timedelta(microseconds=1)).date()
    first = start.date()
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{'.' if code() == 'de' else ''}–{day(last)}"
    if first.year == last.year:
        return f"{_day_and_month(first)} – {day(last)}"
    return f"{day(first)} – {day(last)}"
