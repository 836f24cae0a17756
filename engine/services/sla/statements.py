"""Closing months: one statement a month and account, its adjustments, its credit.

The job may run as often as one likes, be killed anywhere, and run in several
processes at once: a statement is unique by account, month and sequence, a chunk
of accounts is one transaction that holds the month's lock, and a month counts as
done when its statements were written from the records as they stand (their hash
is kept).  When records change later the hash differs, every account is reckoned
again, and where the figures differ an adjustment is written: the difference only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.agreement.book import MonthBook
from engine.agreement.intervals import total
from engine.agreement.line_month import LineMonth
from engine.agreement.months import Month
from engine.agreement.reckoning import Reckoning
from engine.agreement.statement import StatementHead, statement_sha256
from engine.errors import BadInput
from engine.sentences import Instant, kept
from engine.services.sla import availability, claimed, credits, support_calls
from engine.services.sla.archive import figures_of
from engine.services.sla.locks import lock_month
from engine.services.sla.monitor import first_watched
from engine.store.bulk import insert_rows
from engine.store.paging import page_of
from engine.store.sql import execute
from engine.store.tables.sla import OutageRecord, Statement

log = logging.getLogger(__name__)

CHUNK = 500  # accounts in one transaction: short enough for a writer that others wait for
DAY_MS = 86_400_000
CLAIMED, ALL = "claimed", "all"

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
class StatementPolicy:
    """How an installation closes its months (settings)."""

    jalali: bool = True
    credits: str = CLAIMED  # claimed: for claimed outages only; all: for every month with a discount
    wait_days: int = 3  # how long a month with unresolved unknown time waits for staff


@dataclass(slots=True)
class Closed:
    """What closing a month wrote."""

    month: str
    statements: int = 0
    adjustments: int = 0
    credits: int = 0
    waits: str = ""  # why the month was left for later


Write = Callable[[Callable[[], Any]], Any]


def closed_months(now: int, jalali: bool) -> list[Month]:
    """The months that are over, from the first one that anything is known of."""
    first = _first_known()
    if first is None:
        return []
    month = Month.containing(first // 1000, jalali=jalali)
    months = []
    while month.end * 1000 <= now:
        months.append(month)
        month = month.next()
    return months


def _first_known() -> int | None:
    outage = OutageRecord.select(OutageRecord.start_at).order_by(OutageRecord.start_at).first()
    found = [at for at in (first_watched(), outage.start_at if outage else None) if at is not None]
    return min(found) if found else None


def close_all(policy: StatementPolicy, now: int, write: Write) -> list[Closed]:
    """Close every month that is over and not done; what was written.  `write` runs a function in a transaction."""
    return [
        close_month(month, policy, now, write) for month in write(lambda: closed_months(now, policy.jalali))
    ]


def close_month(
    month: Month, policy: StatementPolicy, now: int, write: Write, *, at_once: bool = False
) -> Closed:
    """Write what a month lacks: 1. statements, 2. adjustments, 3. credits of claims, 4. that it is done.

    `at_once` does not wait for staff to resolve unknown time.  BadInput for a
    month that still runs.
    """
    if month.end * 1000 > now:
        raise BadInput(
            "The month %(month)s is not over: it can be closed from %(at)s on.",
            month=month,
            at=Instant(month.end * 1000),
        )
    closed = Closed(month.key)
    closer = _Closer(month, policy, now)
    closed.waits = write(lambda: closer.begin(at_once))
    if closed.waits:
        return closed
    for step in (closer.write_chunk, closer.adjust_chunk, closer.claims_chunk):
        chunk = _Chunk()
        while chunk.more:
            # A step changes nothing outside the database: it may be run again after a collision.
            chunk = write(partial(step, chunk.after))
            closed.statements += chunk.statements
            closed.adjustments += chunk.adjustments
            closed.credits += chunk.credits
    write(closer.finish)
    if closed.statements or closed.adjustments or closed.credits:
        log.info(
            "action=month_closed month=%s statements=%d adjustments=%d credits=%d",
            month,
            closed.statements,
            closed.adjustments,
            closed.credits,
        )
    return closed


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What one transaction did: whether there is more behind the account `after`."""

    more: bool = True
    after: int = 0
    statements: int = 0
    adjustments: int = 0
    credits: int = 0


