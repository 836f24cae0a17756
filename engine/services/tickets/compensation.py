"""Making claims: the ticket, the claim and its evidence are written together or not at all.

A claim is about an outage, or about support: a deadline of a ticket that was
missed, or a call to the support line that nobody answered in support hours.
A claim that is sent twice is made once: its ticket has a key, and a ticket has one claim.

Functions run inside a transaction; `now` and every `*_at` are milliseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.agreement.calendars import CalendarKind
from engine.agreement.working_time import elapsed
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Duration, Instant, Sentence
from engine.services.accounts import accounts
from engine.services.accounts.permissions import TICKET_ROLES, Actor, is_staff, require_role
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.services.outbox.wording import bilingual
from engine.services.sla import agreements, claims, support_calls, working_calendar
from engine.services.sla.claim_states import ClaimKind, ClaimState
from engine.services.tickets import clocks, tickets
from engine.services.tickets.access import ticket_for
from engine.services.tickets.department_rules import CLAIM
from engine.store.tables.sla import Claim, ClaimEvidence
from engine.store.tables.support import TicketClock

CLOCK, QUEUE = "clock", "queue"  # what a claim about support may rest on
MAX_CALL_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim for an account; `key` identifies it, so that it is made once, however often it is sent."""

    account_id: int
    kind: str
    subject: str
    text: str
    from_at: int
    until_at: int
    key: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A deadline that we missed, until when it can be claimed, and its claim if there is one."""

    clock: TicketClock
    until_at: int | None  # None: it is still not done, so its days have not begun to run
    claim_id: int | None

    def can_be_claimed(self, now: int) -> bool:
        """Whether the customer may claim it now."""
        return self.claim_id is None and (self.until_at is None or now <= self.until_at)


@dataclass(frozen=True, slots=True)
class Failed:
    """A call to the support line that failed, until when it can be claimed, and its claim if there is one."""

    found: support_calls.FailedCall
    until_at: int
    claim_id: int | None

    def can_be_claimed(self, now: int) -> bool:
        """Whether the customer may claim it now."""
        return self.claim_id is None and now <= self.until_at


@dataclass(frozen=True, slots=True)
class SupportEvidence:
    """The basis of a claim about support, for display; `ticket_id` is that of the missed clock."""

    kind: str
    clock: TicketClock | None
    number: str

    @property
    def ticket_id(self) -> int | None:
        return None if self.clock is None else int(self.clock.ticket_id)


def claim(person: Actor, wanted: Wanted, now: int, *, rests_on_clock: bool = False) -> int:
    """Make a claim by a ticket of its own; the claim's id.

    TooLate with the date, Conflict if it was claimed before, BadInput for a
    time that makes no sense, NotFound for another customer's account.
    """
    accounts.one_at_a_time(wanted.account_id)
    ticket_id = tickets.open_ticket(
        person,
        wanted.account_id,
        CLAIM,
        wanted.subject,
        wanted.text,
        now,
        via="telephone" if is_staff(person) else "portal",
        key=f"claim-{wanted.account_id}-{wanted.key}",
    )
    known = claims.of_ticket(ticket_id)
    if known is not None:
        return int(known.id)
    return claims.submit(
        claims.NewClaim(
            wanted.account_id,
            wanted.kind,
            wanted.text,
            wanted.from_at,
            wanted.until_at,
            ticket_id,
            person.id,
            rests_on_clock=rests_on_clock,
        ),
        now,
    )


def from_ticket(person: Actor, ticket_id: int, kind: str, from_at: int, until_at: int, now: int) -> int:
    """Staff make a claim of a ticket that came without one (by a program, or moved here); the claim's id.

    It counts as made when the ticket was opened, and has the customer's words.
    """
    require_role(person, TICKET_ROLES)
    ticket = ticket_for(person, ticket_id, for_change=True)
    if ticket.department != CLAIM:
        raise Conflict("Ticket %(id)s is no compensation claim; move it there first.", id=ticket_id)
    known = claims.of_ticket(ticket_id)
    if known is not None:
        return int(known.id)
    text = tickets.first_words(ticket_id)[:2000]
    new = claims.NewClaim(
        ticket.account_id, kind, text, from_at, until_at, ticket_id, ticket.author_id, ticket.opened_at
    )
    return claims.submit(new, now)


def claim_clock(person: Actor, clock_id: int, subject: str, text: str, now: int) -> int:
    """Claim a missed deadline of a ticket, which is the evidence; the claim's id, the first one's if asked again.

    NotFound for another customer's clock or one that was not missed; TooLate with the date.
    """
    clock = missed_clock(person, clock_id)
    ticket = ticket_for(person, clock.ticket_id, for_change=True)
    before = _claims_of([clock_id])
    if clock_id in before:
        return before[clock_id]
    tried = ClaimEvidence.select().where(ClaimEvidence.clock_id == clock_id).count()
    wanted = Wanted(
        ticket.account_id,
        ClaimKind.SUPPORT,
        subject,
        text,
        int(clock.missed_at or now),
        max(clock.missed_at or 0, clock.done_at or now),
        f"clock-{clock_id}-{tried}",
    )
    claim_id = claim(person, wanted, now, rests_on_clock=True)
    ClaimEvidence.create(claim_id=claim_id, kind=CLOCK, clock_id=clock_id)
    clocks.note(ticket.id, "clock_claimed", person.id, now, old=clock.kind, new=f"claim {claim_id}")
    return claim_id


def claim_queue(person: Actor, wanted: Wanted, number: str, now: int) -> int:
    """Claim a call to the support line that nobody answered; the claim's id.

    `wanted` has the time of the call, `number` the telephone that called us (empty: it is taken from our records).
    BadInput for a call outside support hours, when no answer was promised.
    """
    if not 0 < wanted.until_at - wanted.from_at <= MAX_CALL_MS:
        raise BadInput("A call to the support line begins before it ends, and lasts a day at most.")
    calendar = working_calendar.of_terms(agreements.in_force(wanted.from_at), CalendarKind.SUPPORT)
    if not elapsed(calendar, wanted.from_at // 1000, wanted.until_at // 1000):
        raise BadInput(
            "Support was closed from %(from_at)s to %(until_at)s; only its hours can be claimed.",
            from_at=Instant(wanted.from_at),
            until_at=Instant(wanted.until_at),
        )
    e164 = _number_of(wanted, number)
    claim_id = claim(person, wanted, now)
    ClaimEvidence.insert(claim_id=claim_id, kind=QUEUE, number=e164).on_conflict_ignore().execute()
    _note_our_books(claim_id, wanted, e164, now)
    return claim_id


def claim_call(person: Actor, account_id: int, call_id: int, subject: str, text: str, now: int) -> int:
    """Claim a recorded call that nobody answered or that waited too long; the claim's id, once per call.

    NotFound for another account's call or one that was answered in time; TooLate with the date.
    """
    found = support_calls.failed_call(account_id, call_id)
    before = _claims_of_calls([call_id])
    if call_id in before:
        return before[call_id]
    tried = ClaimEvidence.select().where(ClaimEvidence.call_id == call_id).count()
    begun = int(found.call.joined_at or now)
    wanted = Wanted(
        account_id,
        ClaimKind.SUPPORT,
        subject,
        text,
        begun,
        begun + max(1000, found.waited_ms),
        f"call-{call_id}-{tried}",
    )
    claim_id = claim(person, wanted, now)
    ClaimEvidence.create(claim_id=claim_id, kind=QUEUE, number=found.call.number, call_id=call_id)
    _note_our_books(claim_id, wanted, found.call.number, now)
    return claim_id


def _number_of(wanted: Wanted, number: str) -> str:
    """The E.164 of what the customer wrote; nothing written: the number of the account's call in our own records."""
    if number.strip():
        called = numbers.normalise(number)
        if isinstance(called, Reason):
            raise BadInput("«%(number)s»: %(why)s", number=number[:40], why=called.sentence)
        return called.e164
    rows = support_calls.of_caller("", wanted.account_id, wanted.from_at, wanted.until_at)
    if not rows:
        raise BadInput("Our records have no call of yours in that time; write the number that rang us.")
    return str(rows[0].number)


