"""A name server that is late, silent or knows no address: what is asked when, and what is believed of the answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from engine.dialing.health import GatewayHealth
from engine.dialing.lanes import GatewayLane, Lanes
from engine.dialing.pacing import RateLimiter, Seats
from engine.dialing.switch_lane import SwitchLane
from engine.errors import SwitchUnavailable
from engine.esl.events import Event
from engine.esl.protocol import EVENT_JSON, Frame
from engine.monitoring.carrier_names import EVERY_S, ILL_EVERY_S, LOST_S, CarrierNames
from engine.services.trunks.registrations import NAME_LATE, NAME_UNKNOWN

HOST = "sip.carrier.example"


class World:
    """A switch, the gateways «a» and «b» whose carrier has a name, and «c» with an address."""

    def __init__(self) -> None:
        self.lanes, self.asked, self.is_broken = Lanes(), [], False
        self.lanes.switches[1] = SwitchLane(1, "s", "", RateLimiter(100), Seats(200, 10), is_up=True)
        for number, name in enumerate("abc", 1):
            self.lanes.gateways[number] = GatewayLane(
                number, name, RateLimiter(20), Seats(50, 5), (), 0, 1, "", 20, False, ""
            )
        self.lanes.connect()
        for number in (1, 2):
            self.lanes.trunks[1, number].host = HOST
        dialer: Any = SimpleNamespace(lanes=self.lanes, links={1: self})
        self.names = CarrierNames(dialer)

    def post(self, frames: list[bytes]) -> None:
        """The link."""
        if self.is_broken:
            raise SwitchUnavailable("gone")
        self.asked += [frame.decode() for frame in frames]

    def answer(self, body: str, now_m: float, which: int = -1) -> bool:
        job = self.asked[which].partition("Job-UUID: ")[2].strip()
        said = {"Event-Name": "BACKGROUND_JOB", "Job-UUID": job, "_body": body}
        return self.names.on_event(Event(Frame(EVENT_JSON, {}, orjson.dumps(said))), now_m)

    def health(self, number: int = 1) -> GatewayHealth:
        return self.lanes.gateways[number].health

    @property
    def faults(self) -> list[str]:
        return [self.lanes.trunks[1, number].name_fault for number in (1, 2, 3)]


@pytest.fixture
def world() -> World:
    return World()


def test_each_name_is_asked_for_once_a_minute(world: World) -> None:
    for second in range(130):
        world.names.step(100.0 + second)
        if world.asked and second % EVERY_S == 0:
            assert world.answer("192.0.2.1", 100.2 + second)
    assert len(world.asked) == 3
    assert world.asked[0].startswith(f"bgapi host_lookup {HOST}\nJob-UUID: ")
    assert world.faults == ["", "", ""]


def test_calls_without_an_answer_bring_a_question_and_a_late_answer_is_told(world: World) -> None:
    world.names.step(100.0)
    world.answer("192.0.2.1", 100.1)
    world.health().placed("989121110000", now_m=110.0)
    world.names.step(112.0)
    assert len(world.asked) == 1
    world.names.step(115.0)  # silent for more than three seconds
    assert len(world.asked) == 2
    world.names.step(118.0)
    assert world.faults == ["", "", ""]
    world.names.step(118.1)
    assert world.faults == [NAME_LATE, "", ""]  # «b» is well: one late answer says little
    world.answer("192.0.2.1", 123.0)  # late; the next one counts again
    world.names.step(124.0)
    assert world.faults == [NAME_LATE, "", ""]
    world.names.step(115.0 + ILL_EVERY_S)
    assert len(world.asked) == 3
    world.names.step(119.0 + ILL_EVERY_S)
    assert world.faults == [NAME_LATE, NAME_LATE, ""]
    world.names.step(115.0 + 2 * ILL_EVERY_S)
    assert len(world.asked) == 3  # not while one is open
    world.health(2).sign(150.0)  # a call went through: it was resolved
    world.names.step(150.1)
    assert world.faults == [NAME_LATE, "", ""]
    world.answer("192.0.2.1", 160.0)
    world.names.step(161.0)
    world.answer("192.0.2.1", 161.2)
    world.names.step(162.0)
    assert world.faults == ["", "", ""]


def test_an_answer_that_was_lost_is_asked_for_again(world: World) -> None:
    world.names.step(100.0)
    world.names.step(100.0 + LOST_S - 1)
    assert len(world.asked) == 1
    world.names.step(100.0 + LOST_S)
    assert len(world.asked) == 2
    assert not world.answer("192.0.2.1", 221.0, which=0)
    assert world.answer("192.0.2.1", 221.0)


def test_no_address_is_believed_only_where_calls_were_not_resolved(world: World) -> None:
    """A name that has SRV records alone has no address, and its calls go well."""
    world.names.step(100.0)
    world.answer("!err!", 100.1)
    world.names.step(101.0)
    assert world.faults == ["", "", ""]
    world.lanes.gateways[2].unresolved_m = 102.0
    world.names.step(103.0)
    assert world.faults == ["", NAME_UNKNOWN, ""]


def test_other_jobs_a_link_that_breaks_and_a_switch_that_goes_down(world: World) -> None:
    world.is_broken = True
    world.names.step(100.0)
    assert world.asked == []
    world.is_broken = False
    world.names.step(100.0 + EVERY_S)
    assert not world.names.on_event(Event(Frame(EVENT_JSON, {}, b'{"Job-UUID":"x","_body":"+OK"}')), 161.0)
    world.health().placed("989121110000", now_m=160.0)
    world.names.step(164.0)
    assert world.faults == [NAME_LATE, "", ""]
    world.lanes.switches[1].is_up = False
    world.names.step(165.0)
    assert world.faults == ["", "", ""]
