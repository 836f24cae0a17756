"""Calls, agents and call-backs as rows: the books are closed at every moment, and nothing happens twice."""

from __future__ import annotations

import uuid

import pytest

from engine.errors import BadInput, Conflict, NotAllowed
from engine.services.compliance import caller_ids
from engine.services.support_line import (
    agents,
    board,
    call_backs,
    calls,
    figures,
    hours,
    keyed_numbers,
    settings,
)
from engine.services.support_line.call_backs import Evidence
from engine.states import CallBackState, SupportCallState
from engine.store.tables.core import Account
from engine.store.tables.support import Ticket
from engine.store.tables.support_line import CallBack
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at

OPEN = at("1405-08-30 10:00")  # a Saturday, in support hours
CORE = str(uuid.uuid4())
MOBILE = "+989121234567"


def new_agent(cast: Cast, extension: str = "501", person: int | None = None) -> int:
    return write(lambda: agents.add(cast.operator, person or cast.agent.id, extension, OPEN))[0]


def rings(number: str = "09121234567", now: int = OPEN, *, joins: bool = True) -> str:
    channel = str(uuid.uuid4())
    write(lambda: calls.came(channel, 1, CORE, number, now))
    if joins:
        write(lambda: calls.joined(channel, now))
    return channel


def keep_number(channel: str, now: int, number: str = MOBILE) -> int:
    return write(lambda: call_backs.register(channel, number, now))


def books_are_closed(now: int) -> figures.Figures:
    found = read(lambda: figures.total(OPEN - 86_400_000, OPEN + 86_400_000, now))
    assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
    return found


def test_a_call_is_answered_abandoned_or_called_back_and_the_books_say_so(cast: Cast) -> None:
    new_agent(cast)
    first, second, third = rings(), rings("02188776655"), rings("09351112233")
    assert books_are_closed(OPEN).waiting == 3
    write(lambda: calls.answered(first, "501", OPEN + 15_000))
    write(lambda: calls.answered(first, "501", OPEN + 60_000))  # said twice: the first counts
    write(lambda: calls.ended(second, OPEN + 30_000))
    keep_number(third, OPEN + 90_000, "+989351112233")
    found = books_are_closed(OPEN + 100_000)
    assert (found.answered, found.within_20_s, found.abandoned, found.called_back) == (1, 1, 1, 1)
    assert found.longest_wait_s == 90
    write(lambda: calls.ended(first, OPEN + 120_000))
    write(lambda: calls.ended(third, OPEN + 95_000))
    assert books_are_closed(OPEN + 130_000) == found
    assert [line.offered for line in read(lambda: figures.by_hour(OPEN, OPEN + 7_200_000, OPEN))] == [3, 0]


def test_a_caller_is_recognised_by_a_number_of_one_account_only(cast: Cast) -> None:
    write(lambda: Account.update(mobile=MOBILE).where(Account.id == cast.account).execute())
    assert write(lambda: calls.came(str(uuid.uuid4()), 1, CORE, "989121234567", OPEN)).call.account_id
    write(lambda: Account.update(mobile=MOBILE).where(Account.id == cast.other).execute())
    assert write(lambda: calls.came(str(uuid.uuid4()), 1, CORE, "09121234567", OPEN)).call.account_id is None


@pytest.mark.parametrize(
    ("confirmed", "shown"),
    [
        ("09121234567", "989121234567"),
        ("+989121234567", "09121234567"),
        ("00982188000001", "02188000001"),
        ("2188000001", "982188000001"),  # as carriers write it, without the zero
        ("442079460000", "00442079460000"),
        ("00442079460000", "+442079460000"),
    ],
)
def test_a_caller_is_recognised_by_a_number_that_staff_confirmed(
    cast: Cast, confirmed: str, shown: str
) -> None:
    write(lambda: caller_ids.confirm(cast.account, confirmed, None, OPEN))
    assert write(lambda: calls.came(str(uuid.uuid4()), 1, CORE, shown, OPEN)).call.account_id == cast.account
    write(lambda: caller_ids.confirm(cast.other, confirmed, None, OPEN))
    assert write(lambda: calls.came(str(uuid.uuid4()), 1, CORE, shown, OPEN)).call.account_id is None


