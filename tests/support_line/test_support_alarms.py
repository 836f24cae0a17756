"""Call-backs that reach nobody: when operators are told, and what every page of staff says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from engine.services.overview import alarms
from engine.services.support_line import agents, attendance
from engine.services.support_line.call_backs import Evidence
from engine.store.tables.sla import Pulse
from engine.store.tables.support_line import CallBack, CallBackTry, SupportCall
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at

OPEN = at("1405-08-30 10:00")
MINUTE = 60_000


def tried(number: str, end: Evidence, minute: int) -> None:
    """A try that ended so many minutes after the opening."""
    ended_at = OPEN + minute * MINUTE

    def work() -> None:
        back = CallBack.get_or_none(CallBack.number == number) or CallBack.create(
            queue="support", number=number, place_at=OPEN, asked_at=OPEN, next_at=OPEN
        )
        CallBackTry.create(
            uuid=str(uuid.uuid4()), caller_uuid=str(uuid.uuid4()), call_back_id=back.id, agent_id=1, switch_id=1,
            core_uuid="-", begun_at=ended_at - 30_000, ended_at=ended_at, end=end,
        )  # fmt: skip

    write(work)


def seen(minute: int) -> attendance.Unreached | None:
    return read(lambda: attendance.unreached(OPEN + minute * MINUTE))


ONE, TWO, THREE, FOUR = (f"+98912000000{n}" for n in range(1, 5))


def test_three_numbers_one_after_the_other_are_an_alarm(cast: Cast) -> None:
    tried(ONE, Evidence.NOT_REACHED, 1)
    tried(TWO, Evidence.NOT_REACHED, 2)
    tried(TWO, Evidence.NOT_REACHED, 3)  # the same number again is the caller's own affair
    assert seen(3) is None
    tried(ONE, Evidence.AGENT_AWAY, 4)  # nobody was rung
    tried(THREE, Evidence.NOT_PLACED, 4)
    assert seen(4) is None
    tried(THREE, Evidence.NOT_REACHED, 5)
    assert seen(5) == attendance.Unreached(3, OPEN + MINUTE)
    tried(FOUR, Evidence.NOT_REACHED, 6)
    assert seen(6) == attendance.Unreached(4, OPEN + MINUTE)


def test_it_ends_with_somebody_who_talks_and_after_an_hour(cast: Cast) -> None:
    for minute, number in enumerate((ONE, TWO, THREE), start=1):
        tried(number, Evidence.NOT_REACHED, minute)
    assert seen(60) == attendance.Unreached(3, OPEN + MINUTE)
    assert seen(61) is None  # the first is an hour ago
    tried(FOUR, Evidence.TALKED, 10)
    write(
        lambda: (
            CallBackTry.update(talked_at=OPEN + 9 * MINUTE)
            .where(CallBackTry.end == Evidence.TALKED)
            .execute()
        )
    )
    assert seen(10) is None
    tried(ONE, Evidence.NOT_REACHED, 11)
    tried(TWO, Evidence.NOT_REACHED, 12)
    assert seen(12) is None


def test_whoever_talks_now_is_reached_whatever_was_begun_since(cast: Cast) -> None:
    tried(FOUR, Evidence.NOT_REACHED, 1)
    write(lambda: CallBackTry.update(end="", ended_at=None, talked_at=OPEN + 4 * MINUTE).execute())
    for minute, number in enumerate((ONE, TWO, THREE), start=1):
        tried(number, Evidence.NOT_REACHED, minute)
    assert seen(5) is None
    write(
        lambda: (
            CallBackTry.update(end=Evidence.TALKED, ended_at=OPEN + 6 * MINUTE)
            .where(CallBackTry.end == "")
            .execute()
        )
    )
    assert seen(7) is None
    for minute, number in enumerate((ONE, TWO, THREE), start=7):
        tried(number, Evidence.NOT_REACHED, minute)
    assert seen(10) == attendance.Unreached(3, OPEN + 7 * MINUTE)


def test_one_caller_with_three_numbers_is_one_caller(cast: Cast) -> None:
    call = write(
        lambda: SupportCall.create(
            uuid=str(uuid.uuid4()), number=FOUR, switch_id=1, queue="support", came_at=OPEN, place_at=OPEN
        )
    )
    for minute, number in enumerate((ONE, TWO, THREE), start=1):
        tried(number, Evidence.NOT_REACHED, minute)
    write(lambda: CallBack.update(call_id=call.id).execute())
    assert seen(4) is None


def test_operators_are_told_once_an_hour_in_both_languages(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {}

    def to_staff(_topic: str, key: str, *, text: Any, **_: Any) -> int:
        return 0 if key in told else bool(told.update({key: text})) + 1

    monkeypatch.setattr("engine.services.outbox.deliveries.to_staff", to_staff)
    for minute, number in enumerate((ONE, TWO, THREE), start=1):
        tried(number, Evidence.NOT_REACHED, minute)
    assert write(lambda: attendance.watch(OPEN + 5 * MINUTE))
    assert not write(lambda: attendance.watch(OPEN + 50 * MINUTE))
    (text,) = told.values()
    assert "to 3 numbers since 1405-08-30 10:01, reached nobody" in text["en"]
    assert "به ۳ شماره" in text["fa"]
    assert "۱۰:۰۱" in text["fa"]


def test_pages_of_staff_say_so(cast: Cast) -> None:
    """Also that nobody takes calls: staff whose address nobody entered get no message."""
    write(lambda: Pulse.create(name="engine/x", seen_at=OPEN + 5 * MINUTE))
    write(lambda: agents.add(cast.operator, cast.agent.id, "501", OPEN))

    def said(minute: int) -> list[str]:
        found = read(lambda: alarms.standing(OPEN + minute * MINUTE))
        return [str(one.sentence) for one in found if one.kind == alarms.LINE]

    assert said(1) == []
    nobody = "Support is open, and nobody takes calls."
    assert said(5) == [nobody]
    for minute, number in enumerate((ONE, TWO, THREE), start=1):
        tried(number, Evidence.NOT_REACHED, minute)
    unreached = "Support line: the last call-backs, to 3 numbers since 1405-08-30 10:01, reached nobody."
    assert said(5) == [nobody, unreached]
    write(lambda: agents.sign_in(cast.agent, OPEN + 5 * MINUTE))
    assert said(5) == [unreached]
