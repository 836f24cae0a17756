"""A missed deadline, or a call that nobody answered, becomes a claim: once, in time, with its evidence."""

from __future__ import annotations

import uuid

import pytest

from engine.agreement.line_month import LineMonth
from engine.agreement.months import Month
from engine.errors import BadInput, Conflict, NotFound
from engine.services.sla import claims, committee, support_calls
from engine.services.sla.claims import TooLate
from engine.services.sla.committee import CommitteeVerdict
from engine.services.support_line import calls
from engine.services.tickets import clocks, compensation, tickets, watch
from engine.services.tickets.compensation import Wanted
from engine.store import ledger
from engine.store.tables.core import Account
from engine.store.tables.sla import Claim, Credit
from engine.store.tables.support import Ticket, TicketMessage, TicketQueue
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at

OPENED = at("1405-08-30 09:00")  # a Saturday; four hours of support end at 13:00
LATER = at("1405-08-30 14:00")
DAY = 86_400_000


def missed_clock(cast: Cast) -> int:
    """A ticket that nobody answered in time; the id of its clock."""

    def work() -> int:
        ticket_id = tickets.open_ticket(
            cast.owner, cast.account, "support", "no sound", "it is silent", OPENED
        )
        watch.watch(LATER)
        return int(clocks.open_clocks(ticket_id)[0].id)

    return write(work)


def claim_clock(cast: Cast, clock_id: int, now: int = LATER, person=None) -> int:
    who = person or cast.owner
    return write(lambda: compensation.claim_clock(who, clock_id, "Claim: deadline", "it was missed", now))


def test_a_missed_clock_is_claimed_once(cast: Cast) -> None:
    clock_id = missed_clock(cast)
    (told,) = read(lambda: compensation.missed_of_account(cast.account, LATER))
    assert (told.clock.id, told.clock.missed_at, told.claim_id) == (clock_id, at("1405-08-30 13:00"), None)
    assert told.can_be_claimed(LATER)

    claim_id = claim_clock(cast, clock_id)
    assert claim_clock(cast, clock_id, LATER + 1) == claim_id
    claim = read(lambda: claims.get(claim_id))
    assert (claim.kind, claim.account_id, claim.happened_from_at) == (
        "support",
        cast.account,
        told.clock.missed_at,
    )
    evidence = read(lambda: compensation.evidence_of(claim_id))
    assert evidence is not None
    assert evidence.clock is not None
    assert evidence.clock.id == clock_id
    # It also lies with quality assurance, and its own clocks run.
    queues = read(
        lambda: {row.queue for row in TicketQueue.select().where(TicketQueue.ticket_id == claim.ticket_id)}
    )
    assert queues == {"technical", "quality"}
    assert read(lambda: Claim.select().count()) == 1
    (told,) = read(lambda: compensation.missed_of_account(cast.account, LATER))
    assert told.claim_id == claim_id
    assert not told.can_be_claimed(LATER)


def test_the_committee_sets_amount_and_way_and_it_is_paid_once(cast: Cast) -> None:
    claim_id = claim_clock(cast, missed_clock(cast))
    write(lambda: claims.first_answer(claim_id, cast.agent.id, "we look at it", LATER + DAY))
    yes = CommitteeVerdict(True, "nobody answered", 250_000, "account_credit")
    for member in (cast.operator, cast.quality):
        write(lambda who=member: committee.vote(claim_id, who.id, yes, LATER + DAY))
    row = read(lambda: claims.get(claim_id))
    assert (row.state, row.amount_rials, row.way) == ("credited", 250_000, "account_credit")
    assert read(lambda: ledger.balance_of(cast.account)) == 250_000
    assert read(lambda: [c.key for c in Credit.select()]) == [f"claim:{claim_id}"]


def test_a_rejected_one_can_be_claimed_again_and_only_in_its_days(cast: Cast) -> None:
    clock_id = missed_clock(cast)
    claim_id = claim_clock(cast, clock_id)
    write(lambda: claims.first_answer(claim_id, cast.agent.id, "we look at it", LATER + DAY))
    for member in (cast.operator, cast.quality):
        write(
            lambda who=member: committee.vote(
                claim_id, who.id, CommitteeVerdict(False, "it was answered"), LATER + DAY
            )
        )
    ticket_id = read(lambda: clocks.missed_of(cast.account, 0, LATER))[0].ticket_id
    write(lambda: tickets.reply(cast.agent, ticket_id, "here is the answer", LATER + DAY))
    again = claim_clock(cast, clock_id, LATER + 2 * DAY)
    assert again != claim_id

    other = missed_clock(cast)
    ticket_id = read(lambda: compensation.missed_clock(cast.owner, other)).ticket_id
    write(lambda: tickets.reply(cast.agent, ticket_id, "late", LATER))
    with pytest.raises(TooLate, match="until 1405-09-07 14:00"):
        claim_clock(cast, other, LATER + 7 * DAY + 1)
    assert read(lambda: Claim.select().count()) == 2  # and no ticket stays of the refused one
    assert read(lambda: Ticket.select().where(Ticket.department == "compensation_claim").count()) == 2


