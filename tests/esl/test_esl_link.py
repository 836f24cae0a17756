"""One link against a server double: deadlines, disconnects, silence, hostile and slow peers."""

from __future__ import annotations

import re

import gevent
import pytest
from gevent import socket
from gevent.event import Event as Flag

from engine.clock import monotonic_s
from engine.esl import commands
from engine.esl.link import Link
from engine.esl.link_limits import LinkLimits
from engine.esl.originate import OriginateTemplate
from engine.esl.protocol import FrameError
from engine.esl.replies import AuthFailed, CommandTimeout, LinkBusy, LinkDown, Reply
from tests.esl.esl_double import (
    GOODBYE,
    PASSWORD,
    api_response,
    command_reply,
    event,
)
from tests.waits import wait_for

QUICK = LinkLimits(
    connect_s=2, command_s=2, send_s=0.3, silence_s=0.2, probe_s=0.2, heartbeat_s=30, stuck_s=30,
    drain_s=1, tick_s=0.01,
)  # fmt: skip


def limits(**changes) -> LinkLimits:
    return LinkLimits(**{name: getattr(QUICK, name) for name in QUICK.__slots__} | changes)


def ask(number: int) -> bytes:
    """A command that is told apart from others by its text."""
    return commands.hupall_campaign(number)


MORE_THAN_BUFFERS_HOLD = [b"x" * 1_000_000 + b"\n\n"] * 20


@pytest.fixture
def connected(switch):
    links = []

    def make(**changes) -> Link:
        link = Link("127.0.0.1", switch.port, PASSWORD, limits(**changes))
        links.append(link)
        link.connect()
        return link

    yield make
    for link in links:
        link._fail("the test is over")
        link.wait_down(0)


def test_a_command_and_its_answer(connected, switch):
    link = connected()
    assert link.api(commands.version()).startswith("FreeSWITCH Version 1.10")
    assert link.command(commands.subscribe()).is_ok
    assert switch.commands[0] == f"auth {PASSWORD}"
    link.close()
    assert switch.commands[-1] == "exit"
    assert link.down_reason == "closed by us"


def test_a_closed_link_is_not_used_again(connected):
    link = connected()
    link.close()
    with pytest.raises(LinkDown) as refusal:
        link.command(commands.status())
    assert refusal.value.maybe_sent is False
    with pytest.raises(LinkDown, match="new one"):
        link.connect()


def test_a_wrong_password_is_said_in_one_sentence(switch):
    link = Link("127.0.0.1", switch.port, "wrong", QUICK)
    with pytest.raises(AuthFailed, match=f"127.0.0.1:{switch.port} refuses the event-socket password"):
        link.connect()
    assert "wrong" not in str(link.down_reason)


def test_a_rude_rejection_names_the_acl(switch):
    switch.greeting = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    with pytest.raises(LinkDown, match="ACL"):
        Link("127.0.0.1", switch.port, PASSWORD, QUICK).connect()


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LinkDown, match=f"127.0.0.1:{port}: nothing listens there"):
        Link("127.0.0.1", port, PASSWORD, QUICK).connect()


def test_a_peer_that_does_not_ask_for_a_password(switch):
    switch.greeting = b""
    with pytest.raises(LinkDown, match="did not ask for a password"):
        Link("127.0.0.1", switch.port, PASSWORD, limits(connect_s=0.05)).connect()


def test_a_web_server_is_told_apart(switch):
    switch.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n\n\n"
    with pytest.raises(LinkDown, match="no event socket"):
        Link("127.0.0.1", switch.port, PASSWORD, QUICK).connect()


def test_thirty_at_once_each_get_their_own_answer(connected):
    link = connected()
    jobs = [gevent.spawn(link.api, ask(number)) for number in range(1, 31)]
    gevent.joinall(jobs, timeout=5, raise_error=True)
    assert [job.value for job in jobs] == [f"answer to {ask(n).decode().strip()}" for n in range(1, 31)]


def test_a_deadline_on_every_command(connected, switch):
    link = connected()
    switch.script = lambda command, _c: command.startswith("api")
    with pytest.raises(CommandTimeout, match=r"within 0\.05 s"):
        link.api(ask(1), 0.05)


