"""Proves the ledger: adds everything up again and compares it with the stored sums.

Reads whole tables; run it from the command line or at night.  All numbers come
from one reading transaction, so that a running engine does not disturb it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.states import AttemptState, Disposition, PaymentState
from engine.store.database import db, is_sqlite
from engine.store.ledger import BALANCE, BOOKS, DAY_MS, RESERVED, TEHRAN_MS
from engine.store.sql import execute

MAX_SHOWN = 20  # findings of a kind that are listed; `found` counts all

_HEARD = (  # an attempt `a` that costs something
    f"a.state = '{AttemptState.ENDED}' AND a.disposition = '{Disposition.ANSWERED}' AND a.heard_ms > 0"
)


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """A discrepancy; `kind` is a stable word."""

    kind: str
    subject: str
    sentence: str


@dataclass(slots=True)
class Check:
    """What `avanakctl ledger check` says; amounts are Rials."""

    sum: int = 0  # of all entries; zero in a ledger that is whole
    transactions: int = 0
    entries: int = 0
    open_reservations: int = 0  # of campaigns that run or wait, and quick sends under way
    reserved: int = 0
    charged_calls: int = 0
    accounts: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)
    findings: list[LedgerFinding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.found

    def as_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "ok": self.is_clean,
            **{name: value for name, value in asdict(self).items() if name != "findings"},
            "findings": [asdict(item) for item in self.findings],
        }

    def note(self, kind: str, subject: str, sentence: str) -> None:
        """Add a finding."""
        self.found[kind] = self.found.get(kind, 0) + 1
        if self.found[kind] <= MAX_SHOWN:
            self.findings.append(LedgerFinding(kind, subject, sentence))


def check() -> Check:
    """Check the whole ledger as of one moment; inside a connection."""
    result = Check()
    with db.atomic():
        if not is_sqlite():
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for step in _STEPS:
            step(result)
    return result


def _totals(result: Check) -> None:
    rows = execute("SELECT COUNT(*), COALESCE(SUM(amount), 0) FROM ledger_entry")
    result.entries, result.sum = int(rows[0][0]), int(rows[0][1])
    result.transactions = int(execute("SELECT COUNT(*) FROM ledger_txn")[0][0])
    if result.sum:
        result.note("sum", "ledger", f"All entries together are {result.sum}, not zero.")
    for txn_id, total in execute(
        "SELECT txn_id, SUM(amount) FROM ledger_entry GROUP BY txn_id HAVING SUM(amount) <> 0"
    ):
        result.note("unbalanced", f"booking {txn_id}", f"Its entries are {total} together, not zero.")
    for (txn_id,) in execute(
        "SELECT DISTINCT e.txn_id FROM ledger_entry e LEFT JOIN ledger_txn t ON t.id = e.txn_id"
        " WHERE t.id IS NULL OR t.account_id <> e.account_id"
    ):
        result.note(
            "stray_entry", f"booking {txn_id}", "It has entries without a head, or of another account."
        )


def _balances(result: Check) -> None:
    real: dict[int, dict[str, int]] = {}
    for account_id, name, amount in execute(
        "SELECT account_id, book, SUM(amount) FROM ledger_entry GROUP BY account_id, book"
    ):
        real.setdefault(int(account_id), {})[name] = int(amount)
    kept = {
        (int(account_id), name): int(amount)
        for account_id, name, amount in execute("SELECT account_id, book, amount FROM ledger_balance")
    }
    for account_id, name in sorted({(a, n) for a, books in real.items() for n in books} | kept.keys()):
        entries = real.get(account_id, {}).get(name, 0)
        if kept.get((account_id, name), 0) != entries:
            result.note(
                "balance",
                f"account {account_id}",
                f"Its {name} is kept as {kept.get((account_id, name), 0)}, its entries are {entries}.",
            )
    for account_id, title, state, is_house, ceiling in execute(
        "SELECT id, name, state, is_house, debt_ceiling FROM account ORDER BY id"
    ):
        books = {name: real.get(int(account_id), {}).get(name, 0) for name in BOOKS}
        result.accounts.append(
            {
                "account": int(account_id),
                "name": title,
                "state": state,
                "is_house": bool(is_house),
                "debt_ceiling": int(ceiling),
                **books,
                "available": books[BALANCE] + int(ceiling),
            }
        )
        if books[RESERVED] < 0:
            result.note(
                "reserved", f"account {account_id}", f"Less than nothing is reserved: {books[RESERVED]}."
            )


def _days(result: Check) -> None:
    """The sums that statements are made of, beside the entries."""
    entries = (
        f"SELECT t.account_id, (t.at + {TEHRAN_MS}) / {DAY_MS} AS day, t.campaign_id,"  # noqa: S608 - numbers of ours
        " SUM(CASE WHEN e.book = 'balance' THEN e.amount ELSE 0 END) AS balance,"
        " SUM(CASE WHEN e.book = 'revenue' THEN e.amount ELSE 0 END) AS spent"
        " FROM ledger_txn t JOIN ledger_entry e ON e.txn_id = t.id WHERE t.campaign_id IS NOT NULL GROUP BY 1, 2, 3"
    )
    for account_id, day, campaign_id in execute(
        f"SELECT s.account_id, s.day, s.campaign_id FROM ({entries}) AS s LEFT JOIN ledger_day d"  # noqa: S608 - constants
        " ON d.account_id = s.account_id AND d.day = s.day AND d.campaign_id = s.campaign_id"
        " WHERE d.day IS NULL OR d.balance <> s.balance OR d.spent <> s.spent"
    ):
        result.note(
            "day",
            f"account {account_id}",
            f"Day {day} of campaign {campaign_id} is not kept as its entries are.",
        )


def _reservations(result: Check) -> None:
    entries = {
        int(campaign_id): int(amount)
        for campaign_id, amount in execute(
            "SELECT campaign_id, SUM(amount) FROM ledger_entry WHERE book = 'reserved' GROUP BY campaign_id"
        )
    }
    quick = {
        int(campaign_id): int(amount)
        for campaign_id, amount in execute(
            "SELECT campaign_id, SUM(reserved) FROM recipient WHERE reserved > 0 GROUP BY campaign_id"
        )
    }
    for campaign_id, held, is_open, state, standing, left in execute(
        "SELECT r.campaign_id, r.held, r.is_open, c.state, c.standing_key,"
        " k.waiting + k.retry_wait + k.live FROM reservation r JOIN campaign c ON c.id = r.campaign_id"
        " JOIN campaign_counts k ON k.campaign_id = c.id"
    ):
        subject = f"campaign {campaign_id}"
        if entries.pop(int(campaign_id), 0) != held:
            result.note("held", subject, f"It is said to hold {held}, its entries say otherwise.")
        if standing and quick.get(int(campaign_id), 0) != held:
            result.note(
                "quick_held", subject, f"It holds {held}, its quick sends {quick.get(int(campaign_id), 0)}."
            )
        if held < 0 or (held and not is_open):
            result.note("held_closed", subject, f"It holds {held} while its reservation is not open.")
        is_under_way = bool(is_open and (held if standing else True))
        result.open_reservations += is_under_way
        result.reserved += int(held)
        if is_under_way and not standing and state in ("finished", "stopped") and not left:
            # A second may pass between the last call and the closing; a running engine does it.
            result.note("left_open", subject, f"It is {state} and still holds {held}.")
    for campaign_id, amount in entries.items():
        if amount:
            result.note(
                "held", f"campaign {campaign_id}", f"{amount} are reserved for it without a reservation."
            )


def _charges(result: Check) -> None:
    """Every booking's charge equals the prices of its calls; every call that must be paid was, once, at its price."""
    for txn_id, revenue, prices in execute(
        "SELECT t.id, COALESCE(e.amount, 0), COALESCE(a.prices, 0) FROM ledger_txn t"
        " LEFT JOIN (SELECT txn_id, SUM(amount) AS amount FROM ledger_entry WHERE book = 'revenue'"
        " GROUP BY txn_id) e ON e.txn_id = t.id"
        " LEFT JOIN (SELECT ledger_txn_id, SUM(price) AS prices FROM attempt WHERE ledger_txn_id IS NOT NULL"
        " GROUP BY ledger_txn_id) a ON a.ledger_txn_id = t.id"
        " WHERE t.kind = 'charge' AND COALESCE(e.amount, 0) <> COALESCE(a.prices, 0)"
    ):
        result.note("charge", f"booking {txn_id}", f"It earned {revenue}, its calls cost {prices}.")
    for (attempt_id,) in execute(
        "SELECT a.id FROM attempt a LEFT JOIN ledger_txn t ON t.id = a.ledger_txn_id AND t.kind = 'charge'"
        " AND t.campaign_id = a.campaign_id"
        " WHERE (a.price <> 0 OR a.ledger_txn_id IS NOT NULL) AND t.id IS NULL"
    ):
        result.note("stray_price", f"attempt {attempt_id}", "It has a price without a booking.")
    for attempt_id, price, right in execute(
        "SELECT id, price, right_price FROM (SELECT a.id, a.price,"  # noqa: S608 - constants
        f" CASE WHEN {_HEARD}"
        " THEN (a.heard_ms + p.pulse_ms - 1) / p.pulse_ms * CASE WHEN q.is_mobile THEN p.mobile ELSE p.landline END"
        " ELSE 0 END AS right_price FROM attempt a JOIN recipient q ON q.id = a.recipient_id"
        " JOIN reservation r ON r.campaign_id = a.campaign_id JOIN account k ON k.id = r.account_id"
        " JOIN price p ON p.id = COALESCE(q.price_id, r.price_id) WHERE NOT k.is_house) x"
        " WHERE price <> right_price"
    ):
        kind = "free_call" if not price else "wrong_price"
        result.note(kind, f"attempt {attempt_id}", f"It was charged {price}, its price is {right}.")
    for campaign_id, number in execute(
        "SELECT a.campaign_id, COUNT(*) FROM attempt a JOIN campaign c ON c.id = a.campaign_id"  # noqa: S608 - constants
        " JOIN account k ON k.id = c.account_id LEFT JOIN reservation r ON r.campaign_id = c.id"
        f" WHERE NOT k.is_house AND r.campaign_id IS NULL AND {_HEARD} GROUP BY a.campaign_id"
    ):
        result.note("unpriced", f"campaign {campaign_id}", f"{number} of its calls were never priced.")
    rows = execute("SELECT COUNT(*) FROM attempt WHERE price > 0")
    result.charged_calls = int(rows[0][0])
    for campaign_id, charged, prices in execute(
        "SELECT r.campaign_id, r.charged, COALESCE(a.prices, 0) FROM reservation r LEFT JOIN"
        " (SELECT campaign_id, SUM(price) AS prices FROM attempt WHERE price > 0 GROUP BY campaign_id) a"
        " ON a.campaign_id = r.campaign_id WHERE r.charged <> COALESCE(a.prices, 0)"
    ):
        result.note(
            "charged", f"campaign {campaign_id}", f"It was charged {charged}, its calls cost {prices}."
        )
    for recipient_id, cost, prices in execute(
        "SELECT q.id, q.cost, COALESCE(a.prices, 0) FROM recipient q LEFT JOIN"
        " (SELECT recipient_id, SUM(price) AS prices FROM attempt WHERE price > 0 GROUP BY recipient_id) a"
        " ON a.recipient_id = q.id WHERE q.cost <> COALESCE(a.prices, 0)"
    ):
        result.note(
            "cost", f"recipient {recipient_id}", f"It is said to have cost {cost}, its calls cost {prices}."
        )