def test_a_second_request_updates_the_first_and_keeps_the_earlier_place(cast: Cast) -> None:
    first = keep_number(rings(now=OPEN), OPEN + 90_000)
    second = keep_number(rings("09120000001", OPEN + 200_000), OPEN + 300_000)
    assert first == second
    row = CallBack.get_by_id(first)
    assert (row.place_at, row.asked_at) == (OPEN, OPEN + 300_000)


def test_who_rings_again_gets_the_place_back_and_is_not_called(cast: Cast) -> None:
    back = keep_number(rings(), OPEN + 90_000)
    again = rings(now=OPEN + 400_000)
    assert CallBack.get_by_id(back).state == CallBackState.CANCELLED
    assert calls.of_uuid(again).place_at == OPEN
    assert read(lambda: call_backs.due(OPEN + 500_000)) == []


def test_a_call_back_is_owed_again_when_who_rang_again_was_not_answered(cast: Cast) -> None:
    """Also when somebody forged the number, and in two calls at once: the promise is kept, once."""
    new_agent(cast)
    back = keep_number(rings(), OPEN + 90_000)
    for turn in (1, 2):
        at_s = OPEN + turn * 400_000
        one, other = rings(now=at_s), rings(now=at_s + 1000)
        assert CallBack.get_by_id(back).state == CallBackState.CANCELLED
        write(lambda one=one, at_s=at_s: calls.ended(one, at_s + 5_000))
        assert CallBack.get_by_id(back).state == CallBackState.CANCELLED  # the number is in the queue
        write(lambda other=other, at_s=at_s: calls.ended(other, at_s + 6_000))
        row = CallBack.get_by_id(back)
        assert (row.state, row.reason, row.ended_at, row.place_at) == (CallBackState.WAITING, "", None, OPEN)
    assert [row.id for row in read(lambda: call_backs.due(OPEN + 900_000))] == [back]
    last, twin = rings(now=OPEN + 1_200_000), rings(now=OPEN + 1_201_000)
    write(lambda: calls.answered(last, "501", OPEN + 1_210_000))
    write(lambda: calls.ended(last, OPEN + 1_300_000))
    write(lambda: calls.ended(twin, OPEN + 1_310_000))
    assert CallBack.get_by_id(back).state == CallBackState.CANCELLED  # they were served
    assert CallBack.select().count() == 1
    books_are_closed(OPEN + 1_400_000)


@pytest.mark.parametrize("reason", ["staff", "rang_again"])
def test_what_staff_took_off_or_is_long_ago_stays_so(cast: Cast, reason: str) -> None:
    back = keep_number(rings(), OPEN + 90_000)
    CallBack.update(state=CallBackState.CANCELLED, reason=reason, ended_at=OPEN + 100_000).where(
        CallBack.id == back
    ).execute()
    at_s = OPEN + (200_000 if reason == "staff" else 86_400_000 + 200_000)
    again = rings(now=at_s)
    write(lambda: calls.ended(again, at_s + 10_000))
    assert CallBack.get_by_id(back).state == CallBackState.CANCELLED


def test_never_more_tries_than_free_agents_and_one_of_each(cast: Cast) -> None:
    one, two = new_agent(cast), new_agent(cast, "502", cast.operator.id)
    for n in range(4):
        keep_number(rings(f"0912000000{n}", OPEN + n), OPEN + 90_000, f"+98912000000{n}")
    now = OPEN + 100_000
    taken = write(lambda: call_backs.take([one, two], 1, CORE, now))
    assert [each.number[-1] for each in taken] == ["0", "1"]  # by place
    assert write(lambda: call_backs.take([one, two], 1, CORE, now)) == []  # both are on a try already
    assert len(call_backs.open_tries()) == 2


