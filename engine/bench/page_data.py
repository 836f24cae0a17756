"""The data of `bench pages`: many accounts, campaigns, recipients and tickets, written directly to the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.clock import wall_ms
from engine.fold import fold
from engine.services.messages import prompts
from engine.services.tickets.department_rules import DEPARTMENTS, QUEUES
from engine.services.trunks import gateways
from engine.store.database import db
from engine.store.sql import to_dialect
from engine.store.tables.campaigns import CampaignVote
from engine.store.tables.core import (
    Account,
    Attempt,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Message,
    Recipient,
    User,
)
from engine.store.tables.customers import IdentityReview, Payment
from engine.store.tables.money import LedgerBalance, LedgerEntry, LedgerTxn
from engine.store.tables.support import Ticket, TicketMessage, TicketQueue

CHUNK = 20_000
HOUR, DAY = 3_600_000, 86_400_000
TOPPED, CHARGED = 5_000_000, 350  # Rials of each account and campaign
OF_OWNER = 300  # so many tickets, campaigns and messages belong to the account whose pages are requested
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class House:
    """The sizes of an installation."""

    recipients: int = 1_000_000
    accounts: int = 10_000
    campaigns: int = 3_000
    tickets: int = 20_000


@dataclass(frozen=True, slots=True)
class Made:
    """Ids of the things whose pages are requested."""

    account: int
    campaign: int  # the one with all recipients
    ticket: int
    message: int


def fill(house: House, prompt: str) -> Made:
    """Write all data to the tables of a new installation; inside a transaction."""
    now = wall_ms()
    names = ("شرکت پخش", "فروشگاه", "Clinic", "بیمهٔ", "School")
    first = _next_id(Account)
    _fill(
        Account, house.accounts, created_at=lambda n: now - (house.accounts - n) * 600_000, state="active",
        name=lambda n: f"{names[n % 5]} {n}", search=lambda n: fold(f"{names[n % 5]} {n}"),
        mobile=lambda n: f"+98912{n:07d}", mobile_verified_at=now, expires_at=now + 100 * DAY,
    )  # fmt: skip
    gateways.add("lab", 40, 200, None, now)
    message = prompts.add(first, "پیام بهار", prompt, 12_000, now)
    _fill(
        Message, OF_OWNER, account_id=first, title=lambda n: f"پیام {n}", search=lambda n: f"پیام{n}", prompt=prompt,
        duration_ms=12_000, created_at=now, state=lambda n: "waiting" if n % 3 == 0 else "approved",
    )  # fmt: skip

    def whose(n: int) -> int:
        return first if n < OF_OWNER else first + n % house.accounts

    campaign = _next_id(Campaign)
    states = ("running", "finished", "paused", "finished", "stopped", "finished", "draft")
    _fill(
        Campaign, house.campaigns, account_id=whose, name=lambda n: f"کارزار {n}", search=lambda n: f"کارزار{n}",
        state=lambda n: "finished" if n == 0 else states[n % 7] if n % 50 == 0 else "finished", message_id=message,
        created_at=lambda n: now - (house.campaigns - n) * HOUR, started_at=now - DAY, vote_keys="12",
        finished_at=lambda n: now - n * 1000,
    )  # fmt: skip
    delivered = house.recipients // 2
    counts = {"total": house.recipients, "delivered": delivered, "exhausted": house.recipients - delivered,
              "attempts": house.recipients, "answered": delivered, "no_answer": house.recipients - delivered}  # fmt: skip
    _fill(
        CampaignCounts, house.campaigns, campaign_id=lambda n: campaign + n,
        **{name: _of_first(value) for name, value in counts.items()},
    )  # fmt: skip
    _fill(CampaignPulse, house.campaigns, campaign_id=lambda n: campaign + n)
    _recipients(house.recipients, campaign, now)
    _tickets(house, whose, now)
    _money(house, first, campaign, now)
    db.execute_sql("ANALYZE")
    return Made(first, campaign, _next_id(Ticket) - house.tickets, message)


def add_owner(account_id: int, admin: str) -> None:
    """Add a user of the account with the administrator's password; inside a transaction."""
    kept = User.get(User.username == admin).password_hash
    User.create(username=OWNER, password_hash=kept, role="owner", account=account_id, created_at=wall_ms())


