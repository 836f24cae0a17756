"""Claims: submitted in time by the customer, answered by the clocks, decided by the committee.

A claim's time is measured from the end of the outage («۷ روز بعد از زمانی که
قطعی در آن رخ داده است»): while it still runs nobody can be late.  The version of
the agreement in force when it began gives the limits.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from peewee import JOIN

from engine.agreement import working_time
from engine.agreement.calendars import CalendarKind
from engine.agreement.terms import Terms
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Duration, Instant, Sentence, Word
from engine.services.accounts import accounts
from engine.services.accounts.ownership import owned
from engine.services.sla import agreements, authorisation, incidents, working_calendar
from engine.services.sla.claim_states import UNDECIDED, ClaimKind, ClaimState, move
from engine.store.paging import page_of
from engine.store.tables.sla import Claim, ClaimEvidence, ClaimOutage, ClaimStep, OutageRecord

log = logging.getLogger(__name__)


class TooLate(BadInput):
    """A claim came after its time; the message says until when it could be made."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class NewClaim:
    """What a customer says: when it happened (milliseconds), in words, and the ticket it came by."""

    account_id: int
    kind: str
    text: str
    happened_from_at: int
    happened_until_at: int
    ticket_id: int | None = None
    author_id: int | None = None
    submitted_at: int | None = None  # when its ticket came, if that was before
    rests_on_clock: bool = False  # a missed deadline is its evidence, and is claimed once by that


def of_ticket(ticket_id: int) -> Claim | None:
    """The claim that a ticket is about, or None."""
    row: Claim | None = Claim.get_or_none(Claim.ticket_id == ticket_id)
    return row


def submit(new: NewClaim, now: int) -> int:
    """Take a claim; its id.  Its clocks run from now, or from when its ticket came.

    An outage claim is linked to the outages (of everybody, or of this account)
    that touch the time told.  TooLate with the date; Conflict if the account
    claimed one of them, or some of this time, before; BadInput for a time that makes no sense.
    """
    try:
        kind = ClaimKind(new.kind)
    except ValueError:
        raise BadInput(
            "A claim is about an outage or about support, not '%(kind)s'.", kind=new.kind
        ) from None
    text = authorisation.reason_of(new.text, Sentence("The claim"))
    came_at = now if new.submitted_at is None else min(now, new.submitted_at)
    if new.happened_until_at < new.happened_from_at or new.happened_from_at > now:
        raise BadInput("A claim is about something that has happened, from a time to a later one.")
    accounts.one_at_a_time(new.account_id)
    outages = []
    if kind is ClaimKind.OUTAGE:
        outages = incidents.between(new.happened_from_at, new.happened_until_at + 1, new.account_id)
    terms = agreements.in_force(outages[0].start_at if outages else new.happened_from_at)
    last = max([min(new.happened_until_at, now), *(row.end_at or now for row in outages)])
    check_in_time(last, came_at, terms)
    before = _claimed_before(new.account_id, [row.id for row in outages])
    if before:
        raise Conflict("This outage was claimed before, claim %(id)s.", id=before)
    before = None if new.rests_on_clock else _time_claimed_before(new, kind)
    if before:
        raise Conflict("Some of this time was claimed before, claim %(claim)s.", claim=before)
    calendar = working_calendar.of_terms(terms, CalendarKind.WORKING_DAYS)
    answer_due = working_time.end_of_working_day(
        calendar, came_at // 1000, terms.limits["claim_first_answer_working_days"]
    )
    row = Claim.create(
        account_id=new.account_id,
        kind=kind,
        state=ClaimState.SUBMITTED,
        ticket_id=new.ticket_id,
        text=text,
        author_id=new.author_id,
        happened_from_at=new.happened_from_at,
        happened_until_at=new.happened_until_at,
        submitted_at=came_at,
        terms_id=terms.id,
        calendar_version=working_calendar.keep(calendar, now),
        first_answer_due_at=answer_due * 1000,
        result_due_at=came_at + terms.limits["claim_result_s"] * 1000,
    )
    for outage in outages:
        ClaimOutage.create(claim_id=row.id, outage_id=outage.id)
    log.info(
        "action=claim_submitted claim=%d account=%d kind=%s outages=%d",
        row.id,
        new.account_id,
        kind,
        len(outages),
    )
    return int(row.id)


