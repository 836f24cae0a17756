"""Importing a list into a campaign: chunk by chunk, without long locks.

Every line of the list becomes a recipient: one that is to be called, or one
that is set aside (`excluded`) with the reason, so that the result file has an
answer for each line.  An import may be interrupted at any moment and repeated:
a unique index holds each number once per campaign.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from engine.errors import BadInput, Conflict
from engine.fold import fold
from engine.services.campaigns.list_parts import ListPart, ListRow, parts_of
from engine.services.campaigns.transitions import move_from
from engine.services.compliance.do_not_call import lists_for
from engine.services.lists import reader as lists
from engine.services.lists.reader import ListReader
from engine.services.lists.rows import Row
from engine.services.messages.personal import UNPREPARED
from engine.services.numbering.numbers import LineKind, NumberRules
from engine.services.numbering.reasons import Reason
from engine.states import CampaignState, RecipientState
from engine.store import do_not_call
from engine.store.bulk import insert_new, insert_rows
from engine.store.counts import add_counts
from engine.store.database import take_turns
from engine.store.rows import put
from engine.store.sql import execute
from engine.store.tables.core import Campaign, Recipient

_COLUMNS = ("line", "number", "is_mobile", "variables", "reason")  # of a `ListRow`
# What is the same for all is given once: a million rows bind only what differs.
_SAME = {
    "prompt": "",
    "tries": 0,
    "uncounted_tries": 0,
    "avoid_gateway_id": 0,
    "disposition": "",
    "reserved": 0,
}
_TURN = 1 << 40  # and the campaign's id: lists come into a campaign one part after the other
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
# Starts a function that computes for long elsewhere; what is called for its result (`engine.store.threads.begin`).
Begin = Callable[[Callable[[], Any]], Callable[[], Any]]


def at_once(work: Callable[[], Any]) -> Callable[[], Any]:
    """A `Begin` that computes in place, when the result is asked for."""
    return work


def import_list(
    campaign_id: int,
    reader: ListReader,
    write: Write,
    now: int,
    on_progress: Callable[[int], None] = lambda lines: None,
    *,
    skip: int = 0,
    note: Callable[[Imported], None] = lambda brought: None,
    begin: Begin = at_once,
) -> Imported:
    """Bring all rows of `reader` into a campaign; what was added and refused.

    The rows are written in parts, a transaction each.  `skip`: so many parts are in already.
    `note` is called in each part's transaction with what it brought, so that an import that is
    cut can go on behind it; what it raises ends the import without the part.  `begin` reads the
    list while parts are written.
    Lists with different columns can follow each other: columns that are new are added at the end.
    Raises BadInput when the list cannot be read (what came before stays, and importing again
    adds only what is missing), Conflict when the campaign takes no more recipients.
    """
    columns = write_columns(campaign_id, reader.kept_columns, write)
    done = Imported()
    chunks = _read_ahead(reader, columns, begin)
    with closing(chunks):
        for part in islice(parts_of(chunks, lists.CHUNK_ROWS), skip, None):
            brought = Imported()

            def work(part: ListPart = part) -> int:
                nonlocal brought
                brought = _insert(campaign_id, part, now)
                note(brought)
                return brought.added

            write(work)
            done.added += brought.added
            done.refused += brought.refused
            on_progress(done.total)
    return done


def import_numbers(
    campaign_id: int,
    texts: Sequence[str],
    accepted: NumberRules,
    write: Write,
    now: int,
) -> Imported:
    """Bring single numbers, as somebody wrote them, into a campaign; what was added and refused.

    As `import_list` does for lists: part by part, each text a recipient, or set aside with its reason.
    """
    done = Imported()
    seen: set[int] = set()
    for at in range(0, len(texts), lists.CHUNK_ROWS):
        part = ListPart([], [])
        for line, text in enumerate(texts[at : at + lists.CHUNK_ROWS], start=at + 1):
            found = accepted.read(text)
            if isinstance(found, Reason):
                part.rows.append(ListRow(line, text[:MAX_SHOWN], False, "", found.value))
                part.numbers.append(0)
                continue
            number = int(found.e164)
            reason = Reason.DUPLICATE.value if number in seen else ""
            seen.add(number)
            part.rows.append(ListRow(line, found.e164, found.kind is LineKind.MOBILE, "", reason))
            part.numbers.append(number)
        brought = Imported()

        def work(part: ListPart = part) -> int:
            nonlocal brought
            brought = _insert(campaign_id, part, now)
            return brought.added

        write(work)
        done.added += brought.added
        done.refused += brought.refused
    return done


def _read_ahead(reader: ListReader, columns: list[str], begin: Begin) -> Generator[ListPart]:
    """The chunks of a list as rows for the table; the next one is read while the last is written."""
    source = iter(reader)

    def step() -> ListPart | None:
        chunk = next(source, None)
        if chunk is None:
            return None
        kept = set(reader.kept_columns)
        names = [name if name in kept else "" for name in reader.variable_columns]
        return _rows_of(chunk, names, columns)

    wait = begin(step)
    try:
        while (part := wait()) is not None:
            wait = begin(step)
            yield part
    except GeneratorExit:
        with suppress(BadInput):  # nobody wants it any more, but it is not to read on in a closed file
            wait()
        raise


def write_columns(campaign_id: int, names: Sequence[str], write: Write) -> list[str]:
    """Add the list's own columns to the campaign's; all of them, in their order."""
    columns: list[str] = []

    def work() -> int:
        row = Campaign.get_by_id(campaign_id)
        if row.state == CampaignState.STOPPED:
            raise Conflict("Campaign %(id)s was stopped and takes no more recipients.", id=campaign_id)
        known = list(json.loads(row.columns))
        have = set(map(fold, known))
        known += [name for name in names if fold(name) not in have]
        columns.extend(known)
        if known != json.loads(row.columns):
            Campaign.update(columns=json.dumps(known, ensure_ascii=False)).where(
                Campaign.id == campaign_id
            ).execute()
        return 0

    write(work)
    return columns


def _rows_of(chunk: Sequence[Row], names: Sequence[str], columns: list[str]) -> ListPart:
    """A chunk of a list, whose other columns are `names` (empty: not kept), as rows of a campaign with `columns`."""
    same = list(names[: len(columns)]) == columns
    at = {fold(name): place for place, name in reversed(list(enumerate(names)))}
    places = [] if same else [at.get(fold(name)) for name in columns]
    width, mobile = len(columns), LineKind.MOBILE
    rows: list[ListRow] = []
    numbers: list[int] = []
    new = tuple.__new__  # spares the NamedTuple's own constructor: a million rows pass here
    for line, raw, number, reason, cells, _ in chunk:
        variables = ""
        if cells:
            values = cells[:width] if same else _placed(cells, places)
            variables = orjson.dumps(values).decode()
        why = reason.value if reason else ""
        if number is None:
            rows.append(new(ListRow, (line, raw[:MAX_SHOWN], False, variables, why)))
            numbers.append(0)
        else:
            e164, kind, _ = number
            rows.append(new(ListRow, (line, e164, kind is mobile, variables, why)))
            numbers.append(int(e164))
    return ListPart(rows, numbers)


def _placed(cells: list[str], places: list[int | None]) -> list[str]:
    return [cells[place] if place is not None and place < len(cells) else "" for place in places]


def _insert(campaign_id: int, part: ListPart, now: int) -> Imported:
    """Write a part; what the campaign did not have yet, and what was set aside."""
    campaign = (
        Campaign.select(Campaign.kind, Campaign.account, Campaign.text)
        .where(Campaign.id == campaign_id)
        .get()
    )
    rows = part.rows
    listed = do_not_call.find(lists_for(campaign.kind, campaign.account_id), part.numbers)
    if listed:
        rows = [
            row._replace(reason=Reason.DO_NOT_CALL.value) if number in listed and not row.reason else row
            for row, number in zip(rows, part.numbers, strict=True)
        ]
    added = [row for row in rows if not row.reason]
    aside = [row for row in rows if row.reason]
    same = {**_SAME, "campaign_id": campaign_id}
    take_turns(_TURN + campaign_id)  # what comes into the campaign after `last` is ours
    last = _last_id()
    # Those that are to hear a message of their own wait until it is made.
    due_at = UNPREPARED if campaign.text else 0
    pending = {"state": RecipientState.PENDING.value, "next_at": due_at, "finished_at": None}
    taken = insert_new(Recipient, _COLUMNS, added, same | pending)
    mobiles = sum(row.is_mobile for row in added)
    if taken != len(added):
        mobiles = _mobiles_after(last, campaign_id)
    excluded = {"state": RecipientState.EXCLUDED.value, "next_at": 0, "finished_at": now}
    set_aside = insert_new(Recipient, _COLUMNS, aside, same | excluded)
    add_counts(
        campaign_id,
        {"waiting": taken, "excluded": set_aside, "total": taken + set_aside, "mobiles": mobiles},
    )
    reopen(campaign_id, taken)
    refused = Counter(row.reason for row in aside)
    # What is neither taken nor listed the campaign had already, from a list before.
    return Imported(taken, refused + Counter({Reason.DUPLICATE.value: len(added) - taken}))


def _last_id() -> int:
    return int(execute("SELECT COALESCE(MAX(id), 0) FROM recipient")[0][0])


def _mobiles_after(recipient_id: int, campaign_id: int) -> int:
    """Mobiles among the campaign's recipients that were written after `recipient_id`."""
    rows = execute(
        "SELECT COUNT(*) FROM recipient WHERE id > ? AND campaign_id = ? AND is_mobile",
        [recipient_id, campaign_id],
    )
    return int(rows[0][0])