def test_nobody_claims_anothers_clock_or_one_that_was_kept(cast: Cast) -> None:
    clock_id = missed_clock(cast)
    with pytest.raises(NotFound):
        claim_clock(cast, clock_id, person=cast.stranger)
    kept = write(lambda: tickets.open_ticket(cast.owner, cast.account, "support", "question", "how", LATER))
    running = read(lambda: clocks.open_clocks(kept)[0].id)
    with pytest.raises(NotFound):
        claim_clock(cast, running)


def wanted(cast: Cast, start: str, end: str, key: str = "k") -> Wanted:
    return Wanted(cast.account, "support", "Claim: support", "nobody answered", at(start), at(end), key)


def test_a_call_that_nobody_answered_is_claimed_in_support_hours_only(cast: Cast) -> None:
    call = wanted(cast, "1405-08-30 09:00", "1405-08-30 09:20")
    made = [write(lambda: compensation.claim_queue(cast.owner, call, "09121234567", LATER)) for _ in range(2)]
    assert made[0] == made[1]
    evidence = read(lambda: compensation.evidence_of(made[0]))
    assert evidence is not None
    assert (evidence.kind, evidence.number) == ("queue", "+989121234567")
    closed = wanted(cast, "1405-08-30 14:05", "1405-08-30 14:40", "l")
    with pytest.raises(BadInput, match=r"Support was closed from 1405-08-30 14:05 to 1405-08-30 14:40"):
        write(lambda: compensation.claim_queue(cast.owner, closed, "09121234567", LATER + DAY))
    with pytest.raises(BadInput, match="hello"):
        write(lambda: compensation.claim_queue(cast.owner, call, "hello", LATER))


def test_our_own_books_of_the_calls_stand_in_the_claims_ticket(cast: Cast) -> None:
    came = at("1405-08-30 09:05")

    def rings() -> None:
        calls.came("0c6f6f7e-0000-4000-8000-000000000001", 1, "", "09121234567", came)
        calls.joined("0c6f6f7e-0000-4000-8000-000000000001", came)
        calls.ended("0c6f6f7e-0000-4000-8000-000000000001", came + 300_000)

    write(rings)
    call = wanted(cast, "1405-08-30 09:00", "1405-08-30 09:20")
    ids = [write(lambda: compensation.claim_queue(cast.owner, call, "09121234567", LATER)) for _ in range(2)]
    ticket_id = read(lambda: row_of(ids[0])).ticket_id
    notes = read(lambda: list(TicketMessage.select().where(TicketMessage.ticket_id == ticket_id)))
    ours = [row.text for row in notes if row.is_internal]
    assert len(ours) == 1
    assert "1405" in ours[0].translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789"))


def rang(
    cast: Cast, number: str, begun: int, *, answered_after: int | None = None, given_up_after: int = 0
) -> int:
    """A call of the account's to the support line; seconds.  Its id."""
    channel = str(uuid.uuid4())

    def work() -> int:
        Account.update(mobile="+989121234567").where(Account.id == cast.account).execute()
        calls.came(channel, 1, "", number, begun)
        calls.joined(channel, begun)
        if answered_after is not None:
            calls.answered(channel, "501", begun + answered_after * 1000)
        calls.ended(channel, begun + (answered_after or given_up_after) * 1000 + 1)
        return int(calls.of_uuid(channel).id)

    return write(work)