def check_in_time(happened_until_at: int, submitted_at: int, terms: Terms) -> None:
    """TooLate with the date if a claim about something that ended then came after its time."""
    until_at = happened_until_at + terms.limits["claim_window_s"] * 1000
    if submitted_at > until_at:
        raise TooLate(
            "It ended at %(ended)s and could be claimed within %(window)s, until %(until)s.",
            ended=Instant(happened_until_at),
            window=Duration(terms.limits["claim_window_s"]),
            until=Instant(until_at),
        )


def follow_calendar(now: int) -> list[int]:
    """Move the first answers that are not due yet to the calendar as it is now; the claims that moved.

    One that was given or missed keeps its calendar, and an edit never makes one late that was not.
    """
    moved = []
    known = agreements.versions()
    rows = Claim.select().where(
        Claim.state == ClaimState.SUBMITTED,
        Claim.first_answered_at.is_null(),
        Claim.first_answer_due_at >= now,
    )
    for row in list(rows):
        terms = known.by_id(row.terms_id)
        calendar = working_calendar.of_terms(terms, CalendarKind.WORKING_DAYS)
        if calendar.version == row.calendar_version:
            continue
        days = terms.limits["claim_first_answer_working_days"]
        due_at = working_time.end_of_working_day(calendar, row.submitted_at // 1000, days) * 1000
        if due_at <= now:
            continue
        Claim.update(first_answer_due_at=due_at, calendar_version=working_calendar.keep(calendar, now)).where(
            Claim.id == row.id, Claim.first_answered_at.is_null()
        ).execute()
        if due_at != row.first_answer_due_at:
            moved.append(int(row.id))
    return moved


def first_answer(claim_id: int, author_id: int, text: str, now: int) -> None:
    """Staff answer a claim for the first time: it is in review from now on."""
    authorisation.require_staff(author_id)
    text = authorisation.reason_of(text, Sentence("The answer"))
    get(claim_id)
    move(
        claim_id,
        ClaimState.SUBMITTED,
        ClaimState.IN_REVIEW,
        author_id,
        text,
        now,
        first_answered_at=now,
    )
    authorisation.note(author_id, "claim_answered", f"claim {claim_id}", now, after=text)


def link(claim_id: int, outage_id: int, author_id: int, reason: str, now: int) -> None:
    """Staff say that a claim is about an outage; TooLate if the claim came after that outage's time."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The link"))
    claim, outage = undecided(claim_id), incidents.get(outage_id)
    if claim.kind != ClaimKind.OUTAGE:
        raise BadInput("Claim %(id)s is not about an outage.", id=claim_id)
    if outage.is_void or outage.account_id not in (None, claim.account_id):
        raise BadInput(
            "Outage %(outage)s does not concern the account of claim %(id)s.", outage=outage_id, id=claim_id
        )
    check_in_time(outage.end_at or now, claim.submitted_at, agreements.in_force(outage.start_at))
    before = _claimed_before(claim.account_id, [outage_id])
    if before:
        raise Conflict("Outage %(outage)s was claimed before, claim %(id)s.", outage=outage_id, id=before)
    ClaimOutage.create(claim_id=claim_id, outage_id=outage_id)
    authorisation.note(
        author_id, "claim_linked", f"claim {claim_id}", now, after={"outage": outage_id, "reason": reason}
    )


def unlink(claim_id: int, outage_id: int, author_id: int, reason: str, now: int) -> None:
    """Staff say that a claim is not about an outage."""
    authorisation.require_staff(author_id, authorisation.RECORD_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The change"))
    undecided(claim_id)
    gone = (
        ClaimOutage.delete()
        .where(ClaimOutage.claim_id == claim_id, ClaimOutage.outage_id == outage_id)
        .execute()
    )
    if not gone:
        raise NotFound("Claim %(id)s is not about outage %(outage)s.", id=claim_id, outage=outage_id)
    authorisation.note(
        author_id, "claim_unlinked", f"claim {claim_id}", now, after={"outage": outage_id, "reason": reason}
    )


def _claimed_before(account_id: int, outage_ids: list[int]) -> int | None:
    """The account's claim about one of these outages that was not rejected."""
    if not outage_ids:
        return None
    row = (
        Claim.select(Claim.id)
        .join(ClaimOutage, on=(ClaimOutage.claim_id == Claim.id))
        .where(
            Claim.account_id == account_id,
            Claim.state != ClaimState.REJECTED,
            ClaimOutage.outage_id.in_(outage_ids),
        )
        .first()
    )
    return None if row is None else int(row.id)


def _time_claimed_before(new: NewClaim, kind: ClaimKind) -> int | None:
    """The account's claim of this kind about some of the same time that was not rejected.

    Claims that rest on a missed deadline are left out: several deadlines may be missed in one hour.
    """
    by_clock = (ClaimEvidence.claim_id == Claim.id) & ClaimEvidence.clock_id.is_null(False)
    row = (
        Claim.select(Claim.id)
        .join(ClaimEvidence, JOIN.LEFT_OUTER, on=by_clock)
        .where(
            Claim.account_id == new.account_id,
            Claim.kind == kind,
            Claim.state != ClaimState.REJECTED,
            ClaimEvidence.claim_id.is_null(),
            Claim.happened_from_at < max(new.happened_until_at, new.happened_from_at + 1),
            (Claim.happened_until_at > new.happened_from_at)
            | (Claim.happened_from_at >= new.happened_from_at),
        )
        .first()
    )
    return None if row is None else int(row.id)


# -- reading ------------------------------------------------------------------------------


def get(claim_id: int, account_id: int | None = None) -> Claim:
    """A claim (of that account only, if given); NotFound otherwise."""
    query = Claim.select().where(Claim.id == claim_id)
    missing = NotFound("There is no claim %(id)s.", id=claim_id)
    return owned(query, Claim.account_id, account_id, missing)


def undecided(claim_id: int) -> Claim:
    """A claim that is still open; Conflict if it was decided."""
    row = get(claim_id)
    if row.state not in UNDECIDED:
        raise Conflict("Claim %(id)s is %(state)s already.", id=claim_id, state=Word(row.state))
    return row


def of_account(account_id: int) -> list[Claim]:
    """An account's claims, the newest first."""
    return list(Claim.select().where(Claim.account_id == account_id).order_by(Claim.id.desc()))


def open_claims() -> list[Claim]:
    """Claims that wait for an answer or a result, the nearest deadline first."""
    rows = list(Claim.select().where(Claim.state.in_(UNDECIDED)))
    return sorted(rows, key=next_due_at)


def next_due_at(claim: Claim) -> int:
    """The nearest deadline of an open claim."""
    if claim.first_answered_at is None:
        return min(int(claim.first_answer_due_at), int(claim.result_due_at))
    return int(claim.result_due_at)


def missed(claim: Claim, now: int) -> list[str]:
    """The clocks of a claim that were not kept: ``first_answer``, ``result``."""
    found = []
    if (claim.first_answered_at or now) > claim.first_answer_due_at:
        found.append("first_answer")
    if (claim.decided_at or now) > claim.result_due_at:
        found.append("result")
    return found


def outages_of(claim_id: int) -> list[OutageRecord]:
    """The outages that a claim is about."""
    return list(
        OutageRecord.select()
        .join(ClaimOutage, on=(ClaimOutage.outage_id == OutageRecord.id))
        .where(ClaimOutage.claim_id == claim_id)
        .order_by(OutageRecord.start_at)
    )


def steps(claim_id: int) -> list[ClaimStep]:
    """What happened to a claim, the first first."""
    return list(ClaimStep.select().where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.id))


def decided(before: int | None, limit: int) -> list[Claim]:
    """Claims that were decided, the newest first."""
    query = Claim.select().where(Claim.state.not_in(UNDECIDED))
    return page_of(query, Claim.id, from_id=before, is_queue=False, limit=limit)
