"""Statements over many rows at once, in the dialect that SQLite and PostgreSQL share.

``WITH v(a, b) AS (VALUES (?, ?), …) UPDATE … FROM v … RETURNING`` runs on
both; one round trip serves a whole group, and RETURNING tells which rows the
condition let through.  Values come as parameters only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from engine.states import LIVE_STATES, WAITING_STATES
from engine.store.database import db


def one_of(states: Iterable[StrEnum]) -> str:
    """States as a statement lists them: ``state IN {one_of(FINAL_STATES)}``."""
    return "(" + ", ".join(f"'{state.value}'" for state in states) + ")"


WAITING = one_of(WAITING_STATES)  # of recipients
LIVE = one_of(LIVE_STATES)

# Few sizes keep the number of distinct statements small, so that they stay prepared; the small ones are all here,
# because each further statement costs more than its rows (`database.KEPT_STATEMENTS`).
_SIZES = (256, 128, 64, 48, 32, 24, *range(16, 0, -1))


def execute(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement with ``?`` for parameters; return its rows (empty if it has none)."""
    cursor = db.execute_sql(to_dialect(sql), tuple(params))
    return cursor.fetchall() if cursor.description else []


def changed(sql: str, params: Sequence[Any] = ()) -> int:
    """Run one statement; return how many rows it changed."""
    return int(db.execute_sql(to_dialect(sql), tuple(params)).rowcount)


def to_dialect(sql: str) -> str:
    """Replace ``?`` by the open database's parameter mark (statements here contain no literal ?)."""
    mark = db.param
    return sql if mark == "?" else sql.replace("?", mark)


def over_values(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], statement: str
) -> Iterable[tuple[Any, ...]]:
    """Run `statement`, which reads a table ``v(columns…)``, over `rows`; all RETURNING rows.

    In PostgreSQL the columns of ``v`` have no certain type: the statement
    casts what it compares or stores (``CAST(v.id AS BIGINT)``).
    """
    named = tuple(columns)
    at = 0
    while at < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - at)
        part = rows[at : at + size]
        at += size
        yield from execute(_values(named, size) + statement, [value for row in part for value in row])


@lru_cache(maxsize=1000)
def _values(columns: tuple[str, ...], size: int) -> str:
    """The beginning of a statement over `size` rows."""
    one = "(" + ",".join("?" * len(columns)) + ")"
    return f"WITH v({','.join(columns)}) AS (VALUES " + ",".join([one] * size) + ") "


def run_over_values(columns: Sequence[str], rows: Sequence[Sequence[Any]], statement: str) -> int:
    """As `over_values`, for a statement whose rows are only counted."""
    return sum(1 for _ in over_values(columns, rows, statement))
