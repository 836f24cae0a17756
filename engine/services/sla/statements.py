"""Writing a month's statements, their adjustments and credits: each method is one transaction.

A statement is unique by account, month and sequence, and a chunk of accounts is
one transaction that holds the month's lock: it may be killed or run again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.agreement.book import MonthBook
from engine.agreement.calculation import Calculation
from engine.agreement.intervals import total
from engine.agreement.line_month import LineMonth
from engine.agreement.months import Month
from engine.agreement.statement import StatementHead, statement_sha256
from engine.sentences import kept
from engine.services.sla import availability, claimed, credits, support_calls
from engine.services.sla.archive import figures_of
from engine.services.sla.locks import lock_month
from engine.store.bulk import insert_rows
from engine.store.sql import execute
from engine.store.tables.sla import Statement

CHUNK = 500  # accounts in one transaction: short enough for a writer that others wait for

_COLUMNS = (
    "number", "account_id", "account_name", "month", "sequence", "adjusts", "issued_at", "terms_id",
    "evidence_sha256", "month_s", "downtime_s", "counted_s", "unknown_s", "availability",
    "discount_by_percent", "discount_by_minutes", "discount", "discount_if_down", "decided_by",
    "subscription_rials", "discount_rials", "note", "has_line", "sha256",
)  # fmt: skip
# A later statement differs from the one before when one of these does.
_FIGURES = (
    "downtime_s",
    "counted_s",
    "unknown_s",
    "discount_by_percent",
    "discount_by_minutes",
    "discount",
    "discount_if_down",
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one transaction did, and whether there are more accounts behind `after`."""

    more: bool = True
    after: int = 0
    statements: int = 0
    adjustments: int = 0
    credits: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier statements of the month left: our place among them, the last one's number, their discount (Rials)."""

    sequence: int = 0
    adjusts: str = ""
    stated: int = 0


_FIRST = Earlier()


