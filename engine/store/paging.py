"""Pages of long lists: newest first, or oldest first for queues."""

from __future__ import annotations

from typing import Any


def page_of(query: Any, key: Any, *, from_id: int | None, is_queue: bool, limit: int) -> list[Any]:
    """Up to `limit` rows of a peewee query, beginning after the row `from_id` (None: at the list's end)."""
    if from_id is not None:
        query = query.where(key > from_id if is_queue else key < from_id)
    return list(query.order_by(key if is_queue else key.desc()).limit(limit))
