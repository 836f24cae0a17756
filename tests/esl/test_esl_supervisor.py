"""The supervisor against a server double: up, down, again, and never a lost word between."""

from __future__ import annotations

import gevent
import pytest
from gevent.event import Event as Flag
from hypothesis import given
from hypothesis import strategies as st

from engine.esl import commands, supervisor
from engine.esl.address import SwitchAddress
from engine.esl.link_limits import LinkLimits
from engine.esl.supervisor import AUTH_RETRY_S, BACKOFF_MOST_S, Supervisor, SwitchInfo, backoff_s
from tests.esl.esl_double import CORE_UUID, PASSWORD, event
from tests.waits import wait_for

LIMITS = LinkLimits(connect_s=1, command_s=1, silence_s=5, drain_s=1, tick_s=0.01)


class Owner:
    """What an engine does with a supervisor, as a list of what happened."""

    def __init__(self, port: int, password: str = PASSWORD, on_up=None) -> None:
        self.happened: list[object] = []
        self.links = []
        self._also = on_up
        self.supervisor = Supervisor(
            "lab",
            SwitchAddress("127.0.0.1", port, password),
            on_up=self.on_up,
            on_down=lambda reason: self.happened.append(("down", reason)),
            on_event=lambda e: self.happened.append(("event", e.uuid)),
            limits=LIMITS,
            chance=lambda: 0.0,
        )
        self.supervisor.start()

    def on_up(self, link, info):
        self.happened.append(("up", info))
        self.links.append(link)
        if self._also:
            self._also(link)

    def kinds(self):
        return [what[0] for what in self.happened]

    @property
    def state(self):
        return self.supervisor.state()


@pytest.fixture
def owner(switch, monkeypatch):
    monkeypatch.setattr(supervisor, "BACKOFF_FIRST_S", 0.02)
    owners = []

    def make(**arguments) -> Owner:
        owners.append(Owner(**{"port": switch.port, **arguments}))
        return owners[-1]

    yield make
    for each in owners:
        each.supervisor.stop(2)


def test_up_tells_what_the_switch_is(owner):
    it = owner()
    wait_for(lambda: it.kinds() == ["up"])
    assert it.happened[0][1] == SwitchInfo(CORE_UUID, 1000, 5000, "1.10.12-release~64bit")
    assert (it.state.status, it.state.last_error) == ("up", None)
    assert it.state.address.startswith("127.0.0.1:")
    assert PASSWORD not in repr(it.state)


def test_subscribed_before_up_so_that_no_event_falls_between(owner, switch):
    it = owner()
    wait_for(lambda: it.kinds() == ["up"])
    assert switch.commands[-1] == "event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB HEARTBEAT"


def test_events_wait_until_up_has_begun(owner, switch):
    def script(command, connection):
        if command.startswith("event json"):
            connection.send(
                b"Content-Type: command/reply\nReply-Text: +OK event listener enabled json\n\n"
                + event("CHANNEL_ANSWER", **{"Unique-ID": "early"})
            )
            return True
        return False

    switch.script = script
    it = owner()
    wait_for(lambda: len(it.happened) == 2)
    assert it.kinds() == ["up", "event"]


def test_events_flow_while_up_still_works(owner, switch):
    done = Flag()
    it = owner(on_up=lambda _link: done.wait())
    wait_for(lambda: it.kinds() == ["up"])
    switch.connection.send(event("CHANNEL_ANSWER", **{"Unique-ID": "1"}))
    wait_for(lambda: it.kinds() == ["up", "event"])
    done.set()


def test_down_comes_after_the_last_event_and_then_a_fresh_link(owner, switch):
    it = owner()
    wait_for(lambda: it.kinds() == ["up"])
    switch.core_uuid = "00000000-0000-4000-8000-000000000001"
    switch.connection.send(event("CHANNEL_ANSWER", **{"Unique-ID": "last"}))
    switch.connection.close()
    wait_for(lambda: len(it.happened) == 4)
    assert it.kinds() == ["up", "event", "down", "up"]
    assert "closed the connection" in it.happened[2][1]
    assert it.happened[3][1].core_uuid == switch.core_uuid
    assert it.links[0] is not it.links[1]
    assert it.state.status == "up"


def test_a_wrong_password_is_reported_and_not_hammered(owner, switch, caplog):
    it = owner(password="wrong")
    wait_for(lambda: f"status=refused retry_in_s={AUTH_RETRY_S:.1f}" in caplog.text)
    assert it.state.status == "refused"
    assert len(switch.connections) == 1
    assert "refuses the event-socket password" in it.state.last_error
    assert it.happened == []


def test_unreachable_is_tried_again_until_it_is_there(owner, switch):
    switch.greeting = b"Content-Type: text/rude-rejection\nContent-Length: 0\n\n"
    it = owner()
    wait_for(lambda: len(switch.connections) >= 3)
    assert it.state.status == "down"
    assert "ACL" in it.state.last_error
    assert it.happened == []
    switch.greeting = b"Content-Type: auth/request\n\n"
    wait_for(lambda: it.kinds() == ["up"])


def test_a_switch_that_is_still_starting_is_not_up(owner, switch):
    switch.core_uuid = "-ERR no reply"
    it = owner()
    wait_for(lambda: it.state.last_error and "core_uuid" in it.state.last_error)
    assert it.happened == []


def test_an_owner_that_fails_is_told_down_and_gets_another_link(owner, switch):
    failures = []

    def fail_once(_link):
        if not failures:
            failures.append(1)
            raise RuntimeError("a mistake")

    it = owner(on_up=fail_once)
    wait_for(lambda: len(it.happened) == 3)
    assert it.kinds() == ["up", "down", "up"]


def test_a_link_lost_while_its_owner_reconciles(owner, switch):
    switch.script = lambda command, c: "show channels" in command and c.close() is None
    it = owner(on_up=lambda link: link.api(commands.show_channels()) if len(it.links) == 1 else None)
    wait_for(lambda: len(it.happened) == 3)
    assert it.kinds() == ["up", "down", "up"]
    assert "closed the connection" in it.happened[1][1]


def test_heartbeats_show_in_the_state(owner, switch):
    it = owner()
    wait_for(lambda: it.kinds() == ["up"])
    switch.connection.send(event("HEARTBEAT", **{"Session-Count": "7", "Session-Per-Sec": "30"}))
    wait_for(lambda: it.state.heartbeat)
    assert (it.state.heartbeat.session_count, it.state.heartbeat.sps) == (7, 30)


def test_stop_says_goodbye_and_tells_the_owner(owner, switch):
    it = owner()
    wait_for(lambda: it.kinds() == ["up"])
    it.supervisor.stop(2)
    assert it.kinds() == ["up", "down"]
    assert it.happened[1] == ("down", "closed by us")
    assert switch.commands[-1] == "exit"
    assert it.state.status == "stopped"


def test_stop_is_quick_when_the_switch_is_away_or_the_owner_hangs(owner, switch):
    away = owner(port=1)
    wait_for(lambda: away.state.status == "down")
    hanging = owner(on_up=lambda _link: Flag().wait())
    wait_for(lambda: hanging.kinds() == ["up"])
    with gevent.Timeout(3):
        away.supervisor.stop(1)
        hanging.supervisor.stop(0.3)
    assert hanging.kinds() == ["up", "down"]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_grows_to_its_cap_and_never_vanishes(failures, chance):
    wait_s = backoff_s(failures, chance)
    assert 0.25 <= wait_s <= BACKOFF_MOST_S
    assert backoff_s(failures + 1, chance) >= wait_s
