"""Do-not-call lists: an account's own, and (account 0) the one for all advertising.

A number is stored as its E.164 digits in one integer, in the primary key's own tree: a million numbers take some 40 MB on
disk, and looking up a claim's numbers is one statement.  Functions run inside a transaction, or a connection when
they only read.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import orjson

from engine.store.database import db, is_sqlite
from engine.store.sql import changed, execute, to_dialect

EVERYBODY = 0  # the account id of the list of all advertising
PAGE = 5_000


def numbers_source() -> str:
    """SQL of a table with one column of numbers, given as one parameter (see `numbers_value`)."""
    return "(SELECT value FROM json_each(?))" if is_sqlite() else "(SELECT unnest(CAST(? AS BIGINT[])))"


def numbers_value(numbers: Collection[int]) -> object:
    """The value of that parameter for `numbers`."""
    return orjson.dumps(list(numbers)).decode() if is_sqlite() else list(numbers)


def find(account_ids: Collection[int], numbers: Collection[int]) -> set[int]:
    """Return those of `numbers` that are on the list of any of the accounts."""
    if not numbers or not account_ids:
        return set()
    marks = ",".join("?" * len(account_ids))
    if not execute(f"SELECT 1 FROM do_not_call WHERE account_id IN ({marks}) LIMIT 1", list(account_ids)):
        return set()  # true of most accounts; saves the look-up of each number
    rows = execute(
        f"SELECT number FROM do_not_call WHERE account_id IN ({marks}) AND number IN {numbers_source()}",
        [*account_ids, numbers_value(numbers)],
    )
    return {row[0] for row in rows}


def add(account_id: int, numbers: Collection[int], source: str, now: int, campaign_id: int = 0) -> int:
    """Add numbers to a list; return how many are new."""
    if not numbers:
        return 0
    return changed(
        "INSERT INTO do_not_call (account_id, number, source, campaign_id, added_at)"
        " SELECT CAST(? AS BIGINT), n.value, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT) FROM "
        + ("json_each(?) n" if is_sqlite() else "unnest(CAST(? AS BIGINT[])) AS n(value)")
        + " WHERE TRUE ON CONFLICT DO NOTHING",
        [account_id, source, campaign_id, now, numbers_value(sorted(numbers))],
    )


def remove(account_id: int, number: int) -> bool:
    """Remove a number from a list; return whether it was on it."""
    return bool(changed("DELETE FROM do_not_call WHERE account_id = ? AND number = ?", [account_id, number]))


def count(account_id: int) -> int:
    return int(execute("SELECT COUNT(*) FROM do_not_call WHERE account_id = ?", [account_id])[0][0])


def page(account_id: int, after: int = 0, limit: int = PAGE) -> list[tuple[int, str, int, int]]:
    """``(number, source, campaign_id, added_at)`` after `after`, in the order of the numbers."""
    rows = execute(
        "SELECT number, source, campaign_id, added_at FROM do_not_call"
        " WHERE account_id = ? AND number > ? ORDER BY number LIMIT ?",
        [account_id, after, limit],
    )
    return [(int(row[0]), row[1], int(row[2]), int(row[3])) for row in rows]


def all_numbers(account_id: int) -> npt.NDArray[np.int64]:
    """All numbers of a list, sorted; 8 bytes each."""
    cursor = db.execute_sql(
        to_dialect("SELECT number FROM do_not_call WHERE account_id = ? ORDER BY number"), (account_id,)
    )
    return np.fromiter((row[0] for row in cursor), np.int64)
