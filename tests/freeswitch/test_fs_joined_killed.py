"""Two people joined on the real switch while the engine is killed (-9): nobody is rung twice, each leg is charged once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.trunks import gateways
from engine.states import Disposition
from engine.store.threads import write
from tests.freeswitch.engine_lab import switch_words
from tests.freeswitch.switch import Switch
from tests.freeswitch.test_fs_joined import Telephone, trunks
from tests.runtime.killed import KilledHouse, killed_house
from tests.waits import wait_for

__all__ = ["trunks"]

FIRST, SECOND = "09121112222", "09353334444"


@dataclass
class Joined:
    """The books, and who is rung."""

    house: KilledHouse
    first: Telephone
    second: Telephone

    def assert_closed(self, call_id: int) -> None:
        """Both legs have one end, were rung once and charged once."""
        self.house.wait_for(call_id, "over")
        legs = self.house.legs(call_id)
        assert [leg.disposition for leg in legs] == [Disposition.ANSWERED] * 2
        assert len(self.first.rang) == len(self.second.rang) == 1
        assert all(0 < leg.heard_ms <= leg.ended_at - leg.answered_at + 1_000 for leg in legs)
        assert all(leg.price > 0 for leg in legs)
        self.house.assert_books_are_closed(sum(leg.price for leg in legs))


@pytest.fixture
def joined(trunks: tuple[Switch, Telephone, Telephone], tmp_path: Path) -> Iterator[Joined]:
    switch, first, second = trunks
    for phone in (first, second):
        for kept in (phone.legs, phone.rang, phone.messages, phone.heard):
            kept.clear()
        phone.busy, phone.answer_after_s, phone.packets = False, 0.2, 0
    with killed_house(tmp_path, switch_words(switch, str(switch.cdr))) as house:
        for file in (tmp_path / "prompts").glob("*"):
            shutil.copy(file, switch.prompts)  # where the switch finds them

        def setup() -> None:
            gateways.add("one", 20, 10, None, wall_ms(), prefixes="98912", caller_id="02191000000")
            gateways.add("two", 20, 10, None, wall_ms(), prefixes="98935", caller_id="02191000000")

        write(setup)
        house.engine.start()
        yield Joined(house, first, second)


def test_killed_while_they_talk_and_adopted(joined: Joined) -> None:
    call_id = joined.house.join(FIRST, SECOND)
    joined.house.wait_for(call_id, "joined")
    joined.house.engine.kill()
    joined.first.heard.clear()
    wait_for(lambda: joined.first.heard.get(650, 0) > 20, "the talk that goes on without an engine")
    joined.house.engine.start()
    joined.first.heard.clear()
    wait_for(lambda: joined.first.heard.get(650, 0) > 20, "the talk that goes on")
    assert joined.first.up is not None
    joined.first.hang_up(joined.first.up)
    wait_for(lambda: joined.second.up is None, "the end at the second", 30)
    joined.assert_closed(call_id)


def test_killed_while_they_talk_and_one_hangs_up_meanwhile(joined: Joined) -> None:
    call_id = joined.house.join(FIRST, SECOND)
    joined.house.wait_for(call_id, "joined")
    joined.house.engine.kill()
    wait_for(lambda: joined.first.heard.get(650, 0) > 50, "a second of talk, as its first half costs nothing")
    assert joined.first.up is not None
    joined.first.hang_up(joined.first.up)
    joined.house.engine.start()
    wait_for(lambda: joined.second.up is None, "the end at the second", 30)
    joined.assert_closed(call_id)


def test_killed_while_the_second_rings_and_they_are_joined_afterwards(joined: Joined) -> None:
    joined.second.answer_after_s = 2.0
    call_id = joined.house.join(FIRST, SECOND)
    wait_for(lambda: joined.second.rang, "the second ringing", 30)
    joined.house.engine.kill()
    wait_for(lambda: joined.second.up, "the second's answer without an engine", 30)
    joined.house.engine.start()
    joined.house.wait_for(call_id, "joined")
    assert joined.second.up is not None
    joined.second.hang_up(joined.second.up)
    wait_for(lambda: joined.first.up is None, "the end at the first", 30)
    joined.assert_closed(call_id)
