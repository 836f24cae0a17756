"""What each test of the support line has: a switch with the queue, open hours, and no calls of the test before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.services.support_line import agents
from engine.switch_conf import support
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, PASSWORD, House, fast_prompts
from tests.freeswitch.switch import free_port, running_switch


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


@pytest.fixture(autouse=True)
def ended_calls(house: House) -> Iterator[None]:
    """What a test left open does not wait in the next one's queue."""
    yield
    line = house.switch.connect()
    line.api("hupall")
    line.close()


@pytest.fixture(autouse=True)
def always_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.services.support_line import hours

    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(True, now, now + 3_600_000))