class _Closer:
    """One run over one month; each method is one transaction."""

    def __init__(self, month: Month, policy: StatementPolicy, now: int) -> None:
        self.month, self.policy, self.now = month, policy, now
        self._sha256 = ""
        self._used: set[str] = set()
        self._book: MonthBook | None = None
        self._own: dict[int, Reckoning] = {}  # of accounts with records of their own
        self._figures: dict[str, dict[str, Any]] = {}  # by evidence: thousands of accounts share one
        self._is_done = False

    def begin(self, at_once: bool) -> str:
        """Why the month is left for later; empty: there may be something to do, and the support line's figures are noted."""
        before = lock_month(self.month.key)
        records = availability.records(self.month, self.now)
        self._is_done = before == records.sha256()
        waits_until = self.month.end * 1000 + self.policy.wait_days * DAY_MS
        if records.unknown and not before and not at_once and self.now < waits_until:
            return f"{total(records.unknown)} s of unknown time wait for staff to resolve them"
        support_calls.note_month(self.month, self.now)
        return ""

    def _books(self) -> MonthBook:
        """The month's book, made again when the records changed since the last chunk."""
        lock_month(self.month.key)
        records = availability.records(self.month, self.now)
        sha256 = records.sha256()
        if self._book is None or sha256 != self._sha256:
            self._book, self._sha256, self._own = records.book(), sha256, {}
        self._used.add(sha256)
        return self._book

    def write_chunk(self, after: int) -> _Chunk:
        """Statements of the next accounts that have none."""
        accounts = self._accounts_behind(after)
        if not accounts:
            return _Chunk(more=False)
        last = accounts[-1][0]
        told = execute(
            "SELECT account_id FROM statement WHERE month = ? AND account_id > ? AND account_id <= ? AND sequence = 0",
            [self.month.key, after, last],
        )
        have = {row[0] for row in told}
        missing = [row for row in accounts if row[0] not in have]
        if not missing:
            return _Chunk(len(accounts) == CHUNK, last)
        book = self._books()
        ids = [row[0] for row in missing]
        prices = credits.prices(ids, self.month)
        lines = support_calls.of_month(self.month.key, ids)
        reckonings = [self._reckon(book, account_id) for account_id in ids]
        rows = [
            self._row(account_id, name, reckoning, prices.get(account_id), 0, "", 0, lines.get(account_id))
            for (account_id, name), reckoning in zip(missing, reckonings, strict=True)
        ]
        written, booked = self._insert(rows, reckonings)
        return _Chunk(len(accounts) == CHUNK, last, statements=written, credits=booked)

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

    def adjust_chunk(self, after: int) -> _Chunk:
        """Adjustments of the next accounts whose figures are no longer those of their last statement."""
        if self._is_done:
            return _Chunk(more=False)
        first = execute(
            "SELECT account_id FROM statement WHERE month = ? AND sequence = 0 AND account_id > ?"
            " ORDER BY account_id LIMIT ?",
            [self.month.key, after, CHUNK],
        )
        if not first:
            return _Chunk(more=False)
        last = first[-1][0]
        rows_told = execute(
            f"SELECT {', '.join(_COLUMNS)} FROM statement WHERE month = ? AND account_id > ? AND account_id <= ?"  # noqa: S608
            " ORDER BY account_id, sequence",
            [self.month.key, after, last],
        )
        at = _COLUMNS.index("account_id")
        latest = {values[at]: values for values in rows_told}  # the one with the highest sequence
        book = self._books()
        rows, reckonings = [], []
        for account_id, values in latest.items():
            reckoning = self._reckon(book, account_id)
            row = self._adjusted(dict(zip(_COLUMNS, values, strict=True)), reckoning)
            if row is not None:
                rows.append(row)
                reckonings.append(reckoning)
        written, booked = self._insert(rows, reckonings)
        return _Chunk(len(first) == CHUNK, last, adjustments=written, credits=booked)

    def _reckon(self, book: MonthBook, account_id: int) -> Reckoning:
        if account_id not in book.accounts_with_own_records:
            return book.common
        if account_id not in self._own:
            self._own[account_id] = book.reckon(account_id)
        return self._own[account_id]

    def _figures_of(self, reckoning: Reckoning) -> dict[str, Any]:
        found = self._figures.get(reckoning.evidence_sha256)
        if found is None:
            found = self._figures[reckoning.evidence_sha256] = figures_of(reckoning)
        return found

    def _adjusted(self, told: dict[str, Any], reckoning: Reckoning) -> dict[str, Any] | None:
        figures = self._figures_of(reckoning)
        if all(told[name] == figures[name] for name in _FIGURES):
            return None
        account_id, sequence = told["account_id"], told["sequence"] + 1
        stated = 0
        if told["discount_rials"] is not None:
            stated = execute(
                "SELECT COALESCE(SUM(discount_rials), 0) FROM statement WHERE account_id = ? AND month = ?",
                [account_id, self.month.key],
            )[0][0]
        return self._row(
            account_id,
            told["account_name"],
            reckoning,
            told["subscription_rials"],
            sequence,
            told["number"],
            int(stated),
            support_calls.of_month(self.month.key, [account_id]).get(account_id),
            gives=told["discount_rials"] is not None,
        )

    def claims_chunk(self, _after: int) -> _Chunk:
        """Credits of approved claims; after a correction those of credited ones too.  They are few."""
        due = claimed.due(self.month, credited_too=not self._is_done)
        lock_month(self.month.key)
        return _Chunk(more=False, credits=claimed.settle(due, self.month, self.now))

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
        reckoning: Reckoning,
        price: int | None,
        sequence: int,
        adjusts: str,
        stated: int,
        line: LineMonth | None,
        *,
        gives: bool | None = None,
    ) -> dict[str, Any]:
        """A statement's columns; `stated` is the discount that earlier statements gave."""
        gives = self.policy.credits == ALL if gives is None else gives
        rials = None
        notes = []
        if gives:
            rials = (credits.amount(price, reckoning.discount) if price is not None else 0) - stated
        elif reckoning.discount:
            notes.append("claim")
        if price is None and reckoning.discount:
            notes.append("no_subscription")
        if not reckoning.is_settled:
            notes.append("unknown")
        number = f"{self.month.key}-{account_id}" + (f"-{sequence}" if sequence else "")
        head = StatementHead(
            number, account_id, name, self.now // 1000, price, rials, adjusts, " ".join(notes), line
        )
        return {
            "number": number,
            "account_id": account_id,
            "account_name": name,
            "month": self.month.key,
            "sequence": sequence,
            "adjusts": adjusts,
            "issued_at": head.issued_at * 1000,
            "terms_id": reckoning.rule.terms_id,
            "evidence_sha256": reckoning.evidence_sha256,
            **self._figures_of(reckoning),
            "subscription_rials": price,
            "discount_rials": rials,
            "note": head.note,
            "has_line": int(line is not None),
            "sha256": statement_sha256(head, reckoning),
        }

    @staticmethod
    def _insert(rows: list[dict[str, Any]], reckonings: Iterable[Reckoning]) -> tuple[int, int]:
        """Write statements with their evidence, and the credits of those that are new; how many of each."""
        if not rows:
            return 0, 0
        claimed.keep_evidence(reckonings)
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


def page(month: str, before: int | None, limit: int) -> list[Statement]:
    """Statements of all accounts, of one `month` if it is given, the newest first."""
    query = Statement.select().where(Statement.month == month) if month else Statement.select()
    return page_of(query, Statement.id, from_id=before, is_queue=False, limit=limit)
