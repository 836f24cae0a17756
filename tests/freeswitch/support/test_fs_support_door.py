"""At the door of agents' telephones, on a real FreeSWITCH: who guesses passwords is refused, others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import PASSWORD, House, engine_with_agents
from tests.freeswitch.switch import until


def telephone(house: House, host: str, password: str) -> Phone:
    phone = Phone(("127.0.0.1", house.agents_port), "501", password=password, host=host)
    phone.start()
    house.phones.append(phone)
    return phone


def said(phone: Phone) -> int:
    """What the switch answers to a registration: the challenge does not count."""
    before = len(phone.statuses)
    phone.register()
    return int(
        until(
            lambda: next((status for _, status in phone.statuses[before:] if status != 401), 0), 5, "answer"
        )
    )


def test_who_guesses_passwords_is_refused_also_with_the_right_one(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_with_agents(house, tmp_path):
        guesser = telephone(house, "127.0.0.9", "a wrong one")
        assert said(telephone(house, "127.0.0.9", PASSWORD)) == 200
        assert [said(guesser) for _ in range(12)] == [403] * 12
        late = telephone(house, "127.0.0.9", PASSWORD)
        until(lambda: said(late) == 403, 5, "the refusal of the right password from there")
        assert said(telephone(house, "127.0.0.8", PASSWORD)) == 200
        lines = [line for line in caplog.messages if "action=telephones_refused" in line]
        assert len(lines) == 1
        assert "network=127.0.0.9/32 seconds=60 step=1" in lines[0]
        line = house.switch.connect()
        assert line.api("acl 127.0.0.9 agents").strip() == "false"
        line.close()
    with engine_with_agents(house, tmp_path):  # an engine that starts knows of nobody
        until(lambda: said(late) == 200, 5, "the telephone that is let in again")
