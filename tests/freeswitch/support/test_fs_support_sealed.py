"""Agents' telephones by TLS and SRTP, installed as an admin does; one without them beside."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, PASSWORD, House, call_of, engine_with_agents, running_house
from tests.freeswitch.switch import free_port
from tests.freeswitch.test_fs_secure import certificate
from tests.waits import wait_for


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("switch", "stranger"):
        certificate(folder, name)
    return folder


@pytest.fixture
def sealed(freeswitch_binary: str, tmp_path: Path, certificates: Path) -> Iterator[tuple[House, int]]:
    """A house whose agents may come by TLS, and the port of it."""
    port = free_port()
    options = {
        "agents_tls": True,
        "agents_tls_port": port,
        "tls_certificate_file": str(certificates / "switch.pem"),
    }
    with running_house(freeswitch_binary, tmp_path / "house", **options) as house:
        yield house, port


def test_an_agent_by_tls_talks_by_srtp_and_another_as_before(
    sealed: tuple[House, int], certificates: Path, tmp_path: Path
) -> None:
    house, port = sealed
    with pytest.raises(ssl.SSLCertVerificationError):
        Phone(("127.0.0.1", port), "501", authorities=certificates / "stranger.public.pem")
    wrong = Phone(
        ("127.0.0.1", port), "501", password="a wrong one", authorities=certificates / "switch.public.pem"
    )
    wrong.start()
    wrong.register()
    wait_for(lambda: ("REGISTER", 403) in wrong.statuses, "the refusal of a wrong password", 5)
    wrong.stop()
    with engine_with_agents(house, tmp_path):
        phone = Phone(
            ("127.0.0.1", port), "501", password=PASSWORD, tone_hz=500,
            authorities=certificates / "switch.public.pem",
        )  # fmt: skip
        phone.start()
        house.phones.append(phone)
        phone.register()
        wait_for(lambda: ("REGISTER", 200) in phone.statuses, "the registration", 5)
        caller = house.caller("09121110001", tone_hz=800)
        leg = caller.call(NUMBER)
        wait_for(lambda: phone.up, "the agent's telephone to be answered", 20)
        assert phone.sealed is not None
        wait_for(lambda: caller.heard.get(500, 0) > 25 and phone.heard.get(800, 0) > 25, "both to hear", 10)
        open_phone = house.agent("502", tone_hz=650)
        second = house.caller("09121110002", tone_hz=800)
        second.call(NUMBER)
        wait_for(lambda: open_phone.up, "the other agent's telephone to be answered", 20)
        wait_for(
            lambda: second.heard.get(650, 0) > 25 and open_phone.heard.get(800, 0) > 25, "both to hear", 10
        )
        assert open_phone.sealed is None
        caller.hang_up(leg)
        wait_for(lambda: call_of("+989121110001").state == "answered", "the end in the books", 5)
