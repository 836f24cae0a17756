"""Texts after calls: by outcome, one a recipient, by an SMSC and by HTTP, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import pytest
from gevent.pywsgi import WSGIServer

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import campaigns
from engine.services.outbox import texts
from engine.services.outbox.smpp import Smpp
from engine.services.outbox.text_providers import provider_of
from engine.services.outbox.texts import Following, TextSent, TextWanted
from engine.store.tables.texts import TextMessage
from engine.store.threads import read, write
from tests.money.fixtures import sqlite, upgraded, world
from tests.money.world import World
from tests.notices.texts_lab import Smsc, message, states
from tests.policies import ANYTHING

__all__ = ["sqlite", "upgraded", "world"]

PERSIAN = "سلام، پیام شما را نشنیدید. دوباره زنگ می‌زنیم."


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    made = Smsc()
    yield made
    made.process.kill()


def test_each_outcome_has_its_text_and_nobody_two(world: World) -> None:
    account_id = world.account(1_000_000)
    campaign_id = world.campaign(account_id, mobiles=3, landlines=1, start=False)
    wanted = [TextWanted("success", "thank you", "3000"), TextWanted("no_answer", PERSIAN)]
    with pytest.raises(SendingRefused):
        write(lambda: texts.allow(account_id, campaign_id, wanted, ["3000"]))
    write(lambda: accounts.grant(account_id, [permissions.TEXTS, permissions.ANY_HOUR], None, world.now))
    write(lambda: texts.allow(account_id, campaign_id, wanted, ["3000"]))
    for wrong in (
        TextWanted("success", "x", "9"),
        TextWanted("maybe", "x"),
        TextWanted("busy", " "),
        TextWanted("fail", "x" * 1001),
    ):
        with pytest.raises(BadInput):
            write(lambda wrong=wrong: texts.allow(account_id, campaign_id, [wrong], ["3000"]))
    write(lambda: campaigns.start(campaign_id, world.now, ANYTHING))
    claims = world.claim(campaign_id)
    heard = [each for each in claims if each.recipient.number.startswith("+98912")][:1]
    following = Following(lambda: world.now)
    won = world.settle(heard) + world.settle([each for each in claims if each not in heard], heard_ms=0)
    for _ in range(2):  # the same word again
        write(lambda: following.settled(won))
    rows = read(lambda: sorted((row.text, row.line) for row in TextMessage.select()))
    assert rows == sorted([("thank you", "3000"), (PERSIAN, ""), (PERSIAN, "")])


def test_an_smsc_takes_them(sqlite: object, smsc: Smsc) -> None:
    provider = provider_of(f"smpp://user:pass@127.0.0.1:{smsc.port}", "3000 4000")
    assert provider is not None

    def setup() -> None:
        message(1, "+989121234560")
        message(2, "+989121234568", PERSIAN * 3, line="4000")
        message(3, "+989121234561")
        message(4, "+989121234562")

    write(setup)
    assert texts.step(provider, wall_ms(), read, write) == 2
    assert texts.step(provider, wall_ms(), read, write) == 0
    assert states() == {1: "sent", 2: "sent", 3: "failed", 4: "failed"}  # 4: full for longer than a day
    assert read(lambda: TextMessage.get_by_id(1).provider_id) == "id1"
    arrived = smsc.stop()
    assert arrived[0]["text"] == b"Hello".hex()
    assert (arrived[0]["from"], arrived[0]["to"]) == ("3000", "989121234560")
    parts = [bytes.fromhex(each["text"]) for each in arrived if each["from"] == "4000"]
    assert len(parts) > 1
    assert b"".join(part[6:] for part in parts).decode("utf-16-be") == PERSIAN * 3


def test_what_nobody_can_say_is_not_sent_again(sqlite: object, smsc: Smsc) -> None:
    provider = Smpp(f"smpp://user:pass@127.0.0.1:{smsc.port}", ("3000",))
    now = wall_ms()
    write(lambda: message(1, "+989121234563"))  # the SMSC dies with it
    write(lambda: message(2, "+989121234565"))
    write(lambda: TextMessage.update(created_at=now).execute())
    texts.step(provider, now, read, write)
    assert states() == {1: "unknown", 2: "waiting"}
    texts.step(provider, now + 60_000, read, write)  # nobody answers there: surely not sent
    assert states() == {1: "unknown", 2: "waiting"}


class Killed:
    """A provider in whose sending the process ends."""

    lines = ("3000",)

    def __init__(self) -> None:
        self.asked = 0

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
        self.asked += len(items)
        raise SystemExit
        yield


def test_after_a_crash_nobody_is_sent_a_second_text(sqlite: object) -> None:
    provider, now = Killed(), wall_ms()
    write(lambda: message(1, "+989121234560"))
    with pytest.raises(SystemExit):
        texts.step(provider, now, read, write)
    assert states() == {1: "sending"}
    texts.step(provider, now + texts.GIVEN_UP_MS + 1, read, write)
    assert states() == {1: "unknown"}
    assert provider.asked == 1


@pytest.mark.parametrize(
    ("status", "state"),
    [("200 OK", "sent"), ("503 Later", "waiting"), ("400 No", "failed"), ("429 Slow", "waiting")],
)
def test_a_provider_by_http(sqlite: object, status: str, state: str) -> None:
    heard: list[tuple[str, dict[str, object]]] = []

    def take(environ: dict, start: Callable) -> list[bytes]:  # type: ignore[type-arg]
        heard.append((environ["HTTP_AUTHORIZATION"], json.loads(environ["wsgi.input"].read())))
        start(status, [])
        return [b"77"]

    server = WSGIServer(("127.0.0.1", 0), take, log=None)
    server.start()
    provider = provider_of(f"http://me:secret@127.0.0.1:{server.server_port}/send", "3000")
    assert provider is not None
    write(lambda: message(1, "+989121234560", may_change_line=True))
    write(lambda: TextMessage.update(created_at=wall_ms()).execute())
    texts.step(provider, wall_ms(), read, write)
    server.stop()
    assert states() == {1: state}
    assert heard == [("Bearer secret", {"id": 1, "to": "+989121234560", "from": "3000", "text": "Hello"})]


def test_another_line_when_the_first_refuses(sqlite: object) -> None:
    class Picky:
        lines = ("3000",)

        def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
            return (TextSent(each.recipient_id, "refused" if each.line else "taken") for each in items)

    write(lambda: message(1, "+989121234560", line="4000", may_change_line=True))
    for _ in range(2):
        texts.step(Picky(), wall_ms(), read, write)
    assert states() == {1: "sent"}


@pytest.mark.parametrize(("url", "lines"), [("ftp://x", "1"), ("smpp://x", "")])
def test_settings_that_cannot_be(url: str, lines: str) -> None:
    with pytest.raises(BadInput):
        provider_of(url, lines)
    assert provider_of("", lines) is None
