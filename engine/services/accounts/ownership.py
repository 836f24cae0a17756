"""Whose a row is: customers find rows of their own account alone."""

from __future__ import annotations

from typing import Any, TypeVar

from peewee import Model, ModelSelect

from engine.errors import NotFound

M = TypeVar("M", bound=Model)


def owned(query: ModelSelect[M], owner: Any, account_id: int | None, missing: NotFound) -> M:
    """The one row of a query, whose `owner` is the account if one is given (None: staff, who see all).

    Raises `missing` when there is none, also for another account's, so as not to reveal that it exists.
    """
    if account_id is not None:
        query = query.where(owner == account_id)
    row = query.get_or_none()
    if row is None:
        raise missing
    return row
