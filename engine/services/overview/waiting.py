"""Counts of pending work, for the first page and the badges of the menu.

Only counts, each by an index; inside a connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts import permissions
from engine.services.accounts.permissions import Person
from engine.services.compliance import cap_requests
from engine.services.money.payment_providers import RECEIPT
from engine.services.sla.claim_states import UNDECIDED
from engine.states import MessageState, PaymentState, ReviewState, TicketState
from engine.store.tables.core import Message
from engine.store.tables.customers import IdentityReview, Payment
from engine.store.tables.sla import Claim, OutageReport
from engine.store.tables.support import Ticket

DAY_MS = 86_400_000
_OPEN_TICKETS = (TicketState.OPEN, TicketState.ANSWERED, TicketState.WAITING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts of pending work; 0 for what the person may not see."""

    identities: int = 0
    messages: int = 0
    receipts: int = 0
    cap_requests: int = 0
    claims: int = 0
    reports: int = 0  # outages that customers report
    tickets: int = 0  # open ones
    tickets_late: int = 0
    tickets_soon: int = 0  # due within a day
    tickets_for_customer: int = 0

    @property
    def total(self) -> int:
        """All that waits for staff; tickets count when they are late or due within a day."""
        return (
            self.identities + self.messages + self.receipts + self.cap_requests + self.claims
            + self.reports + self.tickets_late + self.tickets_soon
        )  # fmt: skip


def of_person(person: Person, now: int) -> Waiting:
    """What waits for staff, or for the customer."""
    account_id = permissions.scope(person)
    if account_id is None:
        return _of_staff(person, now)
    waits = Ticket.select().where(Ticket.account_id == account_id, Ticket.state == TicketState.WAITING)
    return Waiting(tickets_for_customer=int(waits.count()))


def _of_staff(person: Person, now: int) -> Waiting:
    def if_may(right: str, query: object) -> int:
        return int(query.count()) if permissions.may(person, right) else 0  # type: ignore[attr-defined]

    undecided = Message.state.in_((MessageState.WAITING, MessageState.BY_PHONE))
    # Written as in the partial index, so that it is used.
    messages = Message.select().where(Message.state != "approved", undecided, Message.in_gallery)
    due = Ticket.select().where(Ticket.state.in_(_OPEN_TICKETS))
    return Waiting(
        identities=if_may(
            "identity.view", IdentityReview.select().where(IdentityReview.state == ReviewState.SUBMITTED)
        ),
        messages=if_may("message.view", messages),
        receipts=if_may(
            "money.view",
            Payment.select().where(Payment.provider == RECEIPT, Payment.state == PaymentState.PENDING),
        ),
        cap_requests=cap_requests.count_waiting(),
        claims=int(Claim.select().where(Claim.state.in_(UNDECIDED)).count()),
        reports=int(OutageReport.select().where(OutageReport.state == "open").count()),
        tickets=int(due.count()),
        tickets_late=int(due.where(Ticket.next_due_at < now).count()),
        tickets_soon=int(due.where(Ticket.next_due_at.between(now, now + DAY_MS)).count()),
    )
