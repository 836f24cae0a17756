"""Messages leave by mail, messengers and voice; what fails is tried again, or shown."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.config import load_settings
from engine.errors import BadInput
from engine.sentences import sentence_of
from engine.services.onboarding import first_start
from engine.services.outbox import deliveries, voice
from engine.services.outbox.deliveries import Addressee, Outcome
from engine.services.outbox.email import Mail
from engine.services.outbox.messengers import parse_messengers
from engine.services.outbox.sending import Channels
from engine.services.outbox.voice import VoiceLine
from engine.store.tables.core import Recipient
from engine.store.tables.support import Delivery
from engine.store.threads import read, write
from tests.notices.bot_server import BotServer
from tests.notices.smtp_process import SmtpProcess
from tests.policies import ANYTHING
from tests.tickets.cast import Cast, at

HERE = Path(__file__).parent
NOW = at("1405-08-30 09:00")
HOUR = 3_600_000
# What differs between the databases is tried on both by the other tests.
on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def enqueue(channel: str, address: str, key: str = "", **more: object) -> bool:
    return write(
        lambda: deliveries.enqueue(
            key or f"{channel}/{address}", Addressee(channel, address), "قطعی سرویس", "متن اعلان", NOW, **more
        )
    )


def rows() -> dict[str, Delivery]:
    return {row.address: row for row in read(lambda: list(Delivery.select()))}


def states() -> dict[str, str]:
    return {address: row.state for address, row in rows().items()}


# -- mail ---------------------------------------------------------------------------------


def test_mail_is_sent_once_refused_for_good_or_tried_again(cast: Cast, smtp: SmtpProcess) -> None:
    channels = Channels({"email": Mail(smtp.url, "Avanak <service@avanak.example>")})
    for address in ("boss@shop.example", "nobody@shop.example", "later@shop.example"):
        assert enqueue("email", address)
    assert not enqueue("email", "boss@shop.example")  # the same key
    assert channels.deliver(NOW) == 3
    assert states() == {
        "boss@shop.example": "sent",
        "nobody@shop.example": "failed",
        "later@shop.example": "waiting",
    }
    assert "no such mailbox" in rows()["nobody@shop.example"].error
    assert channels.deliver(NOW) == 0  # its pause is not over
    assert channels.deliver(NOW + HOUR) == 1
    (mail,) = smtp.messages()
    assert (mail["to"], mail["subject"], mail["text"].strip()) == (
        ["boss@shop.example"],
        "قطعی سرویس",
        "متن اعلان",
    )
    shown = read(deliveries.failures)
    assert {row.address for row in shown} == {"nobody@shop.example", "later@shop.example"}
    smtp.stop()
    enqueue("email", "second@shop.example")
    channels.deliver(NOW)
    assert "cannot be used" in rows()["second@shop.example"].error
    write(lambda: deliveries.again(cast.agent, rows()["nobody@shop.example"].id, NOW))
    assert rows()["nobody@shop.example"].state == "waiting"


@on_sqlite
def test_a_subject_begins_no_header_and_stops_no_other_letter(cast: Cast, smtp: SmtpProcess) -> None:
    subjects = {
        "a@shop.example": "Help =?utf-8?q?me=0d=0aBcc:_x@evil.example?=",
        "b@shop.example": "two\r\nBcc: x@evil.example",
        "c@shop.example": "lines\u2028of\x85text\u202e",
        "d\n@shop.example": "an address that is none",
        "e@shop.example": "the last",
    }
    for number, (address, subject) in enumerate(subjects.items()):
        write(
            lambda a=address, s=subject, n=number: deliveries.enqueue(
                f"s/{n}", Addressee("email", a), s, "متن", NOW + n
            )
        )
    Channels({"email": Mail(smtp.url, "Avanak <service@avanak.example>")}).deliver(NOW + 10)
    assert {mail["to"][0]: mail["subject"] for mail in smtp.messages()} == {
        "a@shop.example": "Help = ?utf-8?q?me=0d=0aBcc:_x@evil.example?=",
        "b@shop.example": "two Bcc: x@evil.example",
        "c@shop.example": "lines of text",
        "e@shop.example": "the last",
    }
    assert states()["d\n@shop.example"] == "failed"


def test_a_password_leaves_only_over_tls(tmp_path: Path) -> None:
    cert, key = HERE / "test-cert.pem", HERE / "test-key.pem"  # of localhost, for this test alone
    server = SmtpProcess(tmp_path, cert=str(cert), key=str(key), password="s3cret")
    context = ssl.create_default_context(cafile=str(cert))
    item = Delivery(
        id=1, key="k", channel="email", address="a@b.example", subject="s", text="t", created_at=NOW
    )
    try:
        url = f"smtp://me:{{}}@127.0.0.1:{server.port}"
        (good,) = Mail(url.format("s3cret"), "x@y.example", context).send([item])
        (bad,) = Mail(url.format("wrong"), "x@y.example", context).send([item])
        (stranger,) = Mail(url.format("s3cret"), "x@y.example").send(
            [item]
        )  # a certificate that nobody vouches for
    finally:
        server.stop()
    assert good.error == ""
    assert "535" in bad.error
    assert ("certificate" in stranger.error.lower(), "s3cret" in stranger.error) == (True, False)
    (mail,) = server.messages()
    assert (mail["tls"], mail["login"]) == (True, "me")


@pytest.mark.parametrize(
    ("smtp_url", "mail_from", "messengers"),
    [
        ("http://x", "a@b.example", ""),
        ("smtp://x", "", ""),
        ("", "", "whatsapp=1"),
        ("", "", "bale=tok@ftp://x"),
    ],
)
def test_settings_that_cannot_be_are_named_without_their_secrets(
    smtp_url: str, mail_from: str, messengers: str
) -> None:
    settings = load_settings(
        smtp_url=SecretStr(smtp_url), mail_from=mail_from, messengers=SecretStr(messengers)
    )
    with pytest.raises(BadInput, match="AVANAK_") as refused:
        Channels.from_settings(settings)
    assert "tok" not in str(refused.value).replace("TOKEN", "")


# -- messengers ---------------------------------------------------------------------------

TOKEN = "123:abc-TOKEN"


@on_sqlite
def test_telegram_and_its_likes_differ_by_data_only(cast: Cast, bots: BotServer) -> None:
    text = " ".join(f"{name}={TOKEN}@{bots.url}" for name in ("telegram", "bale", "eitaa"))
    channels = Channels.from_settings(load_settings(messengers=SecretStr(text)))
    assert channels.names == ["panel", "bale", "eitaa", "telegram"]
    for name in ("telegram", "bale", "eitaa"):
        enqueue(name, f"@{name}")
    assert channels.deliver(NOW) == 3
    assert set(states().values()) == {"sent"}
    paths = {body["chat_id"]: path for path, body in bots.posted}
    assert paths == {
        "@telegram": f"/bot{TOKEN}/sendMessage",
        "@bale": f"/bot{TOKEN}/sendMessage",
        "@eitaa": f"/api/{TOKEN}/sendMessage",
    }
    assert bots.texts("@bale") == ["قطعی سرویس\n\nمتن اعلان"]


@on_sqlite
def test_messengers_refuse_put_off_and_vanish(cast: Cast, bots: BotServer) -> None:
    channels = Channels(dict(parse_messengers(f"telegram={TOKEN}@{bots.url}")))
    bots.answers = {
        "@gone": [(403, {"ok": False, "error_code": 403, "description": "bot was blocked"})],
        "@busy": [(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 1800}})],
        "@sick": [(502, b"<html>bad gateway")],
        "@token": [(401, {"ok": False, "description": f"bad {TOKEN}"})],
    }
    for chat in bots.answers:
        enqueue("telegram", chat)
    channels.deliver(NOW)
    found = rows()
    assert {chat: row.state for chat, row in found.items()} == {
        "@gone": "failed",
        "@busy": "waiting",
        "@sick": "waiting",
        "@token": "waiting",
    }
    assert found["@busy"].next_at == NOW + 1_800_000
    assert not any(TOKEN in row.error for row in found.values())
    channels.deliver(NOW + HOUR)
    assert [chat for chat, state in states().items() if state == "sent"] == ["@busy", "@sick", "@token"]
    bots.stop()
    enqueue("telegram", "@late")
    channels.deliver(NOW)
    error = rows()["@late"].error
    assert ("does not answer" in error, TOKEN in error) == (True, False)


@on_sqlite
def test_a_channel_that_is_not_set_up_says_so_and_a_dead_one_holds_up_no_other(
    cast: Cast, bots: BotServer
) -> None:
    channels = Channels(
        {"email": Mail("smtp://127.0.0.1:1", "a@b.example"), **parse_messengers(f"bale={TOKEN}@{bots.url}")}
    )
    for channel, address in (("email", "a@b.example"), ("bale", "@one"), ("eitaa", "@two")):
        enqueue(channel, address)
    channels.deliver(NOW)
    assert states() == {"a@b.example": "waiting", "@one": "sent", "@two": "waiting"}
    assert str(sentence_of(rows()["@two"].error)) == "this channel is not set up"


def test_a_process_that_dies_while_sending_loses_nothing(cast: Cast) -> None:
    sent: list[str] = []

    class Dies:
        def send(self, items: list[Delivery]) -> Iterator[Outcome]:
            sent.append(items[0].address)
            yield Outcome(items[0].id)
            raise KeyboardInterrupt

    class Works:
        def send(self, items: list[Delivery]) -> Iterator[Outcome]:
            for item in items:
                sent.append(item.address)
                yield Outcome(item.id)

    for number in range(4):
        enqueue("email", f"{number}@b.example")
    with pytest.raises(KeyboardInterrupt):
        Channels({"email": Dies()}).deliver(NOW)
    assert Channels({"email": Works()}).deliver(NOW + 60_000) == 0  # still under the lease of the dead one
    assert Channels({"email": Works()}).deliver(NOW + deliveries.LEASE_MS) == 3
    assert sent == [f"{number}@b.example" for number in range(4)]
    assert set(states().values()) == {"sent"}


@on_sqlite
def test_tries_end_with_a_reason(cast: Cast) -> None:
    class Refuses:
        def send(self, items: list[Delivery]) -> Iterator[Outcome]:
            yield from (Outcome(item.id, "not today") for item in items)

    enqueue("email", "a@b.example")
    channels, tries = Channels({"email": Refuses()}), 0
    for hour in range(48):
        tries += channels.deliver(NOW + hour * HOUR)
    row = rows()["a@b.example"]
    assert (tries, row.state, row.error) == (deliveries.MAX_TRIES, "failed", "not today")


@pytest.mark.parametrize("luck", [0.0, 0.5, 0.999])
def test_pauses_grow_to_an_hour(luck: float) -> None:
    pauses = [deliveries.backoff_s(tries, False, luck) for tries in range(1, 30)]
    assert pauses == sorted(pauses)
    assert 15 <= pauses[0] <= 30
    assert 1800 <= pauses[-1] <= 3600
    assert deliveries.backoff_s(1, True, luck) <= 5


# -- voice --------------------------------------------------------------------------------


def test_a_call_is_placed_once_and_its_end_decides(cast: Cast) -> None:
    write(lambda: first_start.ensure_first(NOW, "a long password"))
    said: list[tuple[str, str]] = []
    woken: list[bool] = []

    def speak(text: str, language: str) -> tuple[str, int]:
        said.append((text, language))
        return "alarm", 4000

    channels = Channels({}, VoiceLine(speak, lambda: woken.append(True), ANYTHING))
    enqueue("voice", "+989121234567", is_urgent=True)
    assert channels.deliver(NOW) == 1
    assert channels.deliver(NOW) == 0
    assert (said, woken) == ([("متن اعلان", "fa")], [True])
    (call,) = read(lambda: list(Recipient.select()))
    assert (call.number, rows()["+989121234567"].state) == ("+989121234567", "calling")
    write(
        lambda: (
            Recipient.update(state="exhausted", disposition="busy").where(Recipient.id == call.id).execute()
        )
    )
    channels.deliver(NOW + 1000)
    row = rows()["+989121234567"]
    assert (row.state, str(sentence_of(row.error))) == ("waiting", "the call ended: busy")
    assert channels.deliver(NOW + HOUR) == 1
    second = read(lambda: Recipient.select().order_by(Recipient.id.desc()).first())
    assert second.id != call.id
    write(lambda: Recipient.update(state="delivered").where(Recipient.id == second.id).execute())
    channels.deliver(NOW + HOUR + 1000)
    assert rows()["+989121234567"].state == "sent"


@on_sqlite
def test_a_message_that_cannot_be_spoken_is_tried_again(cast: Cast) -> None:
    def mute(text: str, language: str) -> tuple[str, int]:
        raise BadInput("there is no voice")

    enqueue("voice", "+989121234567")
    Channels({}, voice.VoiceLine(mute, lambda: None, ANYTHING)).deliver(NOW)
    row = rows()["+989121234567"]
    assert (row.state, row.tries) == ("waiting", 1)
    assert "there is no voice" in row.error


@on_sqlite
@pytest.mark.parametrize(
    ("key", "about", "path"),
    [
        ("campaign/7/1", {}, "/campaigns/7"),
        ("message/9/1790000000000/1", {}, "/messages/9"),
        ("credit/3/1790000000000/1", {}, "/balance"),
        ("ticket/4/message/2/1", {"ticket_id": 4}, "/tickets/4"),
        ("code/5/1", {}, ""),
        ("campaign/x", {}, ""),
    ],
)
def test_a_message_ends_with_the_address_where_it_is_read_on(
    cast: Cast, smtp: SmtpProcess, key: str, about: dict[str, object], path: str
) -> None:
    for web_url in ("https://panel.example", ""):
        assert enqueue("email", f"{web_url[:5]}boss@shop.example", f"{key}{web_url and '/2'}", **about)
        Channels({"email": Mail(smtp.url, "service@avanak.example")}, web_url=web_url).deliver(NOW)
        said = smtp.messages()[-1]["text"].rstrip().splitlines()
        assert said == (["متن اعلان", "", web_url + path] if web_url and path else ["متن اعلان"])
    assert {row.text for row in rows().values()} == {"متن اعلان"}  # what is kept has none
