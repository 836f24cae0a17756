"""Calls that the engine makes beside messages, on the real switch: two people joined, and a key that is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from gevent.pywsgi import WSGIServer

from engine.clock import wall_ms
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import secure_calls
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.outbox import one_click
from engine.services.trunks import gateways
from engine.states import Disposition
from engine.store.tables.core import Attempt
from engine.store.tables.sends import SecureCall
from engine.store.threads import read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.carrier_sip import Message
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.phone import Phone
from tests.freeswitch.switch import Switch, free_port, running_switch
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

FIRST, SECOND = "09121112222", "09353334444"
HOLD_HZ = 1000


class Telephone(Phone):
    """A telephone behind a trunk of its own; `messages` is all that the switch sent it."""

    def __init__(self, port: int, tone_hz: int, answer_after_s: float | None = 0.2) -> None:
        super().__init__(("127.0.0.1", port), "phone", tone_hz=tone_hz, answer_after_s=answer_after_s)
        self.messages: list[Message] = []

    def _take(self, message: Message, peer: tuple[str, int]) -> None:
        self.messages.append(message)
        super()._take(message, peer)

    @property
    def text(self) -> str:
        """Headers and bodies of everything that came."""
        return "\n".join(f"{one.headers} {one.body!r}" for one in self.messages)


class Two:
    """An engine on a switch with two trunks, a telephone behind each."""

    def __init__(self, lab: Lab, first: Telephone, second: Telephone) -> None:
        self.lab, self.first, self.second = lab, first, second

    def call(self) -> int:
        numbers = [normalise(text) for text in (FIRST, SECOND)]
        a, b = (each for each in numbers if isinstance(each, NormalNumber))
        message = self.lab.message_id
        return write(lambda: secure_calls.start(1, a, b, message, (), wall_ms(), ANYTHING))

    def row(self, call_id: int) -> SecureCall:
        return read(lambda: SecureCall.get_by_id(call_id))

    def over(self, call_id: int) -> list[Attempt]:
        wait_for(lambda: self.row(call_id).state == "over", "the end of both")
        row = self.row(call_id)
        ids = [row.first_id, row.second_id]
        return read(lambda: list(Attempt.select().where(Attempt.recipient_id.in_(ids)).order_by(Attempt.id)))


@pytest.fixture(scope="module")
def trunks(
    freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Switch, Telephone, Telephone]]:
    """A switch with two trunks, and who is behind them."""
    sip = free_port()
    first, second = Telephone(sip, 500), Telephone(sip, 650)
    gateways = tuple(
        GatewaySettings(name, phone.here, ptime_ms=20) for name, phone in (("one", first), ("two", second))
    )
    with running_switch(freeswitch_binary, tmp_path_factory.mktemp("two"), gateways, sip_port=sip) as switch:
        prompts.write_message(switch.prompts, "two", prompts.sweep(2.04))
        first.start()
        second.start()
        yield switch, first, second
    first.stop()
    second.stop()


@pytest.fixture
def two(trunks: tuple[Switch, Telephone, Telephone], tmp_path: Path) -> Iterator[Two]:
    switch, first, second = trunks
    for phone in (first, second):
        phone.legs.clear()
        phone.rang.clear()
        phone.messages.clear()
        phone.heard.clear()
        phone.busy, phone.answer_after_s, phone.packets = False, 0.2, 0
    with running_engine(switch, tmp_path, sla_probe_s=0) as lab:

        def setup() -> None:
            gateways.add("one", 20, 10, None, wall_ms(), prefixes="98912", caller_id="02191000000")
            gateways.add("two", 20, 10, None, wall_ms(), prefixes="98935", caller_id="02191000000")
            gateways.drain("lab", True, None, wall_ms())

        write(setup)
        yield Two(lab, first, second)


def test_two_people_talk_and_neither_learns_the_others_number(two: Two) -> None:
    call_id = two.call()
    wait_for(lambda: two.row(call_id).state == "joined", "the joining")
    two.first.heard.clear()
    two.second.heard.clear()
    wait_for(lambda: two.first.heard.get(650, 0) > 20, "the second's voice at the first")
    wait_for(lambda: two.second.heard.get(500, 0) > 20, "the first's voice at the second")
    # A joining that was made and not written down: asked, not made again.
    write(lambda: SecureCall.update(state="second").execute())
    wait_for(lambda: two.row(call_id).state == "joined", "the second writing")
    two.second.heard.clear()
    wait_for(lambda: two.second.heard.get(500, 0) > 10, "the voice that goes on")
    assert two.first.up is not None
    two.first.hang_up(two.first.up)
    legs = two.over(call_id)
    wait_for(lambda: two.second.up is None, "the end at the second")
    assert [leg.disposition for leg in legs] == [Disposition.ANSWERED] * 2
    for leg in legs:
        talked = leg.ended_at - leg.answered_at
        assert talked - 800 <= leg.heard_ms <= talked
    assert len(two.first.rang) == len(two.second.rang) == 1
    assert SECOND[1:] not in two.first.text
    assert FIRST[1:] not in two.second.text


def test_the_first_is_let_go_when_the_second_is_busy(two: Two) -> None:
    two.second.busy = True
    call_id = two.call()
    first, second = two.over(call_id)
    assert (first.disposition, second.disposition) == (Disposition.ANSWERED, Disposition.BUSY)
    assert two.row(call_id).joined_at is None


def test_the_second_stops_ringing_when_the_first_hangs_up(two: Two) -> None:
    two.second.answer_after_s = None
    call_id = two.call()
    wait_for(lambda: two.second.rang, "the second ringing")
    assert two.first.up is not None
    two.first.hang_up(two.first.up)
    legs = two.over(call_id)
    assert legs[1].answered_at is None
    assert two.second.legs[0].state == "over"


def test_an_engine_that_was_away_joins_those_who_wait(two: Two) -> None:
    """Both wait in the hold message while nobody looks; whoever looks then brings them together, once."""
    engine = two.lab.engine
    step, engine.joining.step = engine.joining.step, lambda now: None  # type: ignore[method-assign]
    call_id = two.call()
    wait_for(lambda: (step(wall_ms()), two.row(call_id).second_id)[1], "the first")
    wait_for(lambda: two.second.packets > 40, "the hold message at the second")
    wait_for(lambda: (step(wall_ms()), two.row(call_id).joined_at)[1], "the joining")
    engine.joining.step = step  # type: ignore[method-assign]
    wait_for(lambda: two.first.heard.get(650, 0) > 20, "the second's voice at the first")
    assert two.second.up is not None
    two.second.hang_up(two.second.up)
    assert len(two.over(call_id)) == 2


def test_a_key_is_pressed_and_told(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> None:
    """SendOCV: the carrier's 0008 hears all and presses 1."""
    settings = {"sla_probe_s": 0, "own_networks": "127.0.0.0/8"}
    told: list[dict[str, list[str]]] = []

    def take(environ: dict, start) -> list[bytes]:  # type: ignore[no-untyped-def, type-arg]
        told.append(parse_qs(environ["wsgi.input"].read().decode()))
        start("200 OK", [])
        return [b""]

    server = WSGIServer(("127.0.0.1", 0), take, log=None)
    server.start()
    with running_engine(freeswitch, tmp_path, **settings):
        made = write(lambda: access_tokens.make_for_account(1, NewToken("shop", tuple(Scope)), wall_ms()))
        number = normalise("09123510008")
        assert isinstance(number, NormalNumber)
        url = f"http://127.0.0.1:{server.server_port}/"
        send_id, code = write(
            lambda: one_click.send(1, made.token_id, number, url, "two", 2_040, ("lab",), wall_ms(), ANYTHING)
        )
        wait_for(lambda: told, "the telling")
    server.stop()
    assert told[0]["Pressed"] == ["1"]
    assert told[0]["SendId"] == [str(send_id)]
    assert told[0]["Status"] == ["Success" if code == "1" else "WrongKey"]