class MonthCloser:
    """One run over one month; `gives_all` credits every month with a discount, not only claimed outages."""

    def __init__(self, month: Month, now: int, gives_all: bool) -> None:
        self.month, self.now, self._gives_all = month, now, gives_all
        self._sha256 = ""
        self._used: set[str] = set()
        self._book: MonthBook  # of the records with the hash `_sha256`
        self._own: dict[int, Calculation] = {}  # of accounts with records of their own
        self._figures: dict[str, dict[str, Any]] = {}  # by evidence: thousands of accounts share one
        self._is_done = False

    def begin(self, waits_until: int) -> str:
        """Why the month is left for later; empty: there may be something to do, and the support line's figures are noted.

        Until `waits_until` (ms) a month with unknown time waits for staff to resolve it.
        """
        before = lock_month(self.month.key)
        records = availability.records(self.month, self.now)
        self._is_done = before == records.sha256()
        if records.unknown and not before and self.now < waits_until:
            return f"{total(records.unknown)} s of unknown time wait for staff to resolve them"
        support_calls.note_month(self.month, self.now)
        return ""

    def _books(self) -> MonthBook:
        """The month's book, made again when the records changed since the last chunk."""
        lock_month(self.month.key)
        records = availability.records(self.month, self.now)
        sha256 = records.sha256()
        if sha256 != self._sha256:
            self._book, self._sha256, self._own = records.book(), sha256, {}
        self._used.add(sha256)
        return self._book

    def write_chunk(self, after: int) -> Chunk:
        """Statements of the next accounts that have none."""
        accounts = self._accounts_behind(after)
        if not accounts:
            return Chunk(more=False)
        last = accounts[-1][0]
        told = execute(
            "SELECT account_id FROM statement WHERE month = ? AND account_id > ? AND account_id <= ? AND sequence = 0",
            [self.month.key, after, last],
        )
        have = {row[0] for row in told}
        missing = [row for row in accounts if row[0] not in have]
        if not missing:
            return Chunk(len(accounts) == CHUNK, last)
        book = self._books()
        ids = [row[0] for row in missing]
        prices = credits.prices(ids, self.month)
        lines = support_calls.of_month(self.month.key, ids)
        calculations = [self._calculate(book, account_id) for account_id in ids]
        rows = [
            self._row(account_id, name, calculation, prices.get(account_id), lines.get(account_id))
            for (account_id, name), calculation in zip(missing, calculations, strict=True)
        ]
        written, booked = self._insert(rows, calculations)
        return Chunk(len(accounts) == CHUNK, last, statements=written, credits=booked)

    def _accounts_behind(self, after: int) -> list[tuple[Any, ...]]:
        """The next accounts (id, name) that were there in the month; none if all have their statement."""
        until_at = self.month.end * 1000
        if after == 0:
            have = execute(
                "SELECT COUNT(*) FROM statement WHERE month = ? AND sequence = 0", [self.month.key]
            )[0][0]
            if (
                have
                and have == execute("SELECT COUNT(*) FROM account WHERE created_at < ?", [until_at])[0][0]
            ):
                return []
        return execute(
            "SELECT id, name FROM account WHERE created_at < ? AND id > ? ORDER BY id LIMIT ?",
            [until_at, after, CHUNK],
        )

    def adjust_chunk(self, after: int) -> Chunk:
        """Adjustments of the next accounts whose figures are no longer those of their last statement."""
        if self._is_done:
            return Chunk(more=False)
        first = execute(
            "SELECT account_id FROM statement WHERE month = ? AND sequence = 0 AND account_id > ?"
            " ORDER BY account_id LIMIT ?",
            [self.month.key, after, CHUNK],
        )
        if not first:
            return Chunk(more=False)
        last = first[-1][0]
        rows_told = execute(
            f"SELECT {', '.join(_COLUMNS)} FROM statement WHERE month = ? AND account_id > ? AND account_id <= ?"  # noqa: S608 - constants
            " ORDER BY account_id, sequence",
            [self.month.key, after, last],
        )
        at = _COLUMNS.index("account_id")
        latest = {values[at]: values for values in rows_told}  # the one with the highest sequence
        book = self._books()
        rows, calculations = [], []
        for account_id, values in latest.items():
            calculation = self._calculate(book, account_id)
            row = self._adjusted(dict(zip(_COLUMNS, values, strict=True)), calculation)
            if row is not None:
                rows.append(row)
                calculations.append(calculation)
        written, booked = self._insert(rows, calculations)
        return Chunk(len(first) == CHUNK, last, adjustments=written, credits=booked)

    def _calculate(self, book: MonthBook, account_id: int) -> Calculation:
        if account_id not in book.accounts_with_own_records:
            return book.common
        if account_id not in self._own:
            self._own[account_id] = book.calculate(account_id)
        return self._own[account_id]

    def _figures_of(self, calculation: Calculation) -> dict[str, Any]:
        found = self._figures.get(calculation.evidence_sha256)
        if found is None:
            found = self._figures[calculation.evidence_sha256] = figures_of(calculation)
        return found

    def _adjusted(self, told: dict[str, Any], calculation: Calculation) -> dict[str, Any] | None:
        figures = self._figures_of(calculation)
        if all(told[name] == figures[name] for name in _FIGURES):
            return None
        account_id, stated = told["account_id"], 0
        if told["discount_rials"] is not None:
            stated = execute(
                "SELECT COALESCE(SUM(discount_rials), 0) FROM statement WHERE account_id = ? AND month = ?",
                [account_id, self.month.key],
            )[0][0]
        return self._row(
            account_id,
            told["account_name"],
            calculation,
            told["subscription_rials"],
            support_calls.of_month(self.month.key, [account_id]).get(account_id),
            Earlier(told["sequence"] + 1, told["number"], int(stated)),
            gives=told["discount_rials"] is not None,
        )

    def claims_chunk(self, _after: int) -> Chunk:
        """Credits of approved claims; after a correction those of credited ones too.  They are few."""
        due = claimed.due(self.month, credited_too=not self._is_done)
        lock_month(self.month.key)
        return Chunk(more=False, credits=claimed.settle(due, self.month, self.now))

    def finish(self) -> None:
        """The month is done if all was written from the records as they stand."""
        lock_month(self.month.key)
        now_sha256 = availability.records(self.month, self.now).sha256()
        if self._used <= {now_sha256}:
            execute(
                "UPDATE month_close SET inputs_sha256 = ?, closed_at = ? WHERE month = ? AND inputs_sha256 <> ?",
                [now_sha256, self.now, self.month.key, now_sha256],
            )

    def _row(
        self,
        account_id: int,
        name: str,
        calculation: Calculation,
        price: int | None,
        line: LineMonth | None,
        earlier: Earlier = _FIRST,
        *,
        gives: bool | None = None,
    ) -> dict[str, Any]:
        """A statement's columns; `price` is that of the subscription, `gives` whether it credits."""
        gives = self._gives_all if gives is None else gives
        rials = None
        notes = []
        if gives:
            rials = (credits.amount(price, calculation.discount) if price is not None else 0) - earlier.stated
        elif calculation.discount:
            notes.append("claim")
        if price is None and calculation.discount:
            notes.append("no_subscription")
        if not calculation.is_settled:
            notes.append("unknown")
        number = f"{self.month.key}-{account_id}" + (f"-{earlier.sequence}" if earlier.sequence else "")
        head = StatementHead(
            number, account_id, name, self.now // 1000, price, rials, earlier.adjusts, " ".join(notes), line
        )
        return {
            "number": number,
            "account_id": account_id,
            "account_name": name,
            "month": self.month.key,
            "sequence": earlier.sequence,
            "adjusts": earlier.adjusts,
            "issued_at": head.issued_at * 1000,
            "terms_id": calculation.rule.terms_id,
            "evidence_sha256": calculation.evidence_sha256,
            **self._figures_of(calculation),
            "subscription_rials": price,
            "discount_rials": rials,
            "note": head.note,
            "has_line": int(line is not None),
            "sha256": statement_sha256(head, calculation),
        }

    @staticmethod
    def _insert(rows: list[dict[str, Any]], calculations: Iterable[Calculation]) -> tuple[int, int]:
        """Write statements with their evidence, and the credits of those that are new; how many of each."""
        if not rows:
            return 0, 0
        claimed.keep_evidence(calculations)
        written = insert_rows(
            Statement,
            _COLUMNS,
            [[row[name] for name in _COLUMNS] for row in rows],
            "ON CONFLICT DO NOTHING RETURNING account_id",
        )
        new = {row[0] for row in written}
        given = [_credit(row) for row in rows if row["account_id"] in new and row["discount_rials"]]
        return len(new), len(credits.book(given, rows[0]["issued_at"]))


def _credit(row: dict[str, Any]) -> credits.NewCredit:
    return credits.NewCredit(
        key=credits.month_key(row["account_id"], row["month"], row["sequence"]),
        account_id=row["account_id"],
        rials=row["discount_rials"],
        memo=kept(
            "%(n)s %% for the availability of %(month)s, statement %(number)s",
            n=row["discount"],
            month=row["month"],
            number=row["number"],
        ),
        month=row["month"],
        sequence=row["sequence"],
        discount=row["discount"],
        evidence_sha256=row["evidence_sha256"],
    )