def test_a_call_back_that_nobody_answers_becomes_a_ticket_once(cast: Cast) -> None:
    agent = new_agent(cast)
    write(lambda: Account.update(mobile=MOBILE).where(Account.id == cast.account).execute())
    back = keep_number(rings(), OPEN + 90_000)
    now = OPEN + 100_000
    for _ in range(3):
        (placing,) = write(lambda: call_backs.take([agent], 1, CORE, now))
        write(lambda: call_backs.rung(placing.caller_uuid, now + 5_000))
        assert write(lambda: call_backs.settle(placing.uuid, Evidence.NOT_REACHED, now + 40_000))
        assert not write(lambda: call_backs.settle(placing.uuid, Evidence.TALKED, now + 41_000))
        assert write(lambda: call_backs.take([agent], 1, CORE, now + 50_000)) == []  # a pause lies between
        now += 700_000
    row = CallBack.get_by_id(back)
    assert (row.state, row.tries) == (CallBackState.MISSED, 3)
    assert Ticket.get_by_id(row.ticket_id).account_id == cast.account


def test_talked_once_is_done_whatever_is_said_later(cast: Cast) -> None:
    agent = new_agent(cast)
    back = keep_number(rings(), OPEN + 90_000)
    (placing,) = write(lambda: call_backs.take([agent], 1, CORE, OPEN + 100_000))
    write(lambda: call_backs.rung(placing.caller_uuid, OPEN + 105_000))
    assert write(lambda: call_backs.talked(placing.caller_uuid, OPEN + 110_000))
    assert not write(lambda: call_backs.talked(placing.uuid, OPEN + 111_000))
    write(lambda: call_backs.settle(placing.uuid, Evidence.NOT_PLACED, OPEN + 200_000))
    assert CallBack.get_by_id(back).state == CallBackState.DONE
    assert write(lambda: call_backs.take([agent], 1, CORE, OPEN + 900_000)) == []


def test_no_call_back_outside_support_hours_or_to_one_who_is_in_the_queue(cast: Cast) -> None:
    keep_number(rings(), OPEN + 90_000)
    assert read(lambda: call_backs.due(at("1405-08-30 14:20"))) == []  # between the shifts
    assert len(read(lambda: call_backs.due(at("1405-08-30 14:46")))) == 1
    office = read(lambda: hours.office(at("1405-08-30 14:20")))
    assert (office.is_open, office.opens_at) == (False, at("1405-08-30 14:45"))


def test_an_agent_who_lets_it_ring_is_paused_and_customers_may_nothing(cast: Cast) -> None:
    agent = new_agent(cast)
    write(lambda: agents.sign_in(cast.agent, OPEN))
    keep_number(rings(), OPEN + 90_000)
    now = OPEN + 100_000
    for _ in range(settings.LineSettings().max_no_answer):
        (placing,) = write(lambda: call_backs.take([agent], 1, CORE, now))
        write(lambda: call_backs.settle(placing.uuid, Evidence.AGENT_AWAY, now + 20_000))
        now += 120_000
    assert (agents.get(agent).state, agents.get(agent).reason) == ("paused", "no_answer")
    assert CallBack.get(CallBack.number == MOBILE).tries == 0  # the caller's tries are not spent
    assert read(lambda: board.board(cast.agent, now)).is_unattended
    with pytest.raises(NotAllowed):
        read(lambda: board.board(cast.owner, now))
    with pytest.raises(NotAllowed):
        write(lambda: settings.change(cast.agent, {"offer_after_s": 30}, now))
    with pytest.raises(BadInput):
        write(lambda: settings.change(cast.operator, {"offer_after_s": 1}, now))
    assert write(lambda: settings.change(cast.operator, {"offer_after_s": 60}, now)).offer_after_s == 60


