"""The parameters of a request, however an older program writes them.

A query, a form (also without a media type, or called plain text), the parts of a multipart body, or a JSON object.
The text is UTF-8, or Windows-1256 as old programs on Persian Windows send it, whatever charset they name; letters that
were written as ``%u0633`` (``escape()`` of old scripts) or ``&#1587;`` (forms in a charset without them) are read too.
"""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from collections.abc import Iterable
from encodings.aliases import aliases
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import request

from webui.api.rest.refusals import UNKNOWN_ERROR, Refused
from webui.request.bodies import NotJson, read_json

MOST_FIELDS = 400_000
Given = dict[str, list[str]]  # all values of each parameter, by its name in lower case

_ARABIC = ("cp1256", "iso8859-6", "cp720", "cp864", "mac-arabic")
_AMONG_PERSIAN = "\u200c\u200d\u200e\u200f\u00a0«»،؛؟"
_ENCODINGS = frozenset((*aliases, *(each.name for each in pkgutil.iter_modules(encodings.__path__))))
# Each byte, and what codecs with escapes make fewer characters of than encodings of one byte do.
_BYTES = bytes(each for each in range(256) if each != 0x5C) + rb"\u0041\x41+AGE-"
_LEAST_OF_UPPER = 64  # of the bytes above ASCII that are characters in an encoding of one byte
_ESCAPED = re.compile(r"%u([0-9A-Fa-f]{4})|&#(\d{2,5});|&#[xX]([0-9A-Fa-f]{2,4});")


def in_query() -> Given:
    """The parameters of the query."""
    return _by_name(_pairs(request.query_string))


def in_body() -> Given:
    """The parameters of the body.  Refused (-20) when it is JSON and no object."""
    if request.mimetype == "multipart/form-data":
        return _by_name((name, value) for name, values in request.form.lists() for value in values)
    body = request.get_data()
    return _by_name(_of_json(body) if request.is_json else _pairs(body))


def _by_name(pairs: Iterable[tuple[str, str]]) -> Given:
    found: Given = {}
    for name, value in pairs:
        found.setdefault(name.strip().lower(), []).append(_letters(value))
    return found


def _pairs(text: bytes) -> list[tuple[str, str]]:
    charset = request.mimetype_params.get("charset", "")
    try:  # as Latin-1 a character is a byte, also where bytes were not escaped at all
        pairs = parse_qsl(
            text.strip().decode("latin-1"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Refused(UNKNOWN_ERROR) from error
    return [(_decoded(name, charset), _decoded(value, charset)) for name, value in pairs]


def _decoded(text: str, charset: str) -> str:
    """A text whose characters are the bytes that were sent."""
    if text.isascii():
        return text
    sent = text.encode("latin-1")
    try:
        return sent.decode("utf-8")  # what is no UTF-8 is never taken for it
    except UnicodeDecodeError:
        pass
    named = _codec(charset)
    persian = sent.decode("cp1256")
    if named in _ARABIC or named is None or _is_persian(persian):
        return sent.decode(named if named in _ARABIC else "cp1256", "replace")
    return sent.decode(named, "replace")


def _codec(charset: str) -> str | None:
    """The name of an encoding of one byte a character; None for any other, and for what is none."""
    name = encodings.normalize_encoding(charset[:40]).lower()
    return _one_byte(name) if name in _ENCODINGS else None  # Python keeps every name that it is asked for


@cache
def _one_byte(name: str) -> str | None:
    """The same for a name that Python knows.  Others may take the square of the time (punycode), or are no text (zlib)."""
    try:
        found = codecs.lookup(name)
        text = _BYTES.decode(name, "replace")
    except (LookupError, ValueError):
        return None
    is_one_byte = len(text) == len(_BYTES) and text.count("\ufffd") <= 128 - _LEAST_OF_UPPER
    return found.name if is_one_byte else None


def _is_persian(text: str) -> bool:
    letters = [char for char in text if char > "\x7f"]
    return all("\u0621" <= char <= "\u06d2" or char in _AMONG_PERSIAN for char in letters)


def _letters(text: str) -> str:
    if "%u" not in text and "&#" not in text:
        return text
    return _ESCAPED.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    code = int(found[1] or found[3], 16) if found[1] or found[3] else int(found[2])
    is_surrogate = 0xD800 <= code <= 0xDFFF
    return chr(code) if code <= 0xFFFF and not is_surrogate and chr(code).isprintable() else found[0]


def _of_json(body: bytes) -> list[tuple[str, str]]:
    try:
        found = read_json(body)
    except NotJson as error:
        raise Refused(UNKNOWN_ERROR) from error
    if not isinstance(found, dict):
        raise Refused(UNKNOWN_ERROR)
    return [
        (name, _text(one))
        for name, value in found.items()
        for one in (value if _is_of_texts(value) else (value,))
    ]


def _is_of_texts(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, (dict, list)) for one in value)


def _text(value: Any) -> str:
    """A value as a form has it; what has parts (SMSJSON) stays JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