def test_a_late_answer_is_not_given_to_the_next_command(connected, switch):
    link = connected()
    held = []
    switch.script = lambda command, _c: held.append(command) is None
    with pytest.raises(CommandTimeout):
        link.api(ask(1), 0.05)
    second = gevent.spawn(link.api, ask(2))
    wait_for(lambda: len(held) == 2)
    switch.connection.send(api_response("late, to the first"))
    switch.connection.send(api_response("to the second"))
    assert second.get(timeout=2) == "to the second"


def test_a_disconnect_fails_all_who_wait(connected, switch):
    link = connected()
    switch.script = lambda _command, _c: True
    jobs = [gevent.spawn(link.api, ask(number)) for number in range(1, 6)]
    wait_for(lambda: len(switch.commands) == 6)
    switch.connection.send(b"Content-Type: api/response\nContent-Length: 500\n\nonly a part")
    switch.connection.close()
    gevent.joinall(jobs, timeout=2)
    for job in jobs:
        assert isinstance(job.exception, LinkDown)
        assert job.exception.maybe_sent is True
    assert "closed the connection" in str(link.down_reason)


def test_a_goodbye_ends_the_link(connected, switch):
    link = connected()
    switch.connection.send(GOODBYE)
    assert "said goodbye" in link.wait_down()


def test_an_answer_nobody_asked_for_ends_the_link(connected, switch):
    link = connected()
    switch.connection.send(command_reply("+OK"))
    assert "never given" in link.wait_down()


def test_a_huge_frame_comes_and_an_absurd_one_does_not(connected, switch):
    link = connected()
    text = "x" * 6_000_000
    switch.script = lambda _command, connection: connection.send(api_response(text)) is None
    assert link.api(commands.show_channels(), 5) == text
    switch.connection.send(b"Content-Type: api/response\nContent-Length: 99999999999\n\n")
    assert "Content-Length" in link.wait_down()


def test_a_batch_is_answered_in_order_without_waiting(connected, switch):
    link = connected()
    template = OriginateTemplate(gateway="lab", message="m", account_id=1)
    uuids = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(500)]
    told: list[tuple[int, str | None]] = []
    link.post(
        [template.render(uuid, n + 1, "09120000000") for n, uuid in enumerate(uuids)],
        lambda index, outcome: told.append((index, outcome.job_uuid)),
    )
    assert told == []
    wait_for(lambda: len(told) == 500)
    assert told == list(enumerate(uuids))
    assert link.waiting_s(monotonic_s()) == 0


def test_a_batch_that_does_not_fit_is_not_sent(connected, switch):
    link = connected(max_outstanding=10)
    switch.script = lambda _command, _c: True
    link.post([ask(n) for n in range(1, 9)])
    with pytest.raises(LinkBusy, match="nothing was sent"):
        link.post([ask(n) for n in range(11, 15)])
    wait_for(lambda: len(switch.commands) == 9)
    assert not any(re.search(r"campaign 1\d", command) for command in switch.commands)


def test_posted_commands_have_deadlines_too(connected, switch):
    link = connected()
    switch.script = lambda _command, _c: True
    told = []
    link.post([ask(1), ask(2)], lambda index, outcome: told.append((index, type(outcome))), 0.05)
    wait_for(lambda: len(told) == 2)
    assert told == [(0, CommandTimeout), (1, CommandTimeout)]
    assert link.waiting_s(monotonic_s()) > 0  # their answers are awaited all the same
    switch.connection.close()
    link.wait_down()
    assert len(told) == 2


def test_a_command_left_unanswered_too_long_ends_the_link(connected, switch):
    link = connected(stuck_s=0.1)
    switch.script = lambda _command, _c: True
    told = []
    link.post([ask(1)], lambda _i, outcome: told.append(outcome), 0.05)
    assert "unanswered" in link.wait_down()
    assert isinstance(told[0], CommandTimeout)


def test_a_switch_that_does_not_read_blocks_nobody_for_ever(connected, switch):
    link = connected(send_s=1)
    switch.may_read.clear()
    outcomes = []
    blocked = gevent.spawn(
        link.post, MORE_THAN_BUFFERS_HOLD, lambda _i, outcome: outcomes.append(outcome), 10
    )
    wait_for(lambda: link._sending_since_s is not None)
    other = gevent.spawn(link.api, ask(2), 0.1)
    other.join(1)
    assert isinstance(other.exception, LinkBusy)
    blocked.join(3)
    assert blocked.successful()
    assert "read nothing" in str(link.down_reason)
    assert len(outcomes) == len(MORE_THAN_BUFFERS_HOLD)
    assert all(isinstance(outcome, LinkDown) and outcome.maybe_sent for outcome in outcomes)


