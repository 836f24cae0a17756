"""The recipients of a campaign as a table: chosen by outcome, in an order, page by page.

Pages are found by indexes, whatever the number of recipients: an outcome is a set of groups (state, end of the last
call) in the indexes of ended recipients, and a page merges the first rows of each.  The next page begins after the key
of the last row.  Functions run inside a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine import bounds
from engine.errors import BadInput
from engine.services.campaigns import view
from engine.states import LIVE_STATES, WAITING_STATES, Disposition, RecipientState
from engine.store.do_not_call import numbers_source, numbers_value
from engine.store.sql import LIVE, WAITING, execute, to_dialect
from engine.store.tables.core import Attempt, CampaignCounts, Recipient

ALL = "all"
_NO_CALL = ""
_ANY = (_NO_CALL, *Disposition)
_FAILED = (Disposition.CONGESTION, Disposition.FAILED, Disposition.LOST, Disposition.CANCELLED, _NO_CALL)
Groups = tuple[tuple[str, str], ...]


def _groups(state: RecipientState, *dispositions: str) -> Groups:
    return tuple(product((state.value,), [str(one) for one in dispositions]))


# Outcomes of recipients that have their end, and their groups.
ENDED: dict[str, Groups] = {
    "delivered": _groups(RecipientState.DELIVERED, *_ANY),
    "busy": _groups(RecipientState.EXHAUSTED, Disposition.BUSY),
    "no-answer": _groups(RecipientState.EXHAUSTED, Disposition.NO_ANSWER),
    "rejected": _groups(RecipientState.EXHAUSTED, Disposition.REJECTED),
    "unreachable": _groups(RecipientState.EXHAUSTED, Disposition.UNREACHABLE),
    "hung-up": _groups(RecipientState.EXHAUSTED, Disposition.ANSWERED),
    "failed": _groups(RecipientState.EXHAUSTED, *_FAILED),
    "unknown": _groups(RecipientState.UNKNOWN, *_ANY),
    "cancelled": _groups(RecipientState.CANCELLED, *_ANY),
    "set-aside": _groups(RecipientState.EXCLUDED, *_ANY),
}
# Who can be called again, by how the last try ended: all tries were spent, or the campaign ended before the next one.
AGAIN: dict[str, Groups] = {
    outcome: ENDED[outcome]
    + tuple((RecipientState.CANCELLED.value, last) for _, last in ENDED[outcome] if last != _NO_CALL)
    for outcome in ("busy", "no-answer", "rejected", "unreachable", "failed", "hung-up")
} | {"unknown": ENDED["unknown"]}
# Outcomes of recipients that have no end yet: `waiting` in the order in which they are due, `in-call` as in the list.
OPEN = ("waiting", "in-call")
OUTCOMES = (ALL, *ENDED, *OPEN)
ORDERS = ("list", "latest", "earliest", "tries", "cost", "cheapest")
MOST_COUNTED = 50_000
_TRIES = range(int(bounds.TRIES.most) + 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which recipients, and in which order; `vote` chooses those who pressed that key, `number` (E.164) one alone.

    Orders: as in the list, by when they ended (`latest` or `earliest` first), most tries first, by what they cost
    (`cost`: the dearest first, or `cheapest`).
    Recipients that are not done come in the order of the list only.
    """

    outcome: str = ALL
    order: str = "list"
    vote: str = ""
    number: str = ""

    def check(self) -> None:
        """Raise BadInput for unknown words."""
        if self.outcome not in OUTCOMES:
            raise BadInput("'%(outcome)s' is none of %(known)s.", outcome=self.outcome, known=list(OUTCOMES))
        if self.order not in ORDERS:
            raise BadInput("'%(order)s' is none of %(known)s.", order=self.order, known=list(ORDERS))

    @property
    def is_ordered(self) -> bool:
        """Whether the order can be chosen; waiting recipients and votes always come in the order of the list."""
        return not self.vote and not self.number and self.outcome not in OPEN


Key = tuple[int, int]  # of a row: what it is ordered by, and its id