def test_calls_that_failed_are_found_and_claimed_once_by_whom_they_concern(cast: Cast) -> None:
    mine = "09121234567"
    given_up = rang(cast, mine, at("1405-08-30 09:00"), given_up_after=200)
    late = rang(cast, mine, at("1405-08-30 10:00"), answered_after=81)
    in_time = rang(cast, mine, at("1405-08-30 11:00"), answered_after=80)
    closed = rang(cast, mine, at("1405-08-30 14:10"), given_up_after=200)
    anothers = rang(cast, "09350000000", at("1405-08-30 09:00"), given_up_after=200)
    told = read(lambda: compensation.failed_calls(cast.account, LATER))
    assert [one.found.call.id for one in told] == [late, given_up]
    assert [one.found.waited_ms // 1000 for one in told] == [81, 200]

    def claimed(call_id: int, now: int = LATER) -> int:
        return write(
            lambda: compensation.claim_call(cast.owner, cast.account, call_id, "Claim", "waited", now)
        )

    first = claimed(given_up)
    assert claimed(given_up) == first
    assert read(lambda: compensation.evidence_of(first)).number == "+989121234567"
    assert not read(lambda: compensation.failed_calls(cast.account, LATER))[1].can_be_claimed(LATER)
    for call_id in (in_time, closed, anothers):
        with pytest.raises(NotFound):
            claimed(call_id)
    with pytest.raises(TooLate):
        claimed(late, LATER + 8 * DAY)


def test_a_claim_without_a_number_rests_on_our_own_books(cast: Cast) -> None:
    rang(cast, "09121234567", at("1405-08-30 09:05"), given_up_after=300)
    call = wanted(cast, "1405-08-30 09:00", "1405-08-30 09:20")
    claim_id = write(lambda: compensation.claim_queue(cast.owner, call, "", LATER))
    assert read(lambda: compensation.evidence_of(claim_id)).number == "+989121234567"
    silent = wanted(cast, "1405-08-30 10:00", "1405-08-30 10:20", "l")
    with pytest.raises(BadInput, match="Our records have no call"):
        write(lambda: compensation.claim_queue(cast.owner, silent, "", LATER))


def test_a_months_figures_of_the_line_are_noted_once(cast: Cast) -> None:
    month = Month.containing(at("1405-08-30 09:00") // 1000)
    rang(cast, "09121234567", at("1405-08-30 09:00"), given_up_after=200)
    rang(cast, "09350000000", at("1405-08-30 10:00"), answered_after=15)
    assert write(lambda: support_calls.note_month(month, LATER)) == 2
    rang(cast, "09350000000", at("1405-08-30 11:00"), answered_after=15)
    assert write(lambda: support_calls.note_month(month, LATER)) == 0
    found = read(lambda: support_calls.of_month(month.key, [cast.account, 10**9]))
    everybody, own = found[cast.account].everybody, found[cast.account].own
    assert found[10**9] == LineMonth(everybody)
    assert (everybody.offered, everybody.within_20_s, everybody.abandoned, everybody.longest_wait_s) == (
        2,
        1,
        1,
        200,
    )
    assert own is not None
    assert (own.offered, own.answered) == (1, 0)


def test_who_enters_a_claim_by_telephone_does_not_decide_it(cast: Cast) -> None:
    call = wanted(cast, "1405-08-30 09:00", "1405-08-30 09:20")
    claim_id = write(lambda: compensation.claim_queue(cast.operator, call, "09121234567", LATER))
    row = read(lambda: claims.get(claim_id))
    assert read(lambda: Ticket.get_by_id(row.ticket_id).via) == "telephone"
    write(lambda: claims.first_answer(claim_id, cast.agent.id, "we look at it", LATER))
    assert not read(lambda: committee.may_vote(claims.get(claim_id), cast.operator.id))
    assert read(lambda: committee.may_vote(row_of(claim_id), cast.quality.id))


def row_of(claim_id: int) -> Claim:
    return claims.get(claim_id)


def test_a_ticket_that_came_without_a_claim_gets_one_as_of_its_opening(cast: Cast) -> None:
    ticket_id = write(
        lambda: tickets.open_ticket(
            cast.owner, cast.account, "compensation_claim", "it was down", "an hour long", OPENED, via="api"
        )
    )
    late = OPENED + 8 * DAY

    def make() -> int:
        return compensation.from_ticket(cast.quality, ticket_id, "support", OPENED - DAY, OPENED, late)

    claim_id = write(make)
    assert write(make) == claim_id
    row = read(lambda: claims.get(claim_id))
    assert (row.submitted_at, row.text, row.author_id) == (OPENED, "an hour long", cast.owner.id)
    plain = write(lambda: tickets.open_ticket(cast.owner, cast.account, "support", "question", "how", OPENED))
    with pytest.raises(Conflict):
        write(lambda: compensation.from_ticket(cast.quality, plain, "support", OPENED, OPENED, late))
