"""JSON of programs, read within limits: bounded nesting, and no NUL in any text."""

from __future__ import annotations

import codecs
from typing import Any

import orjson
from flask.json.provider import DefaultJSONProvider

from engine.sentences import Sentence

MAX_DEPTH = 8


class NotJson(ValueError):
    """A text is not JSON, or is beyond the limits; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class BoundedJson(DefaultJSONProvider):
    """The JSON provider of the application.  Raises NotJson."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return read_json(s)


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text, with or without a byte order mark.

    Raises NotJson when it is invalid, nested too deeply, or contains NUL.
    """
    if isinstance(text, bytes):
        text = text.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise NotJson(Sentence("The body is empty; it must be a JSON object."))
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if isinstance(text, bytes) and not _is_utf8(text):
            raise NotJson(Sentence("The body is no text in UTF-8.")) from error
        raise NotJson(
            Sentence(
                "The body is no JSON: line %(line)s, column %(column)s.",
                line=error.lineno,
                column=error.colno,
            )
        ) from error
    level = [found]
    for _depth in range(MAX_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return found
    raise NotJson(Sentence("The body is no JSON object of at most eight levels."))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str):
        if "\0" in value:
            raise NotJson(Sentence("A text of the body holds the character NUL, which no text has."))
        return []
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []
