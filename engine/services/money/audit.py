"""Audits the money while it moves: the new entries since the last look, and one page of the existing rows.

Every look is bounded, whatever the size of the ledger; `ledger_check` proves the whole.

* entries: each booking sums to zero; the kept balances equal the sums of their entries
* reservations: what a campaign holds equals its entries (quick sends: what their recipients hold), covers
  the calls that are up, and has gone back when the campaign is over
* charges: each call that was heard is charged its price, once; a booking earned what its calls cost

Before a finding is reported, it is calculated again from the rows themselves.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from engine.services.money import reservations
from engine.states import OVER_STATES, AttemptState
from engine.store.audit import snapshot
from engine.store.findings import Finding
from engine.store.ledger import RESERVED, REVENUE
from engine.store.sql import execute

ENTRIES = 5_000  # read at one look
ATTEMPTS = 10_000
PAGE = 1_000  # balances, reservations that are closed
OPEN_PAGE = 2_000  # reservations that are open
_OPEN = f"state <> '{AttemptState.ENDED}'"


@dataclass(slots=True)
class _Charge:
    """A booking that charged calls: what it earned, and how much of that its calls seen so far account for."""

    earned: int
    first_attempt: int
    last_attempt: int
    seen: int = 0


class MoneyAudit:
    """Remembers how far it has read; call `look` every few seconds."""

    def __init__(self) -> None:
        self._entry: int | None = None  # the last entry that was added up; None: no look yet
        self._top_entry = 0  # the newest at the look before: what is older is committed or will never be
        self._sums: dict[tuple[int, str], int] = defaultdict(int)  # (account, book) -> its entries
        self._held: dict[int, int] = defaultdict(int)  # campaign -> its entries in `reserved`
        self._charges: dict[int, _Charge] = {}
        self._attempt = 0
        self._top_attempt = 0
        self._first_attempt = 0  # calls before it were there at the first look
        self._balance_page = 0
        self._reservation_pages = {True: 0, False: 0}

    def look(self) -> list[Finding]:
        """The findings of this look; inside a connection.  Only reads."""
        with snapshot():
            if self._entry is None:
                self._begin()
            found = self._entries()
            if self._entry == self._top_entry:  # all has been added up, but for the newest
                tail = self._tail()
                found += self._balances(tail)
                found += self._reservations(tail)
            found += self._calls()
            self._top_entry = _top("ledger_entry")
            self._top_attempt = _top("attempt")
            return found

    def _begin(self) -> None:
        """All entries are added up, in the looks to come; of the calls only those from now on."""
        self._entry = 0
        self._attempt = self._first_attempt = max(0, _top("attempt") - ATTEMPTS)

    # -- entries ------------------------------------------------------------------------

    def _entries(self) -> list[Finding]:
        rows = execute(
            "SELECT id, txn_id, account_id, book, amount, campaign_id FROM ledger_entry"
            " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            [self._entry, self._top_entry, ENTRIES],
        )
        of_txn: dict[int, int] = defaultdict(int)
        for _, txn_id, account_id, book, amount, campaign_id in rows:
            of_txn[txn_id] += amount
            self._sums[account_id, book] += amount
            if book == RESERVED and campaign_id is not None:
                self._held[campaign_id] += amount
        self._entry = rows[-1][0] if len(rows) == ENTRIES else self._top_entry
        found = []
        for txn_id in [key for key, total in of_txn.items() if total]:  # or read only in part
            total = _one("SELECT COALESCE(SUM(amount), 0) FROM ledger_entry WHERE txn_id = ?", [txn_id])
            if total:
                said = f"The entries of booking {txn_id} are {total} together, not zero."
                found.append(Finding("money_unbalanced", f"booking {txn_id}", said, False))
        return found

    def _tail(self) -> list[tuple[int, str, int, int | None]]:
        """The entries that are not added up yet: (account, book, amount, campaign); notes new charges."""
        tail = []
        for txn_id, account_id, book, amount, campaign_id, kind, first, last in execute(
            "SELECT e.txn_id, e.account_id, e.book, e.amount, e.campaign_id, t.kind, t.first_attempt_id,"
            " t.last_attempt_id FROM ledger_entry e LEFT JOIN ledger_txn t ON t.id = e.txn_id WHERE e.id > ?",
            [self._entry],
        ):
            tail.append((account_id, book, int(amount), campaign_id))
            if first is None or last is None:  # a booking by hand names no calls
                continue
            # Its calls are not behind us: they were settled with it, and are read after it.
            if book == REVENUE and kind == "charge" and self._first_attempt < first and last > self._attempt:
                self._charges.setdefault(txn_id, _Charge(int(amount), int(first), int(last)))
        return tail

    def _balances(self, tail: list[tuple[int, str, int, int | None]]) -> list[Finding]:
        newest: dict[tuple[int, str], int] = defaultdict(int)
        for account_id, book, amount, _ in tail:
            newest[account_id, book] += amount
        rows = execute(
            "SELECT account_id, book, amount FROM ledger_balance WHERE account_id > ? ORDER BY account_id LIMIT ?",
            [self._balance_page, PAGE],
        )
        # An account whose entries are cut by the end of the page is checked with the next page, or the one after.
        self._balance_page = rows[-1][0] - 1 if len(rows) == PAGE else 0
        found = []
        for account_id, book, kept in rows:
            key = (account_id, book)
            if self._sums.get(key, 0) + newest.get(key, 0) == kept:
                continue
            real = _one(
                "SELECT COALESCE(SUM(amount), 0) FROM ledger_entry WHERE account_id = ? AND book = ?",
                [account_id, book],
            )
            self._sums[key] = real - newest.get(key, 0)
            if real != kept:
                said = f"The {book} of account {account_id} is kept as {kept}, its entries are {real}."
                found.append(Finding("money_balance", f"account {account_id}", said, False))
        return found

    # -- reservations -------------------------------------------------------------------

    def _reservations(self, tail: list[tuple[int, str, int, int | None]]) -> list[Finding]:
        newest: dict[int, int] = defaultdict(int)
        for _, book, amount, campaign_id in tail:
            if book == RESERVED and campaign_id is not None:
                newest[campaign_id] += amount
        found = []
        for is_open, condition, size in (
            (True, "r.is_open", OPEN_PAGE),
            (False, "NOT r.is_open", PAGE),
        ):
            rows = execute(
                "SELECT r.campaign_id, r.account_id, r.held, c.standing_key, c.state,"  # noqa: S608 - ours
                " k.waiting + k.retry_wait + k.live FROM reservation r JOIN campaign c ON c.id = r.campaign_id"
                " JOIN campaign_counts k ON k.campaign_id = c.id"
                f" WHERE {condition} AND r.campaign_id > ? ORDER BY r.campaign_id LIMIT ?",
                [self._reservation_pages[is_open], size],
            )
            self._reservation_pages[is_open] = rows[-1][0] if len(rows) == size else 0
            for campaign_id, account_id, held, standing, state, left in rows:
                found += self._holds(campaign_id, account_id, held, newest.get(campaign_id, 0))
                if standing:
                    found += _quick_holds(campaign_id, held)
                elif held and not is_open:
                    found.append(_held(campaign_id, f"its reservation is closed and holds {held}"))
                elif is_open and state in OVER_STATES and not left:
                    found.append(left_open(campaign_id, False))
        return found + _cover()

    def _holds(self, campaign_id: int, account_id: int, held: int, newest: int) -> list[Finding]:
        if held >= 0 and self._held.get(campaign_id, 0) + newest == held:
            return []
        real = _one(
            "SELECT COALESCE(SUM(amount), 0) FROM ledger_entry WHERE account_id = ? AND book = 'reserved'"
            " AND campaign_id = ?",
            [account_id, campaign_id],
        )
        self._held[campaign_id] = real - newest
        if real == held and held >= 0:
            return []
        return [_held(campaign_id, f"it is said to hold {held}, its entries are {real}")]

    # -- calls --------------------------------------------------------------------------

    def _calls(self) -> list[Finding]:
        """Calls that have ended, in the order in which they were placed, up to the oldest that is up."""
        oldest_up = _one(f"SELECT COALESCE(MIN(id), 0) FROM attempt WHERE {_OPEN}", [])  # noqa: S608 - constants
        until = min(self._top_attempt, oldest_up - 1) if oldest_up else self._top_attempt
        until = min(until, self._attempt + ATTEMPTS)
        until = max(until, self._attempt)
        found: list[Finding] = []
        if not execute("SELECT 1 FROM reservation LIMIT 1"):
            self._attempt = until
            return found
        for attempt_id, price, txn_id, right in execute(
            "SELECT a.id, a.price, a.ledger_txn_id, CASE WHEN a.disposition = 'answered' AND a.heard_ms > 0"
            " THEN (a.heard_ms + p.pulse_ms - 1) / p.pulse_ms * CASE WHEN q.is_mobile THEN p.mobile ELSE p.landline"
            " END ELSE 0 END FROM attempt a JOIN recipient q ON q.id = a.recipient_id"
            " JOIN reservation r ON r.campaign_id = a.campaign_id"
            " JOIN price p ON p.id = COALESCE(q.price_id, r.price_id) WHERE a.id > ? AND a.id <= ?",
            [self._attempt, until],
        ):
            if txn_id in self._charges:
                self._charges[txn_id].seen += int(price)
            if price != right:
                said = f"Attempt {attempt_id} was charged {price}, its price is {right}."
                found.append(Finding("money_price", f"attempt {attempt_id}", said, False))
            elif price and txn_id is None:
                said = f"Attempt {attempt_id} has a price of {price} and no booking."
                found.append(Finding("money_price", f"attempt {attempt_id}", said, False))
        self._attempt = until
        for txn_id in [key for key, charge in self._charges.items() if charge.last_attempt <= until]:
            found += _earned(txn_id, self._charges.pop(txn_id))
        return found


def left_open(campaign_id: int, is_repaired: bool) -> Finding:
    """A campaign that is over and still holds money."""
    said = f"Campaign {campaign_id} is over and its reservation was open"
    return Finding(
        "money_left_open",
        f"campaign {campaign_id}",
        said + ("; closed." if is_repaired else "."),
        is_repaired,
        campaign_id,
    )


def _earned(txn_id: int, charge: _Charge) -> list[Finding]:
    """Compare a charge with its calls, all of which have been seen."""
    if charge.seen == charge.earned:
        return []
    real = _one(
        "SELECT COALESCE(SUM(price), 0) FROM attempt WHERE id BETWEEN ? AND ? AND ledger_txn_id = ?",
        [charge.first_attempt, charge.last_attempt, txn_id],
    )
    if real == charge.earned:
        return []
    said = f"Booking {txn_id} earned {charge.earned}, its calls cost {real}."
    return [Finding("money_charge", f"booking {txn_id}", said, False)]


def _quick_holds(campaign_id: int, held: int) -> list[Finding]:
    real = _one(
        "SELECT COALESCE(SUM(reserved), 0) FROM recipient WHERE reserved > 0 AND campaign_id = ?",
        [campaign_id],
    )
    return [] if real == held else [_held(campaign_id, f"it holds {held}, its quick sends hold {real}")]


def _cover() -> list[Finding]:
    """Money held must cover the calls that are up."""
    up: dict[int, list[tuple[bool, int]]] = defaultdict(list)
    for campaign_id, is_mobile, number in execute(
        "SELECT a.campaign_id, q.is_mobile, COUNT(*) FROM attempt a JOIN recipient q ON q.id = a.recipient_id"  # noqa: S608 - constants
        " JOIN reservation r ON r.campaign_id = a.campaign_id JOIN campaign c ON c.id = a.campaign_id"
        f" WHERE a.{_OPEN} AND c.standing_key = '' GROUP BY a.campaign_id, q.is_mobile"
    ):
        up[campaign_id].append((bool(is_mobile), int(number)))
    found = []
    for campaign_id, groups in up.items():
        held, cost = reservations.cover_of(campaign_id, groups)
        if held < cost:
            said = f"the calls that are up may cost {cost}, and it holds {held}"
            found.append(Finding("money_short", f"campaign {campaign_id}", _of(campaign_id, said), False))
    return found


def _held(campaign_id: int, what: str) -> Finding:
    return Finding("money_held", f"campaign {campaign_id}", _of(campaign_id, what), False)


def _of(campaign_id: int, what: str) -> str:
    return f"Campaign {campaign_id}: {what}."


def _one(sql: str, params: list[object]) -> int:
    return int(execute(sql, params)[0][0])


def _top(table: str) -> int:
    return _one(f"SELECT COALESCE(MAX(id), 0) FROM {table}", [])  # noqa: S608 - names of ours
