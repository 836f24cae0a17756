"""JSON that programs send, read within limits: how deep it is nested, and no NUL in any text."""

from __future__ import annotations

import codecs
from typing import Any

import orjson
from flask.json.provider import DefaultJSONProvider

MAX_DEPTH = 8


class BoundedJson(DefaultJSONProvider):
    """What an application reads JSON with; ValueError for what is none of ours."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return read_json(s)


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, with or without a byte order mark; ValueError when it is none, nested too deeply or holds NUL."""
    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    found = orjson.loads(text)
    level = [found]
    for _depth in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return found
    raise ValueError("nested too deeply")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text holds NUL")
        return []
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []
