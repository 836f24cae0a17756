"""What each test of the support line has: a switch with the queue, open hours, and no calls of the test before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.freeswitch.support.house import House, running_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, freeswitch_binary: str) -> Iterator[House]:
    with running_house(freeswitch_binary, tmp_path_factory.mktemp("support")) as found:
        yield found


@pytest.fixture(autouse=True)
def ended_calls(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test left open does not wait in the next one's queue."""
    yield
    if "house" not in request.fixturenames:
        return
    house: House = request.getfixturevalue("house")
    line = house.switch.connect()
    line.api("hupall")
    line.close()


@pytest.fixture(autouse=True)
def always_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.services.support_line import hours

    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(True, now, now + 3_600_000))