def ids(campaign_id: int, chosen: Chosen, after: Key | None, limit: int) -> list[Key]:
    """(key, recipient's id) of the next recipients behind the row `after`."""
    behind = after[1] if after else 0
    if chosen.number:
        found = view.of_number(campaign_id, chosen.number) if after is None else None
        return [(0, int(found[0].id))] if found else []
    if chosen.vote:
        return _pairs(
            "SELECT 0, recipient_id FROM attempt WHERE campaign_id = ? AND vote = ? AND vote <> ''"
            " AND recipient_id > ? ORDER BY recipient_id LIMIT ?",
            [campaign_id, chosen.vote, behind, limit],
        )
    if chosen.outcome == "in-call":  # few: their own index, then sorted
        return _pairs(
            f"SELECT 0, id FROM recipient WHERE campaign_id = ? AND state IN {LIVE} AND id > ?"  # noqa: S608 - ours
            " ORDER BY +id LIMIT ?",
            [campaign_id, behind, limit],
        )
    if chosen.outcome == ALL and chosen.order == "list":
        return _pairs(
            "SELECT 0, id FROM recipient WHERE campaign_id = ? AND id > ? ORDER BY id LIMIT ?",
            [campaign_id, behind, limit],
        )
    if chosen.outcome == "waiting":
        where = f"campaign_id = ? AND state IN {WAITING}"
        parts: list[Part] = [
            (where, [campaign_id], "next_at", seek) for seek in _behind("next_at", after, False)
        ]
        return _merged(parts, False, limit)
    groups = ENDED.get(chosen.outcome) or tuple(pair for each in ENDED.values() for pair in each)
    if chosen.order in ("cost", "cheapest"):
        return _by_cost(campaign_id, groups, after, limit, is_down=chosen.order == "cost")
    is_down = chosen.order in ("latest", "tries")
    parts = []
    for state, disposition in groups:
        of_group: list[Any] = [campaign_id, state, disposition]
        if chosen.order == "list":
            seek = ("id > ?", [behind])
            parts += [(_ENDED + " AND tries = ?", [*of_group, tries], "0", seek) for tries in _TRIES]
        else:
            column = "tries" if chosen.order == "tries" else "finished_at"
            parts += [(_ENDED, of_group, column, seek) for seek in _behind(column, after, is_down)]
    return _merged(parts, is_down, limit)


def _by_cost(campaign_id: int, groups: Groups, after: Key | None, limit: int, *, is_down: bool) -> list[Key]:
    """Those who cost something by their own index; before them, or `is_down` behind them, the others as in the list."""
    found: list[Key] = []
    for is_free in (False, True) if is_down else (True, False):
        if len(found) == limit or (after is not None and is_free != (after[0] == 0)):
            continue
        some = _free if is_free else _costly
        found += some(campaign_id, groups, after, limit - len(found), is_down)
        after = None
    return found


def _costly(campaign_id: int, groups: Groups, after: Key | None, limit: int, is_down: bool) -> list[Key]:
    parts: list[Part] = [
        (f"{_ENDED} AND cost > 0", [campaign_id, *group], "cost", seek)
        for group in groups
        for seek in _behind("cost", after, is_down)
    ]
    return _merged(parts, is_down, limit)


def _free(campaign_id: int, groups: Groups, after: Key | None, limit: int, _is_down: bool) -> list[Key]:
    seek: Seek = ("id > ?", [after[1] if after else 0])
    parts: list[Part] = []
    for state, disposition in groups:
        if disposition == Disposition.ANSWERED:  # nearly all were paid for: the others have an index
            parts.append((_ANSWERED_FREE, [campaign_id, state], "0", seek))
            continue
        of_group: list[Any] = [campaign_id, state, disposition]
        parts += [(f"{_ENDED} AND tries = ? AND cost = 0", [*of_group, tries], "0", seek) for tries in _TRIES]
    return _merged(parts, False, limit)


_ENDED = "campaign_id = ? AND state = ? AND disposition = ? AND finished_at IS NOT NULL"
_ANSWERED_FREE = (
    _ENDED.replace("disposition = ?", f"disposition = '{Disposition.ANSWERED}'") + " AND cost = 0"
)


Seek = tuple[str, list[Any]]  # a condition and its values
Part = tuple[str, list[Any], str, Seek]  # condition, values, key, where it begins


def _behind(column: str, after: Key | None, is_down: bool) -> list[Seek]:
    """What lies behind a row: of the same key, then of those that follow; each is one place in an index."""
    if after is None:
        return [("1 = 1", [])]
    sign = "<" if is_down else ">"
    return [(f"{column} = ? AND id {sign} ?", list(after)), (f"{column} {sign} ?", [after[0]])]


