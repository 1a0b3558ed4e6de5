"""What an owner sets for a system: one frozen type, read from and written to the JSON that the workspace keeps.

Each field says in its metadata what it means; ``docs/settings.md`` is made from that. Forms that are handed on as they
are kept (costs, limits, texts) are typed dicts, so that what is stored keeps its spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any, TypedDict, cast

from plumbline.domain.errors import PlumblineError
from plumbline.domain.messages import message


class CostMatrix(TypedDict, total=False):
    """What one decision is worth. Classes: ``matrix`` (``"decided|true"`` -> value); numbers: cost of one unit."""

    currency: str
    matrix: dict[str, float]
    over: float
    under: float
    reason: str


class StatedAmount(TypedDict, total=False):
    """Money that hangs on a system, as its owner states it."""

    amount: float
    currency: str
    sentence: str


class ChangeLimits(TypedDict, total=False):
    """How an input may move when somebody asks what would have changed a decision."""

    direction: str  # any | up | down
    low: float
    high: float
    step: float
    levels: list[str]


#: ``class`` is no name in Python, so the type is made by call
AiActClass = TypedDict(
    "AiActClass",
    {
        "class": str,
        "reviewed": str,
        "by": str,
        "role": str,
        "answers": dict[str, str],
        "open": list[str],
        "duties": dict[str, str],
    },
    total=False,
)


class Assignment(TypedDict, total=False):
    """Who does the next action of a control, and by when (an ISO date)."""

    owner: str
    due: str | None


class DocumentText(TypedDict):
    """What a person says about an item of a document."""

    text: str
    by: str
    on: str


def _owner_field(meaning: str, default: Any = None) -> Any:
    """A field that an owner may set, with what it means."""
    if isinstance(default, type):
        return field(default_factory=default, metadata={"meaning": meaning})
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that an owner may set for a system; what is not set has its default.

    ``other``: stored values of names or forms that this version does not know. They are kept and have no effect.
    """

    as_of: datetime | None = _owner_field(
        "the moment that the figures speak for; else the log's last decision"
    )
    headline: str = _owner_field(
        "the metric that the system is judged by first; else as `plumbline headline` says", ""
    )
    unit: str = _owner_field("what a regression predicts so many of, e.g. parcels", "")
    floors: Mapping[str, float] = _owner_field("metric to the value that it must not pass", dict)
    limits: Mapping[str, Mapping[str, float]] = _owner_field(
        "control to its stricter limits; looser ones are refused", dict
    )
    cost_matrix: CostMatrix | None = _owner_field(
        "what a decision is worth by what came true, or what a unit of error costs, with currency and reason"
    )
    at_stake: StatedAmount | None = _owner_field("a stated amount of money that hangs on the system")
    split: float | None = _owner_field("the share of decisions that a new version is meant to get")
    favourable: str = _owner_field("the class that the people concerned want", "")
    four_eyes: bool = _owner_field(
        "whether statements and exemptions count only once a second person approved them", False
    )
    commercial_from: date | None = _owner_field(
        "the day from which the system is in commercial use; exemptions end the day before"
    )
    covers_launch: bool | None = _owner_field("whether the log goes back to the launch")
    retention_days: int | None = _owner_field("how long personal data is kept")
    personal_data: tuple[str, ...] = _owner_field("columns that hold personal data", ())
    ai_act: AiActClass | None = _owner_field(
        "the class under the AI Act, the answers behind it, and who bears which duty"
    )
    documents: Mapping[str, DocumentText] = _owner_field("what people say about items of the documents", dict)
    plan: Mapping[str, Assignment] = _owner_field(
        "who does the next action of which control, and by when", dict
    )
    adverse: str = _owner_field("which score is to a person's disadvantage: low or high; else low", "")
    role: str = _owner_field("whether the system decides or recommends, for the record of a decision", "")
    reasons: Mapping[str, str] = _owner_field("inputs in words, for reasons and records", dict)
    contest: str = _owner_field("how a decision can be contested, for its record", "")
    contact: str = _owner_field("whom to ask, for the record of a decision", "")
    changeable: Mapping[str, ChangeLimits] = _owner_field(
        "inputs that a person can change, and how far", dict
    )
    feature_groups: Mapping[str, str] = _owner_field(
        "inputs that are added up to one reason: column to group", dict
    )
    other: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(stored: Mapping[str, Any]) -> Settings:
        """Read what the workspace keeps; what cannot be read lands in ``other``."""
        return _parse(stored)[0]

    def to_dict(self) -> dict[str, Any]:
        """What the workspace keeps: only what is set, as JSON values."""
        fields = {
            item.name: _json_form(getattr(self, item.name))
            for item in OWNED
            if getattr(self, item.name) != _default(item)
        }
        return dict(self.other) | fields

    def with_changes(self, changes: Mapping[str, Any]) -> Settings:
        """With stored forms replaced; a None takes a setting away.

        Raises:
            PlumblineError: no setting of that name, or a value that it cannot have.
        """
        merged = {name: value for name, value in {**self.to_dict(), **changes}.items() if value is not None}
        settings, unread = _parse(merged)
        wrong = sorted(unread & set(changes))
        if wrong:
            raise PlumblineError(
                message("The setting {wrong} cannot be read", wrong=repr(wrong[0])),
                todo="docs/settings.md lists them.",
            )
        return settings


OWNED = tuple(item for item in fields(Settings) if item.name != "other")


def _default(item: Any) -> Any:
    return item.default_factory() if callable(item.default_factory) else item.default


def _json_form(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _parse(stored: Mapping[str, Any]) -> tuple[Settings, set[str]]:
    """The settings, and the names of what could not be read."""
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, value in stored.items():
        try:
            known[name] = _READERS[name](value)
        except (KeyError, TypeError, ValueError):
            other[name] = value
    return Settings(**known, other=other), set(other)


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _day(value: Any) -> date:
    return date.fromisoformat(value)


def _reader_of(*kinds: type) -> Callable[[Any], Any]:
    """A reader that takes values of these types as they are; yes and no are no numbers."""

    def read(value: Any) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError
    return tuple(str(text) for text in value)


def _mapping_reader(inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A reader of a mapping whose values are read by ``inner``."""

    def read(value: Any) -> Any:
        return {str(name): inner(item) for name, item in _mapping(value).items()}

    return read


def _amount(value: Any) -> StatedAmount:
    stated = _mapping(value)
    _number(stated["amount"])
    return cast(StatedAmount, stated)


_text, _flag, _whole, _number, _mapping = (
    _reader_of(str),
    _reader_of(bool),
    _reader_of(int),
    _reader_of(int, float),
    _reader_of(dict),
)
_READERS: dict[str, Callable[[Any], Any]] = {
    "as_of": _moment, "headline": _text, "unit": _text, "floors": _mapping_reader(_number),
    "limits": _mapping_reader(_mapping_reader(_number)), "cost_matrix": _mapping, "at_stake": _amount, "split": _number,
    "favourable": _text, "four_eyes": _flag,
    "commercial_from": _day,
    "covers_launch": _flag, "retention_days": _whole, "personal_data": _texts, "ai_act": _mapping,
    "documents": _mapping_reader(_mapping), "plan": _mapping_reader(_mapping), "adverse": _text, "role": _text,
    "reasons": _mapping_reader(_text), "contest": _text, "contact": _text, "changeable": _mapping_reader(_mapping),
    "feature_groups": _mapping_reader(_text),
}  # fmt: skip