def test_a_sender_killed_in_mid_frame_takes_the_link_with_it(connected, switch):
    link = connected(send_s=30)
    switch.may_read.clear()
    sender = gevent.spawn(link.post, MORE_THAN_BUFFERS_HOLD)
    wait_for(lambda: link._sending_since_s is not None)
    sender.kill()
    assert "broken off" in str(link.down_reason)


def test_half_open_silence_is_found_by_a_probe(connected, switch):
    link = connected()
    link.start_events(lambda _event: None)
    switch.script = lambda _command, _c: True
    assert "silent" in link.wait_down()
    assert switch.commands[-1] == "api strepoch"


def test_a_probe_that_is_answered_keeps_the_link(connected, switch):
    link = connected(silence_s=0.03, probe_s=2)
    link.start_events(lambda _event: None)
    wait_for(lambda: switch.commands.count("api strepoch") >= 3)
    assert link.down_reason is None


def test_a_switch_that_answers_but_sends_no_heartbeat_is_dead(connected, switch):
    link = connected(silence_s=0.02, probe_s=2, heartbeat_s=0.3)
    link.start_events(lambda _event: None)
    assert "no heartbeat" in link.wait_down()


def test_heartbeats_keep_the_link(connected, switch):
    link = connected(heartbeat_s=0.6, silence_s=10)
    seen = []
    link.start_events(seen.append)
    for n in range(1, 13):
        switch.connection.send(event("HEARTBEAT"))
        wait_for(lambda n=n: len(seen) == n)
        gevent.sleep(0.06)  # time itself is what is tested: 12 × 60 ms outlast the limit
    assert link.down_reason is None


def test_events_come_in_order_and_the_last_before_the_end(connected, switch):
    link = connected()
    seen = []
    link.start_events(lambda e: seen.append(e.uuid))
    names = [str(n) for n in range(2_000)]
    switch.connection.send(b"".join(event("CHANNEL_ANSWER", **{"Unique-ID": n}) for n in names))
    switch.connection.close()
    link.wait_down()
    assert seen == names


def test_a_slow_handler_does_not_stop_the_reading(connected, switch):
    link = connected()
    may_go_on = Flag()
    seen = []

    def handler(e):
        may_go_on.wait()
        seen.append(e.uuid)

    link.start_events(handler)
    switch.connection.send(b"".join(event("CHANNEL_ANSWER", **{"Unique-ID": str(n)}) for n in range(50)))
    assert link.api(ask(1)).startswith("answer to")
    assert seen == []
    may_go_on.set()
    wait_for(lambda: len(seen) == 50)


def test_a_handler_that_fails_does_not_stop_the_others(connected, switch):
    link = connected()
    seen = []

    def handler(e):
        seen.append(e.uuid)
        raise RuntimeError("a mistake")

    link.start_events(handler)
    switch.connection.send(event("CHANNEL_ANSWER", **{"Unique-ID": "1"}) * 3)
    wait_for(lambda: len(seen) == 3)
    assert link.down_reason is None


@pytest.mark.parametrize("bound", [{"max_events": 100}, {"max_event_bytes": 10_000}])
def test_too_many_waiting_events_end_the_link_and_not_the_memory(connected, switch, bound):
    link = connected(**bound)
    may_go_on = Flag()
    handled = []

    def slow(event):
        may_go_on.wait()
        handled.append(event)

    link.start_events(slow)
    switch.connection.send(event("CHANNEL_ANSWER") * 300)
    wait_for(lambda: link.down_reason is not None)
    assert "too many" in str(link.down_reason)
    may_go_on.set()
    link.wait_down()
    wait_for(lambda: handled)
    assert len(handled) <= 130


def test_a_refused_subscription_is_an_error(connected, switch):
    link = connected()
    switch.script = lambda command, c: (
        command.startswith("event") and c.send(command_reply("-ERR no")) is None
    )
    with pytest.raises(LinkDown, match="refused the subscription"):
        link.start_events(lambda _event: None)


def test_the_errors_are_those_a_caller_treats_alike():
    for error in (LinkDown("x"), AuthFailed("x"), CommandTimeout("x"), LinkBusy("x"), FrameError("x")):
        assert error.exit_status == 3
    assert "+OK" in repr(Reply(_frame("+OK")))


def _frame(text):
    from engine.esl.protocol import FrameParser

    return FrameParser().feed(command_reply(text))[0]
