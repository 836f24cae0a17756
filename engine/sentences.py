"""A sentence for a person: its English form, which is its id, and values that are written in the reader's language.

``Sentence("Line %(line)s has no number.", line=7)``.  The form is looked up in the catalog of the reader's language
(webui/translations, `scripts/translations`).  The command
line, the log and the API have no catalog and show the English.  A value is one of

- a number or a text, written as it is (a whole number without separators);
- `Amount`: a number with separators;
- `Instant` and `Deadline` (milliseconds), and a `date`, written in the reader's calendar;
- `Duration`: seconds, as days, hours, minutes and seconds;
- `Word`: a state, kind or other fixed word (an enum's value is one by itself);
- another sentence, or one of our errors, which is said inside this one;
- several of these, as a tuple or a list.

A sentence can be kept as text (`kept`) and be read again (`sentence_of`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import jdatetime

from engine.clock import TEHRAN

_FIELD = re.compile(r"%(?:%|\((\w+)\)[sd])")
_LAST_MS = 250_000_000_000_000  # no instant is later: year 9892
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)], " ")  # a sentence is one line
_MARK = '{"id": '  # how a kept sentence begins


class Word(str):
    """A fixed word that readers see in their language: ``paused``."""

    __slots__ = ()


class Amount(float):
    """A number that is read with separators: 1,200,000."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self:,.0f}" if self.is_integer() else f"{self:,}"


class Instant(int):
    """Milliseconds of an instant, read to the minute; English: ``1405-08-30 09:00`` in Tehran."""

    __slots__ = ()

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self / 1000, TEHRAN)
        return f"{_day(at.date())} {at:%H:%M}"


class Deadline(Instant):
    """The end of a time: midnight is 24:00 of the day that it ends."""

    __slots__ = ()

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self / 1000, TEHRAN)
        if (at.hour, at.minute) != (0, 0):
            return Instant.__str__(self)
        return f"{_day(at.date() - timedelta(days=1))} 24:00"


class Duration(int):
    """Seconds, read as a length of time: ``3 h 20 min``."""

    __slots__ = ()

    def __str__(self) -> str:
        parts = (
            (self // 86_400, "d"),
            (self % 86_400 // 3600, "h"),
            (self % 3600 // 60, "min"),
            (self % 60, "s"),
        )
        return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def _day(day: date) -> str:
    jalali = jdatetime.date.fromgregorian(date=day)
    return f"{jalali.year:04d}-{jalali.month:02d}-{jalali.day:02d}"


class Sentence:
    """An English form and the values it names; `str` of it is the English sentence."""

    __slots__ = ("id", "values")

    def __init__(self, id_: str | Sentence, /, **values: Any) -> None:
        if isinstance(id_, Sentence):
            self.id: str = id_.id
            self.values: dict[str, Any] = {**id_.values, **_values(values)}
        else:
            self.id, self.values = str(id_), _values(values)

    def __str__(self) -> str:
        return self.english()

    def english(self, instant: Callable[[Instant], str] = str) -> str:
        """The English sentence, with instants as `instant` writes them."""

        def write(value: Any) -> str:
            match value:
                case tuple():
                    return ", ".join(map(write, value))
                case Sentence():
                    return value.english(instant)
                case Instant():
                    return instant(value)
            return str(value)

        return fill(self.id, self.values, write)

    def __repr__(self) -> str:
        return f"Sentence({self.id!r}, **{self.values!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and (self.id, self.values) == (other.id, other.values)

    def __hash__(self) -> int:
        return hash(self.id)

    def kept(self) -> str:
        """As text, for a column or a message between processes; read with `sentence_of`."""
        return json.dumps(_plain(self), ensure_ascii=False)


def kept(form: str, /, **values: Any) -> str:
    """A sentence as it is kept."""
    return Sentence(form, **values).kept()


def is_kept(text: str) -> bool:
    """Whether a text is a kept sentence and not text of a person or of an earlier version."""
    return text.startswith(_MARK)


def sentence_of(text: str) -> Sentence:
    """The sentence that was kept; any other text becomes a sentence without values."""
    if is_kept(text):
        try:
            found = _read(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError):
            return Sentence(text)
        if isinstance(found, Sentence):
            return found
    return Sentence(text)


def fill(form: str, values: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    """Fill `form`: `write` gives the text of each ``%(name)s``.  Without values a ``%`` stands for itself.

    A sentence as the last value does not add a second full stop.
    """
    if not values:
        return form

    def _one(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in values:
            return found[0]
        text = write(values[name])
        return text.removesuffix(".") if form[found.end() :].startswith(".") else text

    return _FIELD.sub(_one, form)


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return tuple(_value(part) for part in value)
    if isinstance(value, StrEnum):
        return Word(value.value)
    if isinstance(value, str):
        return value if value.isprintable() or isinstance(value, Word) else value.translate(_CONTROLS)
    if isinstance(value, int | float | date | Sentence) and not isinstance(value, bool | datetime):
        return value
    said = getattr(value, "sentence", None)  # one of our errors is said inside the sentence
    return said if isinstance(said, Sentence) else _value(str(value))


def _plain(value: Any) -> Any:
    match value:
        case Sentence():
            return {"id": value.id, "values": {name: _plain(part) for name, part in value.values.items()}}
        case Word():
            return {"word": str(value)}
        case Amount():
            return {"amount": float(value)}
        case Deadline():
            return {"until": int(value)}
        case Instant():
            return {"at": int(value)}
        case Duration():
            return {"seconds": int(value)}
        case date():
            return {"day": value.isoformat()}
        case tuple():
            return [_plain(part) for part in value]
    return value


def _read(value: Any) -> Any:
    match value:
        case {"id": str(id_), "values": dict(values)}:
            return Sentence(id_, **{name: _read(part) for name, part in values.items()})
        case {"word": str(word)}:
            return Word(word)
        case {"amount": int() | float() as number}:
            return Amount(number)
        case {"at": int(at)} if 0 <= at < _LAST_MS:
            return Instant(at)
        case {"until": int(at)} if 0 <= at < _LAST_MS:
            return Deadline(at)
        case {"seconds": int(seconds)}:
            return Duration(seconds)
        case {"day": str(day)}:
            return date.fromisoformat(day)
        case list():
            return tuple(_read(part) for part in value)
        case str() | int() | float():
            return value
    raise ValueError("no kept sentence")
