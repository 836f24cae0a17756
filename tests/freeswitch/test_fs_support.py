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
from tests.freeswitch.switch import CarrierProcess, Switch, free_port, running_switch, until
from tests.runtime.lab import Lab

NUMBER = "02191001234"
PASSWORD = "an-agents-long-password"
A1 = support_a1 = ""


@dataclass
class House:
    """A switch with the queue, and where its sides listen."""

    switch: Switch
    agents_port: int
    phones: list[Phone]

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
def house(
    tmp_path_factory: pytest.TempPathFactory, freeswitch_binary: str, carrier: CarrierProcess
) -> Iterator[House]:
    gateways = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}", inbound=("127.0.0.2/32",)),)
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
        found = House(switch, port, [])
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