def _recipients(count: int, campaign: int, now: int) -> None:
    attempt = _next_id(Attempt)

    def outcome(n: int) -> str:
        return "answered" if n % 2 == 0 else "no_answer"

    _fill(
        Recipient, count, campaign_id=campaign, line=lambda n: n + 2, number=lambda n: f"+98912{n:07d}", is_mobile=True,
        state=lambda n: "delivered" if n % 2 == 0 else "exhausted", tries=1, disposition=outcome,
        cost=lambda n: 350 if n % 2 == 0 else 0, attempt_id=lambda n: attempt + n, finished_at=lambda n: now - (count - n) * 50,
    )  # fmt: skip
    _fill(
        Attempt, count, uuid=lambda n: f"{n:036d}", recipient_id=lambda n: n + 1, campaign_id=campaign, switch_id=1,
        gateway_id=1, core_uuid="", state="ended", try_no=1, created_at=lambda n: now - (count - n) * 50 - 30_000,
        answered_at=lambda n: now - (count - n) * 50 - 12_000 if n % 2 == 0 else None,
        ended_at=lambda n: now - (count - n) * 50, disposition=outcome, hangup_cause="NORMAL_CLEARING",
        heard_ms=lambda n: 12_000 if n % 2 == 0 else 0, settled_by="event", price=lambda n: 350 if n % 2 == 0 else 0,
        vote=lambda n: "12"[n % 4 // 2] if n % 2 == 0 else "",
    )  # fmt: skip
    for key in "12":
        CampaignVote.create(campaign_id=campaign, vote=key, number=count // 4)


def _tickets(house: House, whose: Callable[[int], int], now: int) -> None:
    ticket, departments, queues = _next_id(Ticket), list(DEPARTMENTS), list(QUEUES)
    states = ("closed", "closed", "open", "answered", "waiting_for_customer")
    _fill(
        Ticket, house.tickets, account_id=whose, department=lambda n: departments[n % len(departments)],
        subject=lambda n: f"تیکت شمارهٔ {n}", state=lambda n: states[n % 5], via="portal", terms_id="",
        opened_at=lambda n: now - (house.tickets - n) * 60_000, changed_at=lambda n: now - (house.tickets - n) * 50_000,
        next_due_at=lambda n: now + (n - 50) * HOUR if n % 5 == 2 else None,
    )  # fmt: skip
    _fill(TicketQueue, house.tickets, queue=lambda n: queues[n % len(queues)], ticket_id=lambda n: ticket + n)
    _fill(
        TicketMessage, house.tickets, ticket_id=lambda n: ticket + n, side="customer",
        text="سلام، این چند خط متن تیکت است.", at=now,
    )  # fmt: skip


def _money(house: House, first: int, campaign: int, now: int) -> None:
    """A top-up for every account and a charge for each campaign of the first account, so that the books balance."""
    charges = house.campaigns
    txn = _next_id(LedgerTxn)
    _fill(
        LedgerTxn, house.accounts + charges, key=lambda n: f"bench/{n}", at=lambda n: now - DAY + n * 1000,
        kind=lambda n: "topup" if n < house.accounts else "charge",
        account_id=lambda n: first + n if n < house.accounts else first,
        campaign_id=lambda n: None if n < house.accounts else campaign + n - house.accounts,
    )  # fmt: skip
    for book, topped, charged in (
        ("balance", TOPPED, -CHARGED),
        ("cash", -TOPPED, 0),
        ("revenue", 0, CHARGED),
    ):
        _fill(
            LedgerEntry, house.accounts + charges, txn_id=lambda n: txn + n, book=book,
            account_id=lambda n: first + n if n < house.accounts else first,
            amount=lambda n, a=topped, b=charged: a if n < house.accounts else b,
        )  # fmt: skip
        sums = (topped + charged * charges, topped)
        _fill(
            LedgerBalance, house.accounts, account_id=lambda n: first + n, book=book,
            amount=lambda n, sums=sums: sums[min(n, 1)],
        )  # fmt: skip
    _fill(
        Payment, house.accounts, account_id=lambda n: first + n, provider="receipt", purpose="topup", amount=100_000,
        state=lambda n: "pending" if n % 40 == 0 else "paid", created_at=now,
    )  # fmt: skip
    _fill(
        IdentityReview, house.accounts, account_id=lambda n: first + n, kind="firm", name=lambda n: f"شرکت {n}",
        national_number="14000000000", state=lambda n: "submitted" if n % 50 == 0 else "accepted", submitted_at=now,
    )  # fmt: skip


def _of_first(value: int) -> Callable[[int], int]:
    return lambda n: value if n == 0 else 0


def _next_id(model: Any) -> int:
    return int(db.execute_sql(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {model._meta.table_name}").fetchone()[0])  # noqa: S608 - a constant


def _fill(model: Any, count: int, **columns: Any) -> None:
    """Insert `count` rows; a column is a value or a function of the row's index; other columns have their defaults."""
    given = dict(columns)
    for field in model._meta.sorted_fields:
        default = field.default() if callable(field.default) else field.default
        if field.column_name not in given and default is not None:
            given[field.column_name] = str(default) if isinstance(default, str) else default
    marks = ", ".join("?" * len(given))
    insert = to_dialect(f"INSERT INTO {model._meta.table_name} ({', '.join(given)}) VALUES ({marks})")  # noqa: S608 - constants
    makers = [value if callable(value) else None for value in given.values()]
    values = list(given.values())

    def rows() -> Iterator[tuple[Any, ...]]:
        for n in range(count):
            yield tuple(make(n) if make else value for make, value in zip(makers, values, strict=True))

    series, cursor = rows(), db.cursor()
    while chunk := list(islice(series, CHUNK)):
        cursor.executemany(insert, chunk)
