"""A call that is handed to a department of which nobody answers waits for everybody again, with its wait."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, board, calls, transfers
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import Switch, User
from engine.store.tables.support_line import SupportAgent
from engine.store.threads import read, write
from engine.support_line import handing_over
from tests.runtime.conftest import start_lab
from tests.support_line.test_support_embedded import Line, line
from tests.tickets.cast import Cast, at
from tests.waits import wait_for

__all__ = ["line", "start_lab"]

OPEN = at("1405-08-30 10:00")


def test_a_department_that_does_not_answer_gives_the_call_back(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.embedded.support.callcenter.MOST_WAIT_MS", 4_000)
    house = line(ring_agent_s=5)

    def billing() -> None:
        row = SupportAgent.get(SupportAgent.extension == "502")
        agents.change(
            SYSTEM, row.id, wall_ms(), outside_number="", wrap_up_s=0, is_active=True, belongs_to=("billing",)
        )

    write(billing)
    house.do("phone 501 answer talk=4000")
    house.do("phone 502 silent")
    house.free("501", "502")
    house.do("ring 09121110001")
    wait_for(lambda: house.call("+989121110001").state == "talking", "the talk")
    first = house.call("+989121110001")
    operator = read(lambda: User.get(User.username == "a501"))
    write(lambda: transfers.ask_department(operator, first.id, "billing", wall_ms()))

    def waits_for(queue: str) -> bool:
        return f"\n{queue}|" in house.api(f"callcenter_config queue list members {queue}")

    wait_for(lambda: waits_for("billing@avanak"), "the department's queue")
    wait_for(lambda: waits_for("support@avanak"), "the queue of all again")
    wait_for(lambda: not waits_for("billing@avanak"), "nobody in the department's")
    assert house.call("+989121110001").place_at == first.place_at


def test_who_was_handed_over_waits_on_the_wallboard_until_somebody_answers(cast: Cast) -> None:
    """They are nobody's call meanwhile; one that ends before that was the agent's who handed it over."""
    ids = {}
    write(lambda: Switch.insert(id=1, name="one", address="-", state="up").on_conflict_ignore().execute())
    for extension, person in (("501", cast.agent), ("502", cast.operator)):
        ids[extension] = write(lambda e=extension, p=person: agents.add(cast.operator, p.id, e, OPEN))[0]
        write(lambda p=person: agents.sign_in(p, OPEN))
    talks = [str(uuid.uuid4()) for _ in range(2)]
    for channel in talks:
        write(lambda channel=channel: calls.came(channel, 1, "-", "09121110001", OPEN))
        write(lambda channel=channel: calls.joined(channel, OPEN))
        write(lambda channel=channel: calls.answered(channel, "501", OPEN + 5_000))
    rows = [calls.of_uuid(channel) for channel in talks]

    def handed() -> list[tuple[int, str]]:
        return [
            (one.call.id, one.to) for one in read(lambda: board.board(cast.operator, OPEN + 9_000)).handed
        ]

    write(lambda: transfers.ask(cast.agent, rows[0].id, ids["502"], OPEN + 6_000))
    write(lambda: transfers.ask_department(cast.agent, rows[1].id, "support", OPEN + 7_000))
    assert handed() == []
    for at_ms, one in enumerate(read(lambda: transfers.wanted(1))):
        assert write(lambda one=one, at_ms=at_ms: transfers.begin(one.id, OPEN + 8_000 + at_ms))
    assert handed() == [(rows[0].id, ""), (rows[1].id, "support")]
    assert read(lambda: calls.current_of(ids["501"])) is None
    assert read(lambda: transfers.on_agents(OPEN + 9_000)) == {ids["502"]: False}
    write(lambda: calls.answered(talks[0], "502", OPEN + 9_000))
    assert handed() == [(rows[1].id, "support")]
    assert read(lambda: transfers.on_agents(OPEN + 99_000)) == {ids["502"]: True}
    # A switch that died, and was perhaps replaced by another, tells no end of its calls: nobody is held by them for ever.
    write(lambda: Switch.update(state="down").execute())
    assert read(lambda: transfers.on_agents(OPEN + 99_000)) == {}
    write(lambda: Switch.update(state="up").execute())
    for channel in talks:
        write(lambda channel=channel: calls.ended(channel, OPEN + 99_000))
    assert handed() == []
    assert [calls.of_uuid(channel).agent_id for channel in talks] == [ids["502"], ids["501"]]
    assert read(lambda: transfers.on_agents(OPEN + 99_000)) == {}


@pytest.mark.parametrize("cut", ["before the switch is told", "when the other answers"])
def test_a_hand_over_that_is_cut_is_done_when_the_switch_is_there_again(
    line: Callable[..., Line], monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    """Stored and not ordered: it is ordered again.  Answered and not heard of: the switch's own word is taken."""
    house = line(ring_agent_s=5)
    house.do("phone 501 answer talk=4000")
    house.do("phone 502 answer talk=4000")
    house.free("501")
    house.do("ring 09121110001")
    wait_for(lambda: house.call("+989121110001").state == "talking", "the talk")
    call = house.call("+989121110001")
    house.free("501", "502")
    (switch,) = house.lab.engine.support_line.switches.values()
    lost: list[object] = []
    with monkeypatch.context() as patch:
        if cut.startswith("before"):
            patch.setattr(handing_over, "_order", lambda *seen: lost.append(seen))
        else:
            patch.setattr(switch, "_transferred", lambda *seen: lost.append(seen))
        operator = read(lambda: User.get(User.username == "a501"))
        other = read(lambda: SupportAgent.get(SupportAgent.extension == "502"))
        write(lambda: transfers.ask(operator, call.id, other.id, wall_ms()))
        wait_for(lambda: lost, "what is lost")
        assert house.call("+989121110001").agent_id is None
    (link,) = house.lab.engine.dialer.links.values()
    link.sock.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: house.call("+989121110001").agent_id == other.id, "the other agent in the books", 20)
    assert house.call("+989121110001").state == "talking"