def _payments(result: Check) -> None:
    for payment_id, state, amount, booked in execute(
        "SELECT p.id, p.state, p.amount, COALESCE(t.booked, 0) FROM payment p LEFT JOIN"  # noqa: S608 - constants
        " (SELECT t.payment_id, SUM(e.amount) AS booked FROM ledger_txn t JOIN ledger_entry e"
        " ON e.txn_id = t.id AND e.book = 'balance' WHERE t.kind = 'topup' AND t.payment_id IS NOT NULL"
        " GROUP BY t.payment_id) t ON t.payment_id = p.id"
        f" WHERE COALESCE(t.booked, 0) <> CASE WHEN p.state = '{PaymentState.PAID}' THEN p.amount ELSE 0 END"
    ):
        result.note(
            "payment", f"payment {payment_id}", f"It is {state} with {amount}; {booked} were booked for it."
        )


def _texts(result: Check) -> None:
    """What each campaign's texts are said to cost is what was booked for them."""
    for campaign_id, booked, said in execute(
        "SELECT campaign_id, SUM(booked), SUM(said) FROM ("
        "SELECT t.campaign_id, e.amount AS booked, 0 AS said FROM ledger_txn t JOIN ledger_entry e ON e.txn_id = t.id"
        " WHERE t.kind IN ('text', 'text_return') AND e.book = 'revenue'"
        " UNION ALL SELECT campaign_id, 0, price FROM text_message WHERE price <> 0) x"
        " GROUP BY campaign_id HAVING SUM(booked) <> SUM(said)"
    ):
        result.note(
            "texts", f"campaign {campaign_id}", f"Its texts cost {said}, {booked} were booked for them."
        )


_STEPS: tuple[Callable[[Check], None], ...] = (
    _totals,
    _balances,
    _days,
    _reservations,
    _charges,
    _texts,
    _payments,
)
