"""Engine, switch and database die at any step of call-backs: nobody talks twice, none is lost.

The far end is counted: `Far` is the switch with its own book (mod_db), which outlives the engine, and may die itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AvanakError
from engine.services.support_line import agents, call_backs, calls
from engine.services.support_line.call_backs import Evidence, Placing
from engine.states import AgentState, CallBackState
from engine.store.tables.core import User
from engine.store.tables.support_line import AgentStep, CallBack, CallBackTry, SupportAgent, SupportCall
from engine.store.threads import write
from tests.tickets.cast import Cast, at

OPEN = at("1405-08-30 10:00")
CORE = str(uuid.uuid4())
# What may come next: a placing, how far the caller's telephone comes, an end that is heard or lost, a death.
STEPS = st.lists(
    st.sampled_from(
        (
            "take",
            "take",
            "place",
            "ring",
            "talk",
            "end",
            "end_unheard",
            "killed",
            "switch_dies",
            "database_away",
            "rings_again",
        )
    ),
    min_size=5,
    max_size=45,
)


def free_agents() -> list[SupportAgent]:
    """Agents that want calls and are on no try, by the store; in life the switch says which are free."""
    busy = CallBackTry.select(CallBackTry.agent_id).where(CallBackTry.ended_at.is_null())
    wanted = SupportAgent.select().where(SupportAgent.is_active, SupportAgent.state == AgentState.AVAILABLE)
    return list(wanted.where(SupportAgent.id.not_in(busy)))


@dataclass
class Far:
    """The switch: channels that live, its own book, and how often each number talked."""

    live: dict[str, Placing] = field(default_factory=dict)
    book: dict[str, str] = field(default_factory=dict)
    talks: dict[str, int] = field(default_factory=dict)
    ringing_at_once: int = 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_killed_at_any_step_nobody_talks_twice_and_none_is_lost(cast: Cast, steps: list[str]) -> None:
    agent_ids, numbers = _begin(cast)
    far, unsent, now = Far(), list[Placing](), OPEN + 200_000
    for step in steps:
        now += 15_000
        if step == "take":
            free = [one.id for one in free_agents()]
            taken = write(lambda free=free, now=now: call_backs.take(free, 1, CORE, now))
            assert len(taken) <= len(free)
            unsent += taken
        elif step == "place" and unsent:
            placing = unsent.pop(0)
            far.live[placing.uuid] = placing
        elif step in ("ring", "talk") and far.live:
            channel = next(iter(far.live))
            if step == "ring":
                far.book.setdefault(channel, "rung")
                write(lambda now=now: call_backs.rung(far.live[channel].caller_uuid, now))
            elif far.book.get(channel) == "rung":
                far.book[channel] = "talked"
                number = far.live[channel].number
                far.talks[number] = far.talks.get(number, 0) + 1
                write(lambda now=now: call_backs.talked(channel, now))
        elif step == "end" and far.live:
            channel = next(iter(far.live))
            del far.live[channel]
            write(
                lambda now=now: call_backs.settle(channel, _evidence(far, channel, Evidence.AGENT_AWAY), now)
            )
        elif step == "end_unheard" and far.live:
            del far.live[next(iter(far.live))]
        elif step in ("killed", "switch_dies"):
            if step == "switch_dies":
                far.live.clear()
            unsent.clear()  # what was committed and not sent is never sent
            _recover(far, now)
        elif step == "database_away":
            _fails_and_is_undone(now)
        elif step == "rings_again":
            channel = str(uuid.uuid4())
            write(lambda now=now: calls.came(channel, 1, CORE, numbers[0], now))
            write(lambda now=now: calls.joined(channel, now))
            write(lambda now=now: calls.ended(channel, now + 1))
        _invariants(far, len(agent_ids))
    unsent.clear()
    far.live.clear()
    _recover(far, now + 60_000)
    _invariants(far, len(agent_ids))
    assert CallBackTry.select().where(CallBackTry.ended_at.is_null()).count() == 0
    assert CallBack.select().where(CallBack.state == CallBackState.TAKEN).count() == 0


def _invariants(far: Far, most: int) -> None:
    assert all(count == 1 for count in far.talks.values())
    assert CallBackTry.select().where(CallBackTry.ended_at.is_null()).count() <= most
    rows = list(CallBack.select())
    assert len(rows) == 3  # none is lost, none is made twice
    for row in rows:
        if row.number in far.talks:
            assert row.state in (CallBackState.DONE, CallBackState.TAKEN)
        if row.state == CallBackState.MISSED:
            assert row.ticket_id is not None


def _evidence(far: Far, channel: str, without: Evidence) -> Evidence:
    return {"talked": Evidence.TALKED, "rung": Evidence.NOT_REACHED}.get(far.book.get(channel, ""), without)


def _recover(far: Far, now: int) -> None:
    """As an engine that starts again does: tries without a channel are settled by the switch's own book."""
    for row in call_backs.open_tries(1):
        if row.uuid not in far.live:
            write(
                lambda row=row: call_backs.settle(
                    row.uuid, _evidence(far, row.uuid, Evidence.NOT_PLACED), now
                )
            )


def _fails_and_is_undone(now: int) -> None:
    def work() -> None:
        call_backs.take([one.id for one in free_agents()], 1, CORE, now)
        raise AvanakError("The database went away before the commit.")

    try:
        write(work)
    except AvanakError:
        return


def _begin(cast: Cast) -> tuple[list[int], list[str]]:
    """Two agents and three numbers to be called back, in a store that holds nothing else."""

    def work() -> list[int]:
        for table in (CallBackTry, CallBack, SupportCall, AgentStep, SupportAgent):
            table.delete().execute()
        made = []
        for extension, person in (("501", cast.agent), ("502", cast.operator)):
            made.append(agents.add(cast.operator, person.id, extension, OPEN)[0])
            agents.sign_in(User.get_by_id(person.id), OPEN)
        return made

    ids = write(work)
    numbers = [f"0912000000{n}" for n in range(3)]
    for place, number in enumerate(numbers):
        channel = str(uuid.uuid4())
        write(
            lambda channel=channel, number=number, place=place: calls.came(
                channel, 1, CORE, number, OPEN + place
            )
        )
        write(lambda channel=channel, place=place: calls.joined(channel, OPEN + place))
        write(
            lambda channel=channel, number=number: call_backs.register(
                channel, "+98" + number[1:], OPEN + 100_000
            )
        )
    return ids, numbers
