"""Bringing a list into a campaign: chunk by chunk, never a long lock.

Every line of the list becomes a recipient: one that is to be called, or one
that is set aside (`excluded`) with the reason, so that the result file
answers for each line.  Import may be cut at any moment and repeated: a number
stands in a campaign once, held by a unique index.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from engine.errors import Conflict
from engine.services.lists import ListReader, Row
from engine.services.number_reasons import Reason
from engine.services.numbers import Kind
from engine.services.personal import UNPREPARED
from engine.services.suppression import as_integer, lists_for
from engine.states import CampaignState, RecipientState
from engine.store import do_not_call
from engine.store.counts import add_counts
from engine.store.database import db
from engine.store.models import Campaign, Recipient
from engine.store.sql import execute, to_dialect

_COLUMNS = (
    "campaign_id",
    "line",
    "number",
    "is_mobile",
    "variables",
    "state",
    "reason",
    "next_at",
    "finished_at",
)
# What is the same for all stands in the statement: a million rows bind only what differs.
_INSERT = (
    "INSERT INTO recipient (campaign_id, line, number, is_mobile, variables, state, reason, next_at, finished_at,"
    " prompt, tries, free_tries, avoid_gateway_id, disposition)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, 0, '') ON CONFLICT DO NOTHING"
)
_NUMBER = _COLUMNS.index("number")
_NEXT_AT = _COLUMNS.index("next_at")
_IS_MOBILE = _COLUMNS.index("is_mobile")
_Rows = list[tuple[Any, ...]]
MAX_SHOWN = 200  # characters of what was written instead of a number that are kept


@dataclass(slots=True)
class Imported:
    """What an import brought: `added` to be called, and how many were set aside for which reason."""

    added: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.added + sum(self.refused.values())


# Runs a function in a write transaction; its result (`engine.store.threads.write`).
Write = Callable[[Callable[[], int]], int]


def import_list(
    campaign_id: int,
    reader: ListReader,
    write: Write,
    now: int,
    on_progress: Callable[[int], None] = lambda lines: None,
    *,
    skip: int = 0,
    note: Callable[[Imported], None] = lambda brought: None,
) -> Imported:
    """Bring all rows of `reader` into a campaign; what was added and refused.

    `skip`: so many chunks are in already.  `note` is called in each chunk's transaction with what
    the chunk brought, so that an import that is cut can go on behind it; what it raises ends the
    import without the chunk.
    Lists with different columns can follow each other: columns that are new are added at the end.
    Raises BadInput when the list cannot be read (what came before stays, and importing again
    adds only what is missing), Conflict when the campaign takes no more recipients.
    """
    columns = write_columns(campaign_id, reader.variable_columns, write)
    done = Imported()
    for chunk in islice(reader, skip, None):
        added, refused = _split(campaign_id, chunk, columns, now)
        reasons = Counter(row.reason.value for row in chunk if row.reason is not None)
        brought = Imported()

        def work(added: _Rows = added, refused: _Rows = refused, reasons: Counter[str] = reasons) -> int:
            nonlocal brought
            taken, listed = _insert(campaign_id, added, refused, now)
            # What is neither taken nor listed the campaign had already, from a list before.
            brought = Imported(taken, reasons + Counter({Reason.DO_NOT_CALL.value: listed}))
            brought.refused += Counter({Reason.DUPLICATE.value: len(added) - listed - taken})
            note(brought)
            return taken

        write(work)
        done.added += brought.added
        done.refused += brought.refused
        on_progress(done.total)
    return done


def write_columns(campaign_id: int, names: Sequence[str], write: Write) -> list[str]:
    """Add the list's own columns to the campaign's; all of them, in their order."""
    columns: list[str] = []

    def work() -> int:
        row = Campaign.get_by_id(campaign_id)
        if row.state == CampaignState.STOPPED:
            raise Conflict(f"Campaign {campaign_id} was stopped and takes no more recipients.")
        known = list(json.loads(row.columns))
        known += [name for name in names if name not in known]
        columns.extend(known)
        if known != json.loads(row.columns):
            Campaign.update(columns=json.dumps(known, ensure_ascii=False)).where(
                Campaign.id == campaign_id
            ).execute()
        return 0

    write(work)
    return columns


def _split(
    campaign_id: int, rows: Sequence[Row], columns: list[str], now: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows for the table: to be called, and set aside."""
    added: _Rows = []
    refused: _Rows = []
    pending, excluded, mobile = RecipientState.PENDING.value, RecipientState.EXCLUDED.value, Kind.MOBILE
    for line, raw, number, reason, cells, _ in rows:
        variables = ""
        if cells:
            # Nearly always the cells are just these columns, in this order.
            same = list(cells) == columns
            values = list(cells.values()) if same else [cells.get(name, "") for name in columns]
            variables = orjson.dumps(values).decode()
        written = number.e164 if number is not None else raw[:MAX_SHOWN]
        is_mobile = number is not None and number.kind is mobile
        if reason is None:
            added.append((campaign_id, line, written, is_mobile, variables, pending, "", 0, None))
        else:
            refused.append((campaign_id, line, written, is_mobile, variables, excluded, reason.value, 0, now))
    return added, refused


