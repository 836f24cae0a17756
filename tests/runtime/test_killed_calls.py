"""The engine is killed (-9) within calls of programs: nobody is rung twice, each call is charged once, the books close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from engine.bench.crash_targets import EmbeddedTarget
from engine.clock import wall_ms
from engine.embedded.options import EmbeddedOptions
from engine.embedded.records import read_rung
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.outbox import one_click
from engine.services.trunks import gateways
from engine.states import Disposition
from engine.store.tables.sends import OneClick
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.killed import KilledHouse, killed_house
from tests.waits import wait_for
from tests.webhooks.conftest import Receiver, receiver

__all__ = ["receiver"]

FIRST, SECOND = "09121110000", "09351110000"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[KilledHouse]:
    """An embedded switch that outlives the engine: people answer at once, and talk for some seconds."""
    (tmp_path / "prompts").mkdir()
    target = EmbeddedTarget(
        EmbeddedOptions(
            gateways=("embedded",), speed=3, log=tmp_path / "rung.log", cdr=tmp_path / "cdr.csv",
            prompts=tmp_path / "prompts",
        )
    )  # fmt: skip
    target.start()
    try:
        with killed_house(tmp_path, target.spec(target.address[1])) as found:
            write(lambda: gateways.ensure("embedded", 20, 50, wall_ms()))
            found.engine.start()
            yield found
    finally:
        target.stop()


def rung(house: KilledHouse) -> Counter[str]:
    return Counter(each.number for each in read_rung(house.folder / "rung.log"))


@pytest.mark.parametrize("state", ["first", "second", "joined"])
def test_two_people_joined_around_a_death(house: KilledHouse, state: str) -> None:
    call_id = house.join(FIRST, SECOND)
    if state == "first":
        wait_for(lambda: rung(house), "the first's ringing", 45)
    else:
        house.wait_for(call_id, state)
    house.engine.kill()
    house.engine.start()
    house.wait_for(call_id, "over")
    legs = house.legs(call_id)
    assert set(rung(house).values()) == {1}
    assert len({leg.recipient_id for leg in legs}) == len(legs)
    assert all(leg.ended_at for leg in legs)
    if state == "joined":
        assert [leg.disposition for leg in legs] == [Disposition.ANSWERED] * 2
    house.assert_books_are_closed(sum(leg.price for leg in legs))


def test_a_key_is_told_around_a_death(house: KilledHouse, receiver: Receiver) -> None:
    made = write(
        lambda: access_tokens.make_for_account(house.account_id, NewToken("shop", tuple(Scope)), wall_ms())
    )
    number = normalise("09121110008")  # who presses 1
    assert isinstance(number, NormalNumber)
    send_id, code = write(
        lambda: one_click.send(
            house.account_id,
            made.token_id,
            number,
            receiver.url,
            house.prompt,
            4_000,
            (),
            wall_ms(),
            ANYTHING,
        )
    )
    wait_for(lambda: rung(house), "the ringing", 45)
    house.engine.kill()
    house.engine.start()
    wait_for(lambda: read(lambda: OneClick.get_or_none(OneClick.state == "told")), "the telling", 45)
    assert set(rung(house).values()) == {1}
    told = [parse_qs(body.decode()) for _, body in receiver.requests]
    assert [(each["SendId"], each["Pressed"]) for each in told] == [([str(send_id)], ["1"])] * len(told)
    assert told[0]["Status"] == ["Success" if code == "1" else "WrongKey"]
