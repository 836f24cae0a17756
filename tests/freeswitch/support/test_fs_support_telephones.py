"""Agents' telephones that come and go on a real FreeSWITCH: what the wallboard says of them is true."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, board, call_backs, calls
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack, CallBackTry, SupportAgent
from engine.store.threads import read, write
from tests.freeswitch.support.house import NUMBER, PASSWORD, House, call_of, engine_with_agents
from tests.freeswitch.support.test_fs_support_contacts import Crafty
from tests.waits import wait_for


def seen(extension: str) -> str:
    return str(read(lambda: SupportAgent.get(SupportAgent.extension == extension)).seen)


def asks(number: str) -> None:
    """A caller who kept the number and left."""

    def work() -> None:
        channel, now = str(uuid.uuid4()), wall_ms()
        calls.came(channel, 1, "", number, now)
        calls.joined(channel, now)
        call_backs.register(channel, number, now)

    write(work)


def test_a_telephone_that_leaves_is_shown_and_takes_no_call_back_until_it_is_there_again(
    house: House, tmp_path: Path
) -> None:
    with engine_with_agents(house, tmp_path):
        write(lambda: agents.sign_out(User.get(User.username == "agent2"), wall_ms()))
        phone = house.agent("501", tone_hz=500)
        wait_for(lambda: seen("501") == "waiting", "the telephone on the wallboard", 3)
        assert not read(lambda: board.board(SYSTEM, wall_ms())).is_unattended
        phone.register(0)
        wait_for(lambda: seen("501") == "unregistered", "its absence on the wallboard", 3)
        assert read(lambda: board.board(SYSTEM, wall_ms())).has_no_telephone
        asks("+989121170001")
        caller = house.caller("09121170002")
        leg = caller.call(NUMBER)
        wait_for(lambda: (c := call_of("+989121170002")) and c.state == "waiting", "the queue", 15)
        time.sleep(3)
        assert read(CallBackTry.select().count) == 0
        row = read(lambda: SupportAgent.get(SupportAgent.extension == "501"))
        assert (row.state, len(phone.rang)) == ("available", 0)
        phone.register()
        wait_for(lambda: phone.rang, "the call-back, which is older than the caller in the queue", 5)
        wait_for(lambda: house.far.up, "the caller's answer", 15)
        time.sleep(1)
        house.far.press("1")
        wait_for(lambda: read(CallBack.get).state == "done", "the talk", 10)
        house.far.hang_up(house.far.up)
        wait_for(
            lambda: call_of("+989121170002").state == "talking", "the caller in the queue to be answered", 20
        )
        caller.hang_up(leg)
        phone.stop()


@pytest.mark.parametrize(
    ("contact", "word"),
    [
        ("<sip:501@{me}>", "waiting"),
        ("<sip:501-0x55fa3@{me};transport=udp;line=a8b7c;ob>", "waiting"),
        ("<sip:501@{me};maddr=127.0.0.7>", "unusable"),
        ("<sip:a'b@{me}>", "unusable"),
        ("<sip:${hupall()}@{me}>", "unusable"),
    ],
)
def test_a_telephone_that_cannot_be_rung_is_not_shown_as_connected(
    house: House, tmp_path: Path, contact: str, word: str
) -> None:
    with engine_with_agents(house, tmp_path):
        phone = Crafty(("127.0.0.1", house.agents_port), "501", password=PASSWORD)
        phone.registers = ("Contact: " + contact.replace("{me}", phone.here),)
        phone.start()
        house.phones.append(phone)
        phone.register()
        wait_for(lambda: seen("501") == word, "the telephone on the wallboard", 8)
        assert read(lambda: board.board(SYSTEM, wall_ms())).is_unattended == (word == "unusable")
        line = house.switch.connect()
        line.api("sofia profile agents flush_inbound_reg 501@avanak.support")
        line.close()
        wait_for(lambda: seen("501") == "unregistered", "its absence", 8)
        phone.stop()


def test_a_telephone_whose_cable_is_pulled_costs_a_caller_a_few_seconds(house: House, tmp_path: Path) -> None:
    """It is not rung to the end, the other agent is; after a minute the wallboard says that it is gone."""
    with engine_with_agents(house, tmp_path):
        gone = house.agent("501")
        wait_for(lambda: seen("501") == "waiting", "the telephone on the wallboard", 3)
        gone.mute()
        caller = house.caller("09121170003", tone_hz=800)
        caller.call(NUMBER)
        wait_for(lambda: gone.rang, "the queue to try it", 15)
        other = house.agent("502", tone_hz=500)
        wait_for(lambda: caller.heard.get(500, 0) > 10, "the other agent, long before it has rung out", 12)
        wait_for(lambda: seen("501") == "unregistered", "its absence on the wallboard", 75)
        assert read(lambda: SupportAgent.get(SupportAgent.extension == "501")).state == "available"
        for phone in (gone, other):
            phone.stop()
