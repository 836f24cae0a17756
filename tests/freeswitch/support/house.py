"""A switch with the queue, its agents and callers: what the tests of the support line on a real FreeSWITCH share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from engine.clock import TEHRAN, wall_ms
from engine.services.messages.audio import Samples
from engine.services.messages.template import spoken
from engine.services.support_line import agents, settings, voice_prompts
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import SupportAgent, SupportCall
from engine.store.threads import connected, write
from engine.switch_conf import support
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.phone import Phone
from tests.freeswitch.switch import Switch, free_port, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

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
        wait_for(lambda: ("REGISTER", 200) in phone.statuses, f"registration of {extension}", 5)
        return phone

    def caller(self, number: str, **options: object) -> Phone:
        """A telephone behind the carrier."""
        phone = Phone(("127.0.0.1", self.switch.sip_port), number, host="127.0.0.2", **options)  # type: ignore[arg-type]
        phone.start()
        self.phones.append(phone)
        return phone


@contextmanager
def running_house(
    binary: str,
    folder: Path,
    extensions: Sequence[str] = ("501", "502"),
    carrier: str = "",
    **settings: object,
) -> Iterator[House]:
    """A switch with the queue and agents' passwords; calls through its gateway ring `far`, or go to `carrier` (host:port)."""
    far = Phone(("127.0.0.1", 0), "far", tone_hz=800)
    gateways = (GatewaySettings("lab", carrier or far.here, ptime_ms=20, inbound=("127.0.0.2/32",)),)
    (folder / "recordings" / "support").mkdir(parents=True)
    port = free_port()
    with running_switch(
        binary, folder, gateways, agents_port=port, support_numbers=NUMBER, **settings
    ) as switch:
        fast_prompts(switch.prompts)
        hashes = [(name, agents._a1(agents.Secret(name, agents.REALM, PASSWORD))) for name in extensions]
        support.write_agents(folder / "conf", hashes)
        line = switch.connect()
        assert "OK" in line.api("reloadxml")
        line.close()
        far.server = ("127.0.0.1", switch.sip_port)
        far.start()
        found = House(switch, port, [far], far)
        try:
            yield found
        finally:
            for phone in found.phones:
                phone.stop()


MENU_HZ, WORDS_HZ = 350, 1000


def fast_prompts(folder: Path) -> None:
    """Prompts of a quarter of a second, so that nobody waits for words; those that await a key have a tone of their own."""
    menus = {
        voice_prompts.manifest()["fa"][name]
        for name in ("menu", "closed_menu", "confirm", "offer", "key_number")
    }
    at = np.arange(2000) / 8000

    def speak(text: str, voice: str, rate: int) -> Samples:
        asks = text in {spoken(each) for each in menus}
        return (3000 * np.sin(2 * np.pi * (MENU_HZ if asks else WORDS_HZ) * at)).astype(np.int16)

    voice_prompts.ensure(folder, speak)


@contextmanager
def engine_with_agents(house: House, folder: Path, **rules: int) -> Iterator[Lab]:
    """An engine, two agents who are signed in, and settings in seconds of a test."""
    with running_engine(
        house.switch, folder, support_numbers=NUMBER, recordings_dir=str(house.switch.folder / "recordings")
    ) as lab:

        def work() -> None:
            if SupportAgent.select().exists():  # an engine that starts again
                return
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


def call_of(number: str) -> SupportCall | None:
    return SupportCall.select().where(SupportCall.number == number).order_by(SupportCall.id.desc()).first()


def hears_menu(caller: Phone, since: int = 0) -> int:
    """Wait until a prompt that awaits a key was heard (after `since` packets of such); how many by now."""
    wait_for(lambda: caller.heard.get(MENU_HZ, 0) >= since + 8, "a prompt that awaits a key", 15)
    return caller.heard[MENU_HZ]


def write_hours(switch: Switch, *, is_open: bool) -> None:
    """The hours that count while no engine answers, as `conf install` writes them: all of today, or never."""
    write_days(switch, {datetime.now(TEHRAN).date().isoformat(): ((0, 86_400),)} if is_open else {})


def write_days(switch: Switch, days: Mapping[str, support.Hours]) -> None:
    """As `write_hours`, with the shifts of each day."""
    file = switch.folder / "conf" / "dialplan" / "support" / "15_hours.xml"
    file.write_text(support.hours_xml(list(days.items())))
    line = switch.connect()
    assert "OK" in line.api("reloadxml")
    line.close()
