"""The support line on a real FreeSWITCH: callers, agents and the far end of call-backs are SIP telephones of ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, settings, voice_prompts
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack, SupportCall
from engine.store.threads import connected, write
from engine.switch_conf import support
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.phone import Phone
from tests.freeswitch.switch import Switch, free_port, running_switch, until
from tests.runtime.lab import Lab

NUMBER = "02191001234"
PASSWORD = "an-agents-long-password"


@dataclass
class House:
    """A switch with the queue, and where its sides listen."""

    switch: Switch
    agents_port: int
    phones: list[Phone]
    far: Phone  # the far end of what the switch rings through its gateway

    def agent(self, extension: str, **options: object) -> Phone:
        """A registered agent's telephone."""
        phone = Phone(("127.0.0.1", self.agents_port), extension, password=PASSWORD, **options)  # type: ignore[arg-type]
        phone.start()
        self.phones.append(phone)
        phone.register()
        until(lambda: ("REGISTER", 200) in phone.statuses, 5, f"registration of {extension}")
        return phone

    def caller(self, number: str, **options: object) -> Phone:
        """A telephone behind the carrier."""
        phone = Phone(("127.0.0.1", self.switch.sip_port), number, host="127.0.0.2", **options)  # type: ignore[arg-type]
        phone.start()
        self.phones.append(phone)
        return phone


def fast_prompts(folder: Path) -> None:
    """Prompts of a quarter of a second, so that nobody waits for words."""
    import numpy as np

    at = np.arange(2000) / 8000
    short = (3000 * np.sin(2 * np.pi * 1000 * at)).astype(np.int16)
    voice_prompts.ensure(folder, lambda text, voice, rate: short)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, freeswitch_binary: str) -> Iterator[House]:
    far = Phone(("127.0.0.1", 0), "far", tone_hz=800)
    gateways = (GatewaySettings("lab", far.here, inbound=("127.0.0.2/32",)),)
    folder = tmp_path_factory.mktemp("support")
    (folder / "recordings" / "support").mkdir(parents=True)
    port = free_port()
    with running_switch(
        freeswitch_binary, folder, gateways, agents_port=port, support_numbers=NUMBER
    ) as switch:
        fast_prompts(switch.prompts)
        secret = agents.Secret("501", agents.REALM, PASSWORD)
        support.write_agents(
            folder / "conf",
            [(name, agents._a1(agents.Secret(name, secret.realm, PASSWORD))) for name in ("501", "502")],
        )
        line = switch.connect()
        assert "OK" in line.api("reloadxml")
        line.close()
        far.server = ("127.0.0.1", switch.sip_port)
        far.start()
        found = House(switch, port, [far], far)
        yield found
        for phone in found.phones:
            phone.stop()


@contextmanager
def engine_with_agents(house: House, folder: Path, **rules: int) -> Iterator[Lab]:
    """An engine, two agents who are signed in, and settings in seconds of a test."""
    with running_engine(
        house.switch, folder, support_numbers=NUMBER, recordings_dir=str(house.switch.folder / "recordings")
    ) as lab:

        def work() -> None:
            people = [
                User.create(username=f"agent{n}", password_hash="-", role="agent", created_at=wall_ms())
                for n in (1, 2)
            ]
            for person, extension in zip(people, ("501", "502"), strict=True):
                agents.add(SYSTEM, person.id, extension, wall_ms(), wrap_up_s=0)
                agents.sign_in(person, wall_ms())
            settings.change(SYSTEM, {"offer_after_s": 5, **rules}, wall_ms())

        write(work)
        with connected():
            yield lab


@pytest.fixture(autouse=True)
def always_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.services.support_line import hours

    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(True, now, now + 3_600_000))


def call_of(number: str) -> SupportCall | None:
    return SupportCall.select().where(SupportCall.number == number).order_by(SupportCall.id.desc()).first()


def test_a_caller_waits_and_talks_and_both_hear_each_other(house: House, tmp_path: Path) -> None:
    with engine_with_agents(house, tmp_path):
        phone = house.agent("501", tone_hz=500)
        caller = house.caller("09121110001", tone_hz=800)
        leg = caller.call(NUMBER)
        until(lambda: phone.up, 20, "the agent's telephone to be answered")
        until(lambda: caller.heard.get(500, 0) > 25 and phone.heard.get(800, 0) > 25, 10, "both to hear")
        until(lambda: (c := call_of("+989121110001")) and c.state == "talking", 5, "the books to say so")
        caller.hang_up(leg)
        until(lambda: call_of("+989121110001").state == "answered", 5, "the end in the books")
        phone.stop()


