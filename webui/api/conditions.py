"""Changes on the condition that nothing has changed meanwhile (`ETag` and `If-Match`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

import orjson
from flask import request
from peewee import Model
from pydantic import BaseModel
from werkzeug.exceptions import PreconditionFailed

from engine.store.threads import write, write_alone

T = TypeVar("T")


def tag_of(body: bytes) -> str:
    """The ETag of an answer, without its quotes."""
    return hashlib.sha256(body).hexdigest()[:32]


def has_condition() -> bool:
    """Whether the request names what it wants to change; `If-Match: *` names anything that is there."""
    return "If-Match" in request.headers and not request.if_match.star_tag


def changed(table: type[Model], row_id: int, look: Callable[[], BaseModel], work: Callable[[], T]) -> T:
    """Do `work` in a transaction, if the request's `If-Match` names what `look` shows in it.  PreconditionFailed.

    `look` is what GET answers; `work` changes the row of `table` with this id.  The row is locked before it is looked at:
    of two requests with one tag, or of a request and a page, the second sees what the first has written.
    """
    if not has_condition():
        return write(work)
    wanted = request.if_match  # here: the writer's thread knows no request

    def on_condition() -> T:
        if not wanted.contains(tag_of(orjson.dumps(orjson.loads(look().model_dump_json())))):
            raise PreconditionFailed
        return work()

    return write_alone(table, row_id, on_condition)