def reopen(campaign_id: int, added: int) -> None:
    """A finished campaign that got recipients goes on."""
    if added:
        move_from(campaign_id, CampaignState.FINISHED, CampaignState.RUNNING, finished_at=None)


def add_one(campaign_id: int, e164: str, is_mobile: bool, prompt: str = "") -> int:
    """Put one number into a campaign that may hold it several times (quick sends); the recipient's id."""
    made = put(
        Recipient,
        campaign_id=campaign_id,
        line=0,
        number=e164,
        is_mobile=is_mobile,
        state=RecipientState.PENDING.value,
        prompt=prompt,
    )
    add_counts(campaign_id, {"waiting": 1, "total": 1, "mobiles": int(is_mobile)})
    return int(made)


def add_many(campaign_id: int, numbers: Sequence[tuple[str, bool]], prompt: str = "") -> list[int]:
    """As `add_one`, for many: (E.164, whether it is a mobile); the recipients' ids, in the same order."""
    same = {"campaign_id": campaign_id, "line": 0, "variables": "", "reason": "", **_SAME, "prompt": prompt}
    same |= {"state": RecipientState.PENDING.value, "next_at": 0}
    made = insert_rows(
        Recipient,
        (*same, "number", "is_mobile"),
        [(*same.values(), e164, is_mobile) for e164, is_mobile in numbers],
        "RETURNING id, number",
    )
    # The order of RETURNING is nobody's promise; of one number all are alike.
    ids: dict[str, list[int]] = {}
    for recipient_id, number in reversed(made):
        ids.setdefault(str(number), []).append(int(recipient_id))
    mobiles = sum(is_mobile for _, is_mobile in numbers)
    add_counts(campaign_id, {"waiting": len(numbers), "total": len(numbers), "mobiles": mobiles})
    return [ids[e164].pop() for e164, _ in numbers]
