"""The description of a method of the web service: its parameters, rights, codes and the form of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.agreement.dates import ascii_digits, parse_instant
from engine.errors import BadInput
from engine.services.accounts.token_scopes import Scope
from engine.services.accounts.token_use import Caller
from webui.api.rest.refusals import UNKNOWN_ERROR, Errors, Refused

_TRUE = frozenset(("true", "1", "yes", "y", "t", "on", "بله", "آری", "درست"))
_FALSE = frozenset(("false", "0", "no", "n", "f", "off", "خیر", "نه", "نادرست"))
MOST = 2**62  # of a whole number


def text(value: str) -> str:
    """Any text without the character NUL."""
    if "\0" in value:
        raise ValueError
    return value


def whole(value: str) -> int:
    """A whole number, in digits of any script."""
    plain = ascii_digits(value).strip()
    if not plain.removeprefix("-").isdigit() or len(plain) > 19 or abs(int(plain)) > MOST:
        raise ValueError
    return int(plain)


def boolean(value: str) -> bool:
    """``True``, ``false``, ``1``, ``no``, ``بله`` … in any case and digits."""
    word = ascii_digits(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def instant(value: str) -> int:
    """Milliseconds UTC of a local time such as ``2022-11-11 12:00:00``; the year may be Jalali."""
    try:
        return parse_instant(value, local=True) * 1000
    except BadInput as error:
        raise ValueError from error


class Param(NamedTuple):
    """A parameter: how it is read, its default, and the code of an invalid value.

    `default` None: it is required.  `is_list`: programs may send it several times, or as ``Name[]``, which counts
    as once with commas; of the others the first counts.
    """

    name: str
    read: Callable[[str], Any] = text
    default: Any = None
    wrong: int = UNKNOWN_ERROR
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its caller and its parsed parameters."""

    caller: Caller
    values: Mapping[str, Any]
    now: int  # ms UTC

    @property
    def account_id(self) -> int:
        return self.caller.account_id

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


# The form of an error: (code, word) -> what becomes JSON.
Shape = Callable[[int, str], Any]


@dataclass(frozen=True, slots=True)
class Method:
    """One method.  `answer` returns what becomes JSON, or a whole response (the sound of a message).

    `right` is the right that the token's person needs, `errors` are the method's own codes.
    """

    name: str
    scope: Scope
    right: str
    answer: Callable[[Asked], Any]
    refusal: Shape
    params: tuple[Param, ...] = ()
    errors: Errors = ()

    def read(self, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The parameters, by name; `given` has all values of each, by names in lower case.  Refused: the first wrong one.

        Empty values count as not given; unknown parameters are ignored.
        """
        found: dict[str, Any] = {}
        for param in self.params:
            name = param.name.lower()
            values = given.get(name) or (param.is_list and given.get(f"{name}[]")) or [""]
            value = ",".join(values) if param.is_list else values[0]
            if not value.strip():
                if param.default is None:
                    raise Refused(param.wrong)
                found[param.name] = param.default
                continue
            try:
                found[param.name] = param.read(value)
            except (ValueError, OverflowError) as error:
                raise Refused(param.wrong) from error
        return found


def bare(code: int, _word: str) -> int:
    """An error as the code alone."""
    return code


def field(name: str, **others: Any) -> Shape:
    """An error as the code in a field, with the other fields empty, and the word in `Status` if the answer has one."""

    def shape(code: int, word: str) -> dict[str, Any]:
        filled = {key: word if key == "Status" else value for key, value in others.items()}
        return {name: code, **filled}

    return shape
