"""A finding's sentence as it may leave the machine: names of columns and versions stay, values of columns do not.

A sentence is a message of templates and values. A plain value in it is a name or a word from the log. It stays where
its place is one of names; anywhere else other words stand for it, so that a place nobody thought of says too little.
"""

from __future__ import annotations

from collections.abc import Mapping

from plumbline.domain import Finding
from plumbline.domain.messages import Day, Message, Number, Quantity, QuotedText, Title

#: places that hold the name of a column, version, metric, unit or source, or a time, whatever the template
NAMES = frozenset(
    ("feature", "features", "farthest", "column", "one", "other", "version", "previous", "metric", "metrics", "method",
     "unit", "currency", "source", "load", "was", "now", "day", "time", "since", "span", "first", "last_day", "pause")
)  # fmt: skip
#: places of an enumeration, which hold what the place holds that it stands in
_LISTED = ("most", "last")
_PART = "part_"
#: what stands for a value
VALUE = "one value"
#: a template with a place for a value -> what is said in its stead
WITHOUT_VALUES: Mapping[str, str] = {
    "{feature} drifted where {column} is {group}, and not elsewhere: Jensen-Shannon distance {distance} in a week, "
    "{others} in all others, over {n} decisions.": "{feature} drifted in one group by {column}, and not elsewhere: "
    "Jensen-Shannon distance {distance} in a week, {others} in all others, over {n} decisions.",
    "The answer {level} was given in {now} of decisions, {was} in the reference: {drift}": "One answer was given in "
    "{now} of decisions, {was} in the reference: {drift}",
    "This speaks of decisions {known} alone, as no outcome of others is known.": "Only some decisions ever have an "
    "outcome.",
    "; {wrong} wrong since it could be known, {positives} of them {positive}": "; {wrong} wrong since it could be "
    "known, {positives} of them of one class",
    "Nothing was pulled from {source}. {why}.": "Nothing was pulled from {source}.",
}
_WORDLESS = "What was found is on the Alerts page."


def public_sentence(finding: Finding) -> str:
    """A finding's sentence without the values of columns that it names on a screen.

    One that is text alone, as findings were before messages, says where it is: nobody knows what is in it.
    """
    sentence = finding.sentence
    if not isinstance(sentence, Message) or isinstance(sentence, QuotedText):
        return _WORDLESS
    return _without_values(sentence, named=False)


def _without_values(text: str, *, named: bool) -> str:
    """A message, or the value of a place, without values; ``named``: the place is one of names."""
    if isinstance(text, (Number, Quantity, Day, Title)) or not text:
        return text
    if isinstance(text, QuotedText) or not isinstance(text, Message):
        return text if named else VALUE
    values = {
        place: _without_values(value, named=place in NAMES or (named and _is_list_place(place)))
        for place, value in text.values.items()
    }
    return Message(WITHOUT_VALUES.get(text.template, text.template), values, text.context)


def _is_list_place(place: str) -> bool:
    return place in _LISTED or place.startswith(_PART)