def _note_our_books(claim_id: int, wanted: Wanted, number: str, now: int) -> None:
    """Add our own records of these calls to the claim's ticket, for the committee: an internal note, once."""
    ticket_id = claims.get(claim_id).ticket_id
    if ticket_id is None:
        return
    rows = support_calls.of_caller(number, wanted.account_id, wanted.from_at, wanted.until_at)
    lines = [
        bilingual(
            Sentence(
                "%(at)s: %(state)s after %(wait)s in the queue",
                at=Instant(row.joined_at or row.came_at),
                state=support_calls.ENDS[row.state],
                wait=Duration(support_calls.wait_s(row, now)),
            )
        )["fa"]
        for row in rows
    ]
    head = Sentence("By our own records this caller joined the queue %(n)s times in that time.", n=len(rows))
    tickets.note_of_system(int(ticket_id), "\n".join([bilingual(head)["fa"], *lines]), now)


# -- reading ------------------------------------------------------------------------------


def missed_clock(person: Actor, clock_id: int) -> TicketClock:
    """A clock that was missed, of a ticket that the person may see; NotFound otherwise."""
    clock: TicketClock | None = TicketClock.get_or_none(TicketClock.id == clock_id)
    if clock is None or clock.missed_at is None:
        raise NotFound("There is no missed deadline %(id)s.", id=clock_id)
    ticket_for(person, clock.ticket_id)
    return clock