def test_star_keeps_the_number_and_the_agent_calls_back(house: House, tmp_path: Path) -> None:
    """Waits, presses *, confirms, hangs up; then the agent's telephone rings, the caller's, 1 is pressed, they talk."""
    with engine_with_agents(house, tmp_path, call_back_again_s=10):
        caller = house.caller("09121110008")
        leg = caller.call(NUMBER)
        until(lambda: (c := call_of("+989121110008")) and c.asked_at, 25, "the offer")
        time.sleep(0.5)
        caller.press("*")
        time.sleep(1.5)  # who knows it need not hear all of it
        caller.press("1")
        confirmed = time.monotonic()
        until(lambda: CallBack.select().count() == 1, 5, "the row")
        assert time.monotonic() - confirmed < 1.5
        until(lambda: leg.state == "over", 10, "goodbye")
        assert call_of("+989121110008").state == "call_back"
        free = time.monotonic()
        phone = house.agent("501", tone_hz=500)
        until(lambda: phone.rang, 30, "the agent's telephone to ring")
        assert phone.rang[0] - free < 2.5
        until(lambda: house.far.up, 15, "the caller to answer")
        time.sleep(1)
        assert house.far.heard.get(500, 0) == 0  # nobody is put through before 1 is pressed
        house.far.press("1")
        until(lambda: CallBack.get().state == "done", 10, "the talk")
        until(lambda: phone.heard.get(800, 0) > 25 and house.far.heard.get(500, 0) > 25, 5, "both to hear")
        assert [leg.invite.number for leg in house.far.legs] == ["09121110008"]
        house.far.hang_up(house.far.up)
        until(lambda: phone.up is None, 5, "the agent's end")
        phone.stop()


def test_without_an_engine_the_call_goes_on_by_the_hours_of_the_install(house: House) -> None:
    """Nobody answers the dialplan's question: within three seconds it is answered, and there is sound."""
    caller = house.caller("09121110003")
    begun = time.monotonic()
    leg = caller.call(NUMBER)
    until(lambda: leg.state == "up", 6, "the answer without an engine")
    assert 1.5 < time.monotonic() - begun < 4
    until(lambda: caller.packets > 50, 5, "sound")
    caller.hang_up(leg)


def test_nobody_reaches_an_outside_line(house: House, tmp_path: Path) -> None:
    """An agent's own call, a call to another number, a transfer, a forwarded telephone: the far end never rings."""
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        phone = house.agent("501", redirect="09009999999@127.0.0.1")
        own = phone.call("09121234567")
        until(lambda: own.state == "over", 5, "the refusal of an agent's own call")
        assert own.status == 603
        caller = house.caller("09121110004", tone_hz=800)
        other = caller.call("09121234567")
        until(lambda: other.state == "over", 5, "the refusal of another number")
        leg = caller.call(NUMBER)
        until(lambda: phone.rang, 25, "the agent's telephone, which forwards")
        caller.request("REFER", leg, f"Refer-To: <sip:09121234567@127.0.0.1:{house.switch.sip_port}>")
        time.sleep(3)
        assert leg.state == "up"  # waits on, nobody was rung in its name
        assert len(house.far.rang) == rung
        caller.hang_up(leg)
        until(lambda: call_of("+989121110004").state == "abandoned", 5, "the end in the books")
        stranger = Phone(("127.0.0.1", house.switch.sip_port), "09121110005", host="127.0.0.3")
        stranger.start()
        refused = stranger.call(NUMBER)
        until(lambda: refused.state == "over" or refused.status in (401, 403, 407), 5, "the refusal")
        wrong = Phone(("127.0.0.1", house.agents_port), "501", password="a wrong one")
        wrong.start()
        wrong.register()
        until(lambda: ("REGISTER", 403) in wrong.statuses, 5, "the refusal of a wrong password")
        for one in (phone, stranger, wrong):
            one.stop()


def test_a_wrong_number_is_refused_and_the_place_is_kept(house: House, tmp_path: Path) -> None:
    with engine_with_agents(house, tmp_path):
        caller = house.caller("09121110006")
        leg = caller.call(NUMBER)
        until(lambda: (c := call_of("+989121110006")) and c.state == "waiting", 15, "the queue")
        caller.heard.clear()
        until(lambda: caller.heard.get(1000, 0) > 5, 4.5, "the place, told over the music")
        until(lambda: call_of("+989121110006").asked_at, 25, "the offer")
        place = call_of("+989121110006").place_at
        time.sleep(0.5)
        for keyed in ("0044207946000#", "110#", "02191001234#"):  # abroad, short, our own
            caller.press(keyed, 0.2)
            time.sleep(6)
        until(lambda: call_of("+989121110006").state == "waiting", 5, "the queue again")
        assert leg.state == "up"
        assert call_of("+989121110006").place_at == place
        assert CallBack.select().count() == 0
        caller.press("02188776655#", 0.2)
        time.sleep(4.5)
        caller.press("1")
        until(lambda: CallBack.select().count() == 1, 6, "the row")
        assert (CallBack.get().number, CallBack.get().place_at) == ("+982188776655", place)
