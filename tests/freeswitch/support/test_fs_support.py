"""The support line on a real FreeSWITCH: callers, agents and the far end of call-backs are SIP telephones of ours."""

from __future__ import annotations

import time
from pathlib import Path

from engine.store.tables.support_line import CallBack
from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, House, call_of, engine_with_agents
from tests.waits import wait_for


def test_a_caller_waits_and_talks_and_both_hear_each_other(house: House, tmp_path: Path) -> None:
    with engine_with_agents(house, tmp_path):
        phone = house.agent("501", tone_hz=500)
        caller = house.caller("09121110001", tone_hz=800)
        leg = caller.call(NUMBER)
        wait_for(lambda: phone.up, "the agent's telephone to be answered", 20)
        wait_for(lambda: caller.heard.get(500, 0) > 25 and phone.heard.get(800, 0) > 25, "both to hear", 10)
        wait_for(lambda: (c := call_of("+989121110001")) and c.state == "talking", "the books to say so", 5)
        caller.hang_up(leg)
        wait_for(lambda: call_of("+989121110001").state == "answered", "the end in the books", 5)
        phone.stop()


def test_star_keeps_the_number_and_the_agent_calls_back(house: House, tmp_path: Path) -> None:
    """Waits, presses *, confirms, hangs up; then the agent's telephone rings, the caller's, 1 is pressed, they talk."""
    with engine_with_agents(house, tmp_path, call_back_again_s=10):
        caller = house.caller("09121110008")
        leg = caller.call(NUMBER)
        wait_for(lambda: (c := call_of("+989121110008")) and c.asked_at, "the offer", 25)
        time.sleep(0.5)
        caller.press("*")
        time.sleep(1.5)  # who knows it need not hear all of it
        caller.press("1")
        confirmed = time.monotonic()
        wait_for(lambda: CallBack.select().count() == 1, "the row", 5)
        assert time.monotonic() - confirmed < 1.5
        wait_for(lambda: leg.state == "over", "goodbye", 10)
        assert call_of("+989121110008").state == "call_back"
        free = time.monotonic()
        phone = house.agent("501", tone_hz=500)
        wait_for(lambda: phone.rang, "the agent's telephone to ring", 30)
        assert phone.rang[0] - free < 2.5
        wait_for(lambda: house.far.up, "the caller to answer", 15)
        time.sleep(1)
        assert house.far.heard.get(500, 0) == 0  # nobody is put through before 1 is pressed
        house.far.press("1")
        wait_for(lambda: CallBack.get().state == "done", "the talk", 10)
        wait_for(lambda: phone.heard.get(800, 0) > 25 and house.far.heard.get(500, 0) > 25, "both to hear", 5)
        assert [leg.invite.number for leg in house.far.legs] == ["989121110008"]
        house.far.hang_up(house.far.up)
        wait_for(lambda: phone.up is None, "the agent's end", 5)
        phone.stop()


def test_nobody_reaches_an_outside_line(house: House, tmp_path: Path) -> None:
    """An agent's own call, a call to another number, a transfer, a forwarded telephone: the far end never rings."""
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        phone = house.agent("501", redirect="09009999999@127.0.0.1")
        own = phone.call("09121234567")
        wait_for(lambda: own.state == "over", "the refusal of an agent's own call", 5)
        assert own.status == 603
        caller = house.caller("09121110004", tone_hz=800)
        other = caller.call("09121234567")
        wait_for(lambda: other.state == "over", "the refusal of another number", 5)
        leg = caller.call(NUMBER)
        wait_for(lambda: phone.rang, "the agent's telephone, which forwards", 25)
        caller.request("REFER", leg, f"Refer-To: <sip:09121234567@127.0.0.1:{house.switch.sip_port}>")
        time.sleep(3)
        assert leg.state == "up"  # waits on, nobody was rung in its name
        assert len(house.far.rang) == rung
        caller.hang_up(leg)
        wait_for(lambda: call_of("+989121110004").state == "abandoned", "the end in the books", 5)
        stranger = Phone(("127.0.0.1", house.switch.sip_port), "09121110005", host="127.0.0.3")
        stranger.start()
        refused = stranger.call(NUMBER)
        wait_for(lambda: refused.state == "over" or refused.status in (401, 403, 407), "the refusal", 5)
        wrong = Phone(("127.0.0.1", house.agents_port), "501", password="a wrong one")
        wrong.start()
        wrong.register()
        wait_for(lambda: ("REGISTER", 403) in wrong.statuses, "the refusal of a wrong password", 5)
        for one in (phone, stranger, wrong):
            one.stop()


def test_a_wrong_number_is_refused_and_the_place_is_kept(house: House, tmp_path: Path) -> None:
    with engine_with_agents(house, tmp_path):
        caller = house.caller("09121110006")
        leg = caller.call(NUMBER)
        wait_for(lambda: (c := call_of("+989121110006")) and c.state == "waiting", "the queue", 15)
        caller.heard.clear()
        wait_for(lambda: caller.heard.get(1000, 0) > 5, "the place, told over the music", 4.5)
        wait_for(lambda: call_of("+989121110006").asked_at, "the offer", 25)
        place = call_of("+989121110006").place_at
        time.sleep(0.5)
        for keyed in ("0044207946000#", "110#", "02191001234#"):  # abroad, short, our own
            caller.press(keyed, 0.2)
            time.sleep(6)
        wait_for(lambda: call_of("+989121110006").state == "waiting", "the queue again", 5)
        assert leg.state == "up"
        assert call_of("+989121110006").place_at == place
        assert CallBack.select().count() == 0
        caller.press("02188776655#", 0.2)
        time.sleep(4.5)
        caller.press("1")
        wait_for(lambda: CallBack.select().count() == 1, "the row", 6)
        assert (CallBack.get().number, CallBack.get().place_at) == ("+982188776655", place)