def missed_of_account(account_id: int, now: int, span_ms: int = 90 * 86_400_000) -> list[Missed]:
    """The deadlines of an account that were missed lately, the newest first."""
    return _missed(clocks.missed_of(account_id, now - span_ms, now + 1)[::-1])


def failed_calls(account_id: int, now: int, span_ms: int = 90 * 86_400_000) -> list[Failed]:
    """The account's calls to the support line that failed lately, the newest first."""
    found = support_calls.failed_of(account_id, now - span_ms)
    claimed = _claims_of_calls([int(one.call.id) for one in found])
    known = agreements.versions()
    rows = []
    for one in found:
        ended_at = int(one.call.joined_at or 0) + one.waited_ms
        window_s = known.in_force(ended_at // 1000).limits["claim_window_s"]
        rows.append(Failed(one, ended_at + window_s * 1000, claimed.get(int(one.call.id))))
    return rows


def missed_of_ticket(ticket_id: int) -> dict[int, Missed]:
    """The missed deadlines of a ticket by the id of the clock."""
    rows = TicketClock.select().where(
        TicketClock.ticket_id == ticket_id, TicketClock.missed_at.is_null(False)
    )
    return {int(each.clock.id): each for each in _missed(list(rows))}


def evidence_of(claim_id: int) -> SupportEvidence | None:
    """The basis of a claim about support; None if there is only the customer's word."""
    row = ClaimEvidence.get_or_none(ClaimEvidence.claim_id == claim_id)
    if row is None:
        return None
    clock = None if row.clock_id is None else TicketClock.get_by_id(row.clock_id)
    return SupportEvidence(row.kind, clock, row.number)


def _missed(rows: list[TicketClock]) -> list[Missed]:
    known = agreements.versions()
    claimed = _claims_of([int(row.id) for row in rows])
    found = []
    for row in rows:
        window_s = known.by_id(row.terms_id).limits["claim_window_s"]
        # A deadline is missed at an instant, and late until the thing is done: the days run from there.
        until_at = None if row.done_at is None else max(row.done_at, row.missed_at or 0) + window_s * 1000
        found.append(Missed(row, until_at, claimed.get(int(row.id))))
    return found


def _claims_of(clock_ids: list[int]) -> dict[int, int]:
    """Claims by the clock they rest on, those that were rejected left out."""
    rows: Any = (
        Claim.select(Claim.id, ClaimEvidence.clock_id)
        .join(ClaimEvidence, on=(ClaimEvidence.claim_id == Claim.id))
        .where(ClaimEvidence.clock_id.in_(clock_ids), Claim.state != ClaimState.REJECTED)
        .tuples()
    )
    return {int(clock_id): int(claim_id) for claim_id, clock_id in rows} if clock_ids else {}


def _claims_of_calls(call_ids: list[int]) -> dict[int, int]:
    """Claims by the call they rest on, those that were rejected left out."""
    rows: Any = (
        Claim.select(Claim.id, ClaimEvidence.call_id)
        .join(ClaimEvidence, on=(ClaimEvidence.claim_id == Claim.id))
        .where(ClaimEvidence.call_id.in_(call_ids), Claim.state != ClaimState.REJECTED)
        .tuples()
    )
    return {int(call_id): int(claim_id) for claim_id, call_id in rows} if call_ids else {}
