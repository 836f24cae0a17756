"""Checks of values in commands: digits, ids and enumerated words are allowed, everything else is refused.

FreeSWITCH has no quoting that works everywhere (a comma, a brace, ``^^`` or a line break in a value changes the
meaning of the
whole line), so nothing is escaped: each value must match a narrow ASCII pattern completely.
"""

from __future__ import annotations

import re

from engine.errors import BadInput

DIGITS = re.compile(r"[0-9]{2,20}")
DIALLED = re.compile(r"\+?[0-9]{2,30}")
GATEWAY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MESSAGE = re.compile(r"[0-9a-z_-]{1,64}")
VOTE_KEYS = re.compile(r"[0-9]{1,10}")
REPEAT_KEY = re.compile(r"[0-9*#]")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PASSWORD = re.compile(r"[!-~]{1,128}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})")
MAX_ID = 2**63 - 1


class BadCommand(BadInput):
    """The value must not become part of a command to the switch."""


def check_text(field: str, value: object, pattern: re.Pattern[str], expected: str) -> str:
    """``value`` if it is a str that matches ``pattern`` whole; else one sentence about ``field``."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadCommand(
            "%(field)s: %(value)s is not %(expected)s", field=field, value=_shown(value), expected=expected
        )
    return value


def check_int(field: str, value: object, least: int, most: int) -> int:
    """``value`` if it is an int (no bool, no text) from ``least`` to ``most``, both included."""
    if type(value) is not int or not least <= value <= most:
        raise BadCommand(
            "%(field)s: %(value)s is not a whole number from %(least)s to %(most)s",
            field=field,
            value=_shown(value),
            least=least,
            most=most,
        )
    return value


def check_word(field: str, value: object, words: frozenset[str]) -> str:
    """``value`` if it is one of ``words``."""
    if not isinstance(value, str) or value not in words:
        raise BadCommand(
            "%(field)s: %(value)s is not one of %(words)s",
            field=field,
            value=_shown(value),
            words=sorted(words),
        )
    return value


def check_digits(field: str, value: object) -> str:
    """A telephone number for dialling: 2 to 20 ASCII digits."""
    return check_text(field, value, DIGITS, "a number of 2 to 20 digits 0-9")


def check_dialled(field: str, value: object) -> str:
    """A number as a gateway's carrier wants it: 2 to 30 ASCII digits, perhaps behind one plus."""
    return check_text(field, value, DIALLED, "a number of 2 to 30 digits 0-9, perhaps behind a +")


def check_uuid(field: str, value: object) -> str:
    """A uuid in lower case with its four hyphens."""
    return check_text(field, value, UUID, "a uuid (lower case, with hyphens)")


def check_gateway(value: object) -> str:
    """The name of a gateway (SIP trunk)."""
    return check_text("gateway", value, GATEWAY, "a gateway's name (letters, digits, . _ -; at most 64)")


def check_host(value: object) -> str:
    """A host's name, as the name server is asked for it."""
    return check_text("host", value, HOST, "a host's name (letters, digits, . -; at most 253)")


def _shown(value: object) -> str:
    """A hostile value as a short printable ASCII text."""
    text = ascii(value if not isinstance(value, str | bytes) else value[:40])
    return text if len(text) <= 60 else text[:57] + "..."
