"""How much an account may store, and request in a day; less while its identity is not confirmed.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.errors import Conflict
from engine.services.accounts import accounts, permissions
from engine.states import AccountState, CampaignState
from engine.store.tables.core import Campaign, Message, User
from engine.store.tables.support import Ticket, TicketMessage

DAY_MS = 86_400_000
SMALL_FILES_BYTES = 20_000_000  # of tickets, together
_UNCONFIRMED = (AccountState.REGISTERED, AccountState.MOBILE_VERIFIED)


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit for confirmed accounts and a lower one for the others."""

    full: int
    small: int


MESSAGES = Quota(500, 5)
SPOKEN_A_DAY = Quota(200, 5)
# By who needs no approval: their programs send each person a text of its own.
SPOKEN_FREELY_A_DAY = Quota(20_000, 5)
DRAFTS = Quota(200, 3)
PEOPLE = Quota(100, 5)
TICKETS_A_DAY = Quota(50, 5)
WRITINGS_A_DAY = Quota(200, 20)  # into tickets
UPLOADS = Quota(20, 3)  # put together and not confirmed yet
LISTS = Quota(100, 3)  # of numbers, that are kept
PAYMENTS = Quota(20, 10)  # begun within an hour and not paid
RECEIPTS = Quota(100, 5)  # that staff have not looked at
SMALL_DO_NOT_CALL = 10_000  # numbers of an account that is not confirmed; others as many as they like


class QuotaUsed(Conflict):
    """The account has reached this quota; `wait_s` says when there is room again, if time makes it."""

    http_status = 429

    def __init__(self, sentence: str, n: int, wait_ms: int | None = None) -> None:
        super().__init__(sentence, n=n)
        self.wait_s = None if wait_ms is None else max(1, -(-wait_ms // 1000))


def is_confirmed(account_id: int) -> bool:
    """Whether the identity behind the account is confirmed."""
    return accounts.get(account_id).state not in _UNCONFIRMED


def of(account_id: int, quota: Quota) -> int:
    """What the account may have."""
    return quota.full if is_confirmed(account_id) else quota.small


def check_messages(account_id: int) -> None:
    """Whether a message may be added to the gallery; QuotaUsed."""
    accounts.one_at_a_time(account_id)
    used = Message.select().where(Message.account == account_id, Message.in_gallery == True).count()  # noqa: E712 - SQL
    most = of(account_id, MESSAGES)
    if used >= most:
        raise QuotaUsed("The gallery holds at most %(n)s messages; remove some that are not needed.", n=most)


def check_spoken(account_id: int, now: int) -> None:
    """Whether another text may be spoken today; QuotaUsed.

    Ask before the text is spoken, and again in the transaction that keeps it: others may have spoken meanwhile.
    """
    accounts.one_at_a_time(account_id)
    spoken = Message.select(Message.created_at).where(Message.account == account_id, Message.text != "")
    is_free = accounts.has_grant(account_id, permissions.OWN_VOICE)
    most = of(account_id, SPOKEN_FREELY_A_DAY if is_free else SPOKEN_A_DAY)
    _check_day(
        spoken, Message.created_at, most, now,
        "At most %(n)s texts are spoken for an account in 24 hours.",
    )  # fmt: skip


def check_drafts(account_id: int) -> None:
    """Whether another campaign may be put together; QuotaUsed."""
    accounts.one_at_a_time(account_id)
    used = (
        Campaign.select().where(Campaign.account == account_id, Campaign.state == CampaignState.DRAFT).count()
    )
    most = of(account_id, DRAFTS)
    if used >= most:
        raise QuotaUsed("An account has at most %(n)s drafts; start or stop some of them.", n=most)


def check_uploads(account_id: int, waiting: int) -> None:
    """Whether another upload may be kept beside those that wait to be confirmed; QuotaUsed."""
    most = of(account_id, UPLOADS)
    if waiting >= most:
        raise QuotaUsed(
            "%(n)s campaigns of this account are being put together; finish or remove one of them.",
            n=waiting,
        )


def check_lists(account_id: int, kept: int) -> None:
    """Whether another list of numbers may be kept; QuotaUsed."""
    most = of(account_id, LISTS)
    if kept >= most:
        raise QuotaUsed("An account has at most %(n)s contact lists; remove one that is not needed.", n=most)


def check_payments(account_id: int, open_ones: int) -> None:
    """Whether another payment may be begun beside those that wait for their payer; QuotaUsed."""
    if open_ones >= of(account_id, PAYMENTS):
        raise QuotaUsed(
            "%(n)s payments were begun within the last hour and not paid; try again later.",
            n=open_ones,
        )


def check_receipts(account_id: int, waiting: int) -> None:
    """Whether another receipt may be told beside those that staff have not looked at; QuotaUsed."""
    if waiting >= of(account_id, RECEIPTS):
        raise QuotaUsed(
            "%(n)s receipts of this account wait for our staff; they look at those first.", n=waiting
        )


def check_do_not_call(account_id: int, numbers: int) -> None:
    """Whether the account's do-not-call list may have so many numbers; QuotaUsed."""
    if numbers > SMALL_DO_NOT_CALL and not is_confirmed(account_id):
        raise QuotaUsed(
            "Until your identity is confirmed, your do-not-call list holds at most %(n)s numbers.",
            n=SMALL_DO_NOT_CALL,
        )


def check_people(account_id: int) -> None:
    """Whether another colleague may be invited; QuotaUsed."""
    accounts.one_at_a_time(account_id)
    most = of(account_id, PEOPLE)
    if User.select().where(User.account == account_id).count() >= most:
        raise QuotaUsed("An account has at most %(n)s people.", n=most)


def check_tickets(account_id: int, now: int) -> None:
    """Whether the customer may open another ticket; QuotaUsed."""
    accounts.one_at_a_time(account_id)
    opened = Ticket.select(Ticket.opened_at).where(Ticket.account_id == account_id)
    _check_day(
        opened, Ticket.opened_at, of(account_id, TICKETS_A_DAY), now,
        "At most %(n)s tickets are opened in 24 hours; write into one that is there.",
    )  # fmt: skip


def check_writings(account_id: int, now: int) -> None:
    """Whether the customer may write into a ticket again; QuotaUsed."""
    accounts.one_at_a_time(account_id)
    own = Ticket.select(Ticket.id).where(Ticket.account_id == account_id, Ticket.changed_at > now - DAY_MS)
    written = TicketMessage.select(TicketMessage.at).where(
        TicketMessage.ticket_id.in_(own), TicketMessage.side == "customer"
    )
    _check_day(
        written, TicketMessage.at, of(account_id, WRITINGS_A_DAY), now,
        "At most %(n)s messages are written into tickets in 24 hours.",
    )  # fmt: skip


def _check_day(rows: Any, at: Any, most: int, now: int, sentence: str) -> None:
    """Raise QuotaUsed, with `sentence`, when `most` of these rows have their instant `at` in the last 24 hours."""
    last = rows.where(at > now - DAY_MS).order_by(at.desc()).offset(most - 1).limit(1).tuples().first()
    if last is not None:  # there is room when this one is a day old
        raise QuotaUsed(sentence, n=most, wait_ms=last[0] + DAY_MS - now)