def test_a_ticket_of_a_call_is_made_once_and_of_one_account(cast: Cast) -> None:
    write(lambda: Account.update(mobile=MOBILE).where(Account.id == cast.account).execute())
    call = calls.of_uuid(rings())
    assert call is not None

    def opened() -> int:
        return calls.ticket_of_call(
            cast.agent, call.id, OPEN, department="support", subject="No sound", text="Told by telephone."
        )

    ticket = write(opened)
    assert write(opened) == ticket
    seen = read(lambda: calls.dossier(cast.agent, call.id))
    assert [row.id for row in seen.open_tickets] == [ticket]
    assert seen.account.name == "Shop"
    other = calls.of_uuid(rings("09350000000"))
    write(lambda: calls.continue_ticket(cast.agent, other.id, ticket, "Rang again.", OPEN))
    assert calls.get(other.id).ticket_id == ticket


@pytest.mark.parametrize(
    ("keyed", "answer"),
    [
        ("09121234567", MOBILE),
        ("02188776655", "+982188776655"),
        ("0044207946000", keyed_numbers.KeyedRefusal.ABROAD),
        ("09001", keyed_numbers.KeyedRefusal.INVALID),
        ("110", keyed_numbers.KeyedRefusal.PREMIUM),
        ("9092301234", keyed_numbers.KeyedRefusal.PREMIUM),
        ("02191001234", keyed_numbers.KeyedRefusal.OUR_OWN),
        ("", keyed_numbers.KeyedRefusal.INVALID),
        ("0912*", keyed_numbers.KeyedRefusal.INVALID),
    ],
)
def test_a_keyed_number_is_one_of_iran_that_costs_no_more_and_is_not_ours(
    cast: Cast, keyed: str, answer: str
) -> None:
    assert read(lambda: keyed_numbers.check(keyed, None, ("02191001234",))) == answer


def test_an_agents_password_is_not_kept_and_ends_are_conflicts(cast: Cast) -> None:
    agent, secret = write(lambda: agents.add(cast.operator, cast.agent.id, "501", OPEN))
    assert len(secret.password) >= 20
    assert secret.password not in str(agents.get(agent).__data__)
    with pytest.raises(Conflict):
        write(lambda: agents.add(cast.operator, cast.quality.id, "501", OPEN))
    with pytest.raises(BadInput):
        write(lambda: agents.add(cast.operator, cast.owner.id, "502", OPEN))
    with pytest.raises(Conflict):
        write(lambda: agents.pause(cast.agent, "lunch", OPEN))
    write(lambda: agents.sign_in(cast.agent, OPEN))
    write(lambda: agents.pause(cast.agent, "lunch", OPEN + 1))
    write(lambda: agents.sign_out(cast.agent, OPEN + 2))
    assert [s.state for s in agents.steps(agent, 0, OPEN + 9)] == ["available", "paused", "signed_out"]


def test_a_call_whose_switch_forgot_it_has_ended(cast: Cast) -> None:
    gone, alive = rings(), rings("09351112233")
    assert write(lambda: calls.end_those_gone(1, [alive], [], OPEN + 60_000)) == 1
    assert calls.of_uuid(gone).state == SupportCallState.ABANDONED
    assert books_are_closed(OPEN + 60_000).waiting == 1


def test_who_was_put_through_while_no_engine_heard_was_answered(cast: Cast) -> None:
    """Also who had not joined the queue yet when the engine died; the call-back that was owed is over."""
    early, late = rings(joins=False), rings("09351112233")
    earlier = rings()
    owed = keep_number(earlier, OPEN)
    write(lambda: calls.ended(earlier, OPEN))
    assert write(lambda: calls.end_those_gone(1, [], [early, late], OPEN + 60_000)) == 2
    assert {calls.of_uuid(uuid).state for uuid in (early, late)} == {SupportCallState.ANSWERED}
    assert read(lambda: CallBack.get_by_id(owed)).state == CallBackState.CANCELLED
    books_are_closed(OPEN + 60_000)