def _merged(parts: list[Part], is_down: bool, limit: int) -> list[Key]:
    """The first rows of each part, merged."""
    down = " DESC" if is_down else ""
    found: list[Key] = []
    for at in range(0, len(parts), _COMPOUND):
        wanted, values = [], list[Any]()
        for where, of_where, key, (seek, of_seek) in parts[at : at + _COMPOUND]:
            by = f"id{down}" if key == "0" else f"{key}{down}, id{down}"
            wanted.append(
                f"SELECT * FROM (SELECT {key} AS k, id FROM recipient WHERE {where} AND {seek}"  # noqa: S608 - ours
                f" ORDER BY {by} LIMIT ?) AS g"
            )
            values += [*of_where, *of_seek, limit]
        found += _pairs(" UNION ALL ".join(wanted), values)
    found.sort(reverse=is_down)
    return found[:limit]


_COMPOUND = 100  # parts of one statement


def _pairs(sql: str, params: list[Any]) -> list[Key]:
    return [(int(key or 0), int(row_id)) for key, row_id in execute(sql, params)]


# -- what is shown ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecipientLine:
    """A recipient with all its tries, oldest first."""

    key: Key
    recipient: Recipient
    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def cost(self) -> int:
        """Rials that its calls were charged."""
        return int(self.recipient.cost)

    @property
    def vote(self) -> str:
        return next((one.vote for one in self.attempts if one.vote), "")

    @property
    def heard_ms(self) -> int:
        """The longest time that it listened in one call."""
        return max((int(one.heard_ms) for one in self.attempts), default=0)


def page(campaign_id: int, chosen: Chosen, after: Key | None, limit: int) -> list[RecipientLine]:
    """The next recipients behind the row `after`, with their tries."""
    return lines(ids(campaign_id, chosen, after, limit))


def lines(keys: list[Key]) -> list[RecipientLine]:
    """These recipients, in this order, with their tries."""
    if not keys:
        return []
    wanted = [row_id for _, row_id in keys]
    source, value = numbers_source(), numbers_value(wanted)
    rows = {
        int(row.id): row
        for row in Recipient.raw(to_dialect(f"SELECT * FROM recipient WHERE id IN {source}"), value)  # noqa: S608 - constants
    }
    tries: dict[int, list[Attempt]] = {}
    for row in Attempt.raw(
        to_dialect(f"SELECT * FROM attempt WHERE recipient_id IN {source} ORDER BY id"),  # noqa: S608 - constants
        value,
    ):
        tries.setdefault(int(row.recipient_id), []).append(row)
    return [RecipientLine(key, rows[key[1]], tuple(tries.get(key[1], ()))) for key in keys if key[1] in rows]


def counts(campaign_id: int, wanted: Mapping[str, Groups]) -> dict[str, int]:
    """How many recipients each of these has (`AGAIN`, `ENDED`); of one with more than `MOST_COUNTED`, not all."""
    found = {}
    for outcome, groups in wanted.items():
        total = 0
        for state, disposition in groups:
            rows = execute(
                "SELECT COUNT(*) FROM (SELECT 1 FROM recipient WHERE campaign_id = ? AND state = ? AND disposition = ?"
                " AND finished_at IS NOT NULL LIMIT ?) AS counted",
                [campaign_id, state, disposition, MOST_COUNTED + 1],
            )
            total += int(rows[0][0])
        found[outcome] = total
    return found


def not_called(campaign_id: int) -> int:
    """How many wait for their first call, or were cancelled before it."""
    cancelled = execute(
        "SELECT COUNT(*) FROM recipient WHERE campaign_id = ? AND state = ? AND disposition = '' AND tries = 0"
        " AND finished_at IS NOT NULL",
        [campaign_id, RecipientState.CANCELLED.value],
    )
    return int(cancelled[0][0]) + int(CampaignCounts.get_by_id(campaign_id).waiting)


def outcome_of(row: Recipient) -> str:
    """The outcome (of `OUTCOMES`) of a recipient."""
    if row.state in WAITING_STATES:
        return "waiting"
    if row.state in LIVE_STATES:
        return "in-call"
    return _OUTCOME[row.state, row.disposition]


def word_of(row: Recipient) -> str:
    """What a reader is told of a recipient: its outcome, or `retry` while it waits for another try."""
    return "retry" if row.state == RecipientState.RETRY_WAIT else outcome_of(row)


_OUTCOME = {pair: outcome for outcome, groups in ENDED.items() for pair in groups}