def _insert(campaign_id: int, added: _Rows, refused: _Rows, now: int) -> tuple[int, int]:
    """Write a chunk; how many of `added` the campaign did not have yet, how many are on a do-not-call list."""
    row = (
        Campaign.select(Campaign.kind, Campaign.account, Campaign.text)
        .where(Campaign.id == campaign_id)
        .get()
    )
    added, listed = _set_listed_aside(row, added, now)
    refused = refused + listed
    # Those that are to hear a message of their own wait until it is made.
    last = _last_id()
    if row.text:
        added = [(*item[:_NEXT_AT], UNPREPARED, *item[_NEXT_AT + 1 :]) for item in added]
    taken = _insert_many(added)
    mobiles = sum(item[_IS_MOBILE] for item in added)
    if taken != len(added):
        mobiles = _mobiles_after(last, campaign_id)
    _insert_many(refused)
    add_counts(
        campaign_id,
        {"waiting": taken, "excluded": len(refused), "total": taken + len(refused), "mobiles": mobiles},
    )
    reopen(campaign_id, taken)
    return taken, len(listed)


def _last_id() -> int:
    return int(execute("SELECT COALESCE(MAX(id), 0) FROM recipient")[0][0])


def _mobiles_after(recipient_id: int, campaign_id: int) -> int:
    """Mobiles among the campaign's recipients that were written after `recipient_id`."""
    rows = execute(
        "SELECT COUNT(*) FROM recipient WHERE id > ? AND campaign_id = ? AND is_mobile",
        [recipient_id, campaign_id],
    )
    return int(rows[0][0])


def _set_listed_aside(row: Campaign, added: _Rows, now: int) -> tuple[_Rows, _Rows]:
    """Split off the rows whose numbers are on a do-not-call list that the campaign heeds; one look-up."""
    numbers = [as_integer(item[_NUMBER]) for item in added]
    listed = do_not_call.find(lists_for(row.kind, row.account_id), numbers)
    if not listed:
        return added, []
    wanted, aside = [], []
    for item, number in zip(added, numbers, strict=True):
        if number in listed:
            values = dict(zip(_COLUMNS, item, strict=True))
            values |= {"state": RecipientState.EXCLUDED.value, "reason": Reason.DO_NOT_CALL.value}
            aside.append(tuple((values | {"finished_at": now}).values()))
        else:
            wanted.append(item)
    return wanted, aside


def _insert_many(rows: list[tuple[Any, ...]]) -> int:
    if not rows:
        return 0
    cursor = db.cursor()
    cursor.executemany(to_dialect(_INSERT), rows)
    return int(cursor.rowcount)


def reopen(campaign_id: int, added: int) -> None:
    """A finished campaign that got recipients goes on."""
    if added:
        execute(
            "UPDATE campaign SET state = 'running', finished_at = NULL WHERE id = ? AND state = 'finished'",
            [campaign_id],
        )


def add_one(campaign_id: int, e164: str, is_mobile: bool, prompt: str = "") -> int:
    """Put one number into a campaign that may hold it several times (quick sends); the recipient's id."""
    row = Recipient.create(
        campaign_id=campaign_id,
        line=0,
        number=e164,
        is_mobile=is_mobile,
        state=RecipientState.PENDING,
        prompt=prompt,
    )
    add_counts(campaign_id, {"waiting": 1, "total": 1, "mobiles": int(is_mobile)})
    return int(row.id)
