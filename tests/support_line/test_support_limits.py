"""A caller does not have other people's telephones rung again and again."""

from __future__ import annotations

import uuid
from contextlib import suppress

import pytest

from engine.errors import Conflict
from engine.services.accounts import accounts
from engine.services.compliance import do_not_call
from engine.services.numbering import numbers
from engine.services.numbering.numbers import NormalNumber
from engine.services.support_line import agents, call_back_limits, call_backs, calls, settings
from engine.services.support_line.call_backs import Evidence
from engine.services.support_line.settings import LineSettings
from engine.store.do_not_call import EVERYBODY
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at

OPEN = at("1405-08-30 10:00")
CORE = str(uuid.uuid4())
CALLER, STRANGER = "+989121234567", "+989351112233"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 86_400_000


def asks(caller: str, number: str, now: int) -> str:
    """A caller in the queue keeps a number; the channel."""
    channel = str(uuid.uuid4())
    write(lambda: calls.came(channel, 1, CORE, caller, now))
    write(lambda: calls.joined(channel, now))
    write(lambda: call_backs.register(channel, number, now))
    return channel


def called_back(agent: int, now: int) -> None:
    """What is due is tried; the caller talks."""
    (placing,) = write(lambda: call_backs.take([agent], 1, CORE, now))
    write(lambda: call_backs.settle(placing.uuid, Evidence.TALKED, now))


def in_vain(agent: int, now: int) -> None:
    """What is due is tried; the telephone rings, and nobody presses 1."""
    (placing,) = write(lambda: call_backs.take([agent], 1, CORE, now))
    write(lambda: call_backs.rung(placing.caller_uuid, now))
    write(lambda: call_backs.settle(placing.uuid, Evidence.NOT_REACHED, now))


def rings_again(now: int) -> None:
    """Who is owed a call-back comes into the queue, where the call-back ends, and leaves."""
    channel = str(uuid.uuid4())
    write(lambda: calls.came(channel, 1, CORE, CALLER, now))
    write(lambda: calls.joined(channel, now))
    write(lambda: calls.ended(channel, now))


def allowed(caller: str, number: str, now: int) -> bool:
    return read(lambda: call_back_limits.may_be_rung(caller, number, now))


@pytest.fixture
def agent(cast: Cast) -> int:
    return write(lambda: agents.add(cast.operator, cast.agent.id, "501", OPEN))[0]


def test_a_strangers_telephone_is_rung_three_times_a_day_whoever_asks(agent: int) -> None:
    most = LineSettings().call_backs_to_others_a_day
    for turn in range(most):
        asks(f"+98912000000{turn}", STRANGER, OPEN + turn * MINUTE_MS)
        called_back(agent, OPEN + turn * MINUTE_MS)
    now = OPEN + most * MINUTE_MS
    assert not allowed("+989120000009", STRANGER, now)
    with pytest.raises(Conflict):
        asks("+989120000009", STRANGER, now)
    assert allowed(STRANGER, STRANGER, now)  # who rings from it may keep it
    assert allowed("+989120000009", STRANGER, now + DAY_MS)


def test_a_caller_has_three_other_numbers_a_day_also_one_who_withholds_theirs(agent: int) -> None:
    for caller in (CALLER, ""):
        for turn in range(LineSettings().call_backs_to_others_a_day):
            asks(caller, f"+98935{len(caller):03d}000{turn}", OPEN + turn)
        assert not allowed(caller, STRANGER, OPEN + MINUTE_MS)
        assert allowed("+989120000009", STRANGER, OPEN + MINUTE_MS)
    assert allowed(CALLER, CALLER, OPEN + MINUTE_MS)


def test_a_shown_number_that_may_be_forged_is_bound_too(cast: Cast, agent: int) -> None:
    write(lambda: settings.change(cast.operator, {"call_backs_a_day": 2}, OPEN))
    for turn in range(2):
        asks(CALLER, CALLER, OPEN + turn * MINUTE_MS)
        assert allowed(CALLER, CALLER, OPEN + turn * MINUTE_MS)  # asked again, it stays one
        called_back(agent, OPEN + turn * MINUTE_MS)
    assert not allowed(CALLER, CALLER, OPEN + 2 * MINUTE_MS)


@pytest.mark.parametrize("rings", [False, True])
def test_a_telephone_whose_number_others_show_is_rung_in_vain_nine_times_a_day(
    agent: int, rings: bool
) -> None:
    """Whoever shows it asks every twenty minutes, and rings again in between."""
    rung = 0
    for turn in range(60):
        now = OPEN + turn * 10 * MINUTE_MS
        if not turn % 2:
            with suppress(
                Conflict
            ):  # refused: the call stays in the queue, and is owed what it was owed before
                asks(CALLER, CALLER, now)
        elif turn % 2 and rings:
            rings_again(now)
        if read(lambda now=now: call_backs.due(now)):
            in_vain(agent, now)
            rung += 1
        if now > OPEN + 9 * HOUR_MS:
            break
    rules = LineSettings()
    assert 3 <= rung <= rules.call_backs_in_vain_a_day * rules.call_back_tries
    assert not allowed(CALLER, CALLER, now)
    assert not allowed(STRANGER, CALLER, now)
    assert allowed(STRANGER, STRANGER, now)
    assert allowed(CALLER, CALLER, now + DAY_MS)


def test_there_is_an_end_to_open_call_backs(agent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_back_limits, "MOST_OPEN", 3)
    for turn in range(3):
        asks(f"+98912000000{turn}", f"+98912000000{turn}", OPEN)
    assert not allowed(CALLER, CALLER, OPEN)
    assert allowed("+989120000001", "+989120000001", OPEN)  # asked again, it stays one
    called_back(agent, OPEN)
    assert allowed(CALLER, CALLER, OPEN)


def test_asking_again_for_the_same_call_changes_nothing(agent: int) -> None:
    channel = asks(CALLER, STRANGER, OPEN)
    for _ in range(5):  # the event is repeated until the database has taken it
        write(lambda: call_backs.register(channel, STRANGER, OPEN + 1))
    assert len(read(call_backs.open_ones)) == 1


@pytest.mark.parametrize("whose", ["all", "house"])
def test_who_is_on_a_do_not_call_list_is_rung_only_when_they_ask(cast: Cast, whose: str) -> None:
    number = numbers.normalise(STRANGER)
    assert isinstance(number, NormalNumber)
    account = EVERYBODY if whose == "all" else accounts.house().id
    write(lambda: do_not_call.add(account, number, OPEN))
    assert not allowed(CALLER, STRANGER, OPEN)
    assert allowed(STRANGER, STRANGER, OPEN)
