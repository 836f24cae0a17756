"""Web hooks reach their receiver: signed, in order, again until they are taken, with the same id."""

from __future__ import annotations

import ipaddress

import pytest
import standardwebhooks

from engine.clock import wall_ms
from engine.runtime import webhook_sender
from engine.runtime.webhook_sender import AddressBreaker, WebhookSender
from engine.sealing import SecretBox
from engine.services.accounts import people
from engine.services.outbox import signing
from engine.services.webhooks import events, hooks
from engine.store.tables.core import Account, User
from engine.store.tables.webhooks import Webhook, WebhookEvent
from engine.store.threads import read, write
from engine.store.webhook_events import CAMPAIGN_STARTED, KINDS, RECIPIENT_ENDED, Happened, note
from engine.store.writer import Writer
from tests.webhooks.conftest import Receiver

NOW = 1_795_900_000_000
BOX = SecretBox(["the key of this installation"])
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


class House:
    """An account with a hook, a sender whose clock stands still."""

    def __init__(self, url: str, **values: object) -> None:
        self.now = NOW
        self.account = write(lambda: Account.create(name="Sahar", state="active", created_at=NOW)).id
        self.owner = write(
            lambda: User.get_by_id(people.add_hashed("sahar", "x", "owner", NOW, account_id=self.account))
        )
        kinds = list(KINDS)
        self.hook = write(lambda: hooks.add(self.owner, self.account, url, kinds, BOX, NOW, **values))
        self.sender = WebhookSender(BOX, LOOPBACK, lambda: self.now)

    def happen(self, subject: str, n: int = 0, kind: str = RECIPIENT_ENDED) -> None:
        write(lambda: note([Happened(self.account, kind, subject, {"n": n})], self.now))

    def send(self) -> None:
        self.sender.look()
        self.sender.wait()

    def rows(self) -> list[WebhookEvent]:
        return read(lambda: list(WebhookEvent.select().order_by(WebhookEvent.id)))


@pytest.fixture
def house(store: Writer, receiver: Receiver) -> House:
    return House(receiver.url)


def test_an_event_is_signed_after_the_convention(house: House, receiver: Receiver) -> None:
    house.now = wall_ms()  # the receiver's library takes none that is five minutes old
    house.happen("recipient/1", 7)
    house.send()
    ((headers, body),) = receiver.requests
    content = standardwebhooks.Webhook(house.hook.secret).verify(body, headers)
    assert headers["webhook-timestamp"] == str(house.now // 1000)
    assert (content["id"], content["type"], content["data"]["n"]) == (
        headers["webhook-id"],
        RECIPIENT_ENDED,
        7,
    )
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(house.hook.secret).verify(body.replace(b"7", b"8"), headers)
    (row,) = house.rows()
    assert (row.state, row.status, row.answer, row.tries) == ("sent", 200, "taken", 1)


def test_a_replaced_secret_signs_too_for_a_day(house: House, receiver: Receiver) -> None:
    begun = wall_ms()
    new = write(lambda: hooks.rotate(house.owner, house.account, house.hook.hook_id, BOX, begun)).secret
    house.now = begun
    house.happen("recipient/1")
    house.send()
    ((headers, body),) = receiver.requests
    for secret in (house.hook.secret, new):
        assert standardwebhooks.Webhook(secret).verify(body, headers)
    write(lambda: Webhook.update(old_secret_until=begun).execute())  # a day later
    house.happen("recipient/2")
    house.send()
    _, (headers, body) = receiver.requests
    assert standardwebhooks.Webhook(new).verify(body, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(house.hook.secret).verify(body, headers)


def test_secrets_are_sealed_and_sealed_anew_by_the_next_key(house: House, receiver: Receiver) -> None:
    new = write(lambda: hooks.rotate(house.owner, house.account, house.hook.hook_id, BOX, NOW)).secret
    kept = read(lambda: Webhook.get())
    assert not {new, house.hook.secret} & {kept.secret, kept.old_secret}
    plain = {"secret": new, "old_secret": house.hook.secret}
    write(lambda: Webhook.update(**plain).execute())  # as before secrets were sealed
    assert write(lambda: hooks.seal_all(BOX)) == 1
    assert write(lambda: hooks.seal_all(BOX)) == 0
    next_box = SecretBox(["the next key", "the key of this installation"])
    assert write(lambda: hooks.seal_all(next_box)) == 1
    keys = [signing.key_of(new), signing.key_of(house.hook.secret)]
    assert hooks.keys_of(read(lambda: Webhook.get()), SecretBox(["the next key"]), NOW) == keys
    stranger = SecretBox(["a key that never was"])
    assert write(lambda: hooks.seal_all(stranger)) == 0
    house.sender = WebhookSender(stranger, LOOPBACK, lambda: house.now)
    house.happen("recipient/1")
    house.send()
    assert receiver.requests == []  # nothing leaves unsigned
    assert house.rows()[0].answer == webhook_sender.UNREADABLE


def test_what_is_refused_is_sent_again_with_the_same_id_and_keeps_the_order(
    house: House, receiver: Receiver
) -> None:
    for n in range(3):
        house.happen("recipient/1", n)
    receiver.answers = [500]
    house.send()
    house.happen("recipient/2", 9)
    house.send()
    assert [each["data"]["n"] for each in receiver.bodies] == [0, 9]
    house.now += 6_500
    house.send()
    ofs = [each for each in receiver.bodies if each["data"]["n"] != 9]
    assert [each["data"]["n"] for each in ofs] == [0, 0, 1, 2]
    assert ofs[0]["id"] == ofs[1]["id"]
    assert {row.state for row in house.rows()} == {"sent"}


@pytest.mark.parametrize("status", [301, 307, 400, 404, 410, 500, 503])
def test_only_2xx_is_taken_and_redirects_are_not_followed(
    house: House, receiver: Receiver, status: int
) -> None:
    house.happen("recipient/1")
    receiver.answers = [status]
    house.send()
    assert len(receiver.requests) == 1
    (row,) = house.rows()
    assert (row.state, row.status) == ("pending", status)
    assert len(row.answer) <= events.LONGEST_ANSWER
    assert row.next_at >= house.now + 5_000


def test_after_a_day_it_is_parked_and_can_be_sent_again(house: House, receiver: Receiver) -> None:
    house.happen("recipient/1")
    receiver.answers = [500]
    house.now += events.PATIENCE_MS
    house.send()
    (row,) = house.rows()
    assert row.state == "parked"
    assert (
        write(lambda: events.replay(house.owner, house.account, house.hook.hook_id, house.now, row.id)) == 1
    )
    house.send()
    assert house.rows()[0].state == "sent"
    assert receiver.bodies[0]["id"] == receiver.bodies[1]["id"]


def test_a_sender_that_dies_leaves_the_event_to_the_next(house: House, receiver: Receiver) -> None:
    house.happen("recipient/1")
    (row,) = house.rows()
    assert write(lambda: events.take([row.id], house.now)) == {row.id}  # and is killed here
    house.send()
    assert receiver.requests == []  # leased
    house.now += events.LEASE_MS
    house.send()
    assert [each["id"] for each in receiver.bodies] == [f"evt_{row.id}"]


def test_two_senders_take_different_events(house: House) -> None:
    for n in range(4):
        house.happen(f"recipient/{n}")
    ids = [row.id for row in house.rows()]
    first = write(lambda: events.take(ids[:3], house.now))
    second = write(lambda: events.take(ids, house.now))
    assert (first, second) == (set(ids[:3]), {ids[3]})


def test_of_two_senders_and_a_slow_receiver_none_sends_twice(house: House, monkeypatch) -> None:
    """A request takes ten seconds of the clock; eight in a row would outlast the lease of those they were taken with."""
    told: list[str] = []
    second = WebhookSender(BOX, LOOPBACK, lambda: house.now)

    def slow(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        told.append(headers["webhook-id"])
        house.now += 10_000
        second.look()
        return 200, ""

    def quick(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        told.append(headers["webhook-id"])
        return 200, ""

    monkeypatch.setattr(webhook_sender, "REQUESTS_AT_ONCE", 1)
    monkeypatch.setattr(house.sender, "_post", slow)
    monkeypatch.setattr(second, "_post", quick)
    for n in range(8):
        house.happen(f"recipient/{n}", n)
    house.sender.look()
    house.sender.wait()
    second.wait()
    assert sorted(told) == sorted(f"evt_{row.id}" for row in house.rows())
    assert {(row.state, row.tries) for row in house.rows()} == {("sent", 1)}


def test_events_are_batched_on_wish(store: Writer, receiver: Receiver) -> None:
    house = House(receiver.url, batch=10)
    for n in range(25):
        house.happen(f"recipient/{n}", n)
    house.send()
    assert sorted(len(each["events"]) for each in receiver.bodies) == [5, 10, 10]
    seen = [event["data"]["n"] for each in receiver.bodies for event in each["events"]]
    assert sorted(seen) == list(range(25))


def test_a_dead_receiver_is_left_alone_and_holds_up_nobody(store: Writer, receiver: Receiver) -> None:
    house = House("http://127.0.0.1:9/")  # nobody listens there
    other = write(lambda: hooks.add(house.owner, house.account, receiver.url, [RECIPIENT_ENDED], BOX, NOW))
    for n in range(30):
        house.happen(f"recipient/{n}", n)
    house.send()
    assert len(receiver.requests) == 30
    dead = [row for row in house.rows() if row.webhook_id != other.hook_id]
    assert {row.state for row in dead} == {"pending"}
    assert (
        sum(row.tries > 0 for row in dead) == webhook_sender.REQUESTS_AT_ONCE
    )  # no longer than one wait for each
    assert "refused" in dead[0].answer
    before = [row.tries for row in dead]
    house.send()  # the breaker is open
    assert [row.tries for row in house.rows() if row.webhook_id != other.hook_id] == before


def test_a_name_that_moves_inside_is_not_connected_to(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.sender = WebhookSender(BOX, (), lambda: house.now)  # loopback is not let in
    house.happen("recipient/1")
    house.send()
    assert receiver.requests == []
    assert "not public" in house.rows()[0].answer


def test_only_wanted_kinds_of_active_hooks(house: House) -> None:
    write(
        lambda: hooks.change(
            house.owner, house.account, house.hook.hook_id, NOW, url="http://x/", kinds=[CAMPAIGN_STARTED], batch=1,
            is_active=True,
        )
    )  # fmt: skip
    house.happen("recipient/1")
    house.happen("campaign/1", kind=CAMPAIGN_STARTED)
    assert [row.kind for row in house.rows()] == [CAMPAIGN_STARTED]
    write(lambda: Webhook.update(is_active=False).execute())
    house.happen("campaign/1", kind=CAMPAIGN_STARTED)
    assert len(house.rows()) == 1


def test_old_events_are_swept(house: House, receiver: Receiver) -> None:
    house.happen("recipient/1")
    house.send()
    assert write(lambda: events.sweep(house.now + events.KEPT_MS - 1)) == 0
    assert write(lambda: events.sweep(house.now + events.KEPT_MS + 1)) == 1


def test_a_breaker_opens_for_longer_each_time_and_tries_one() -> None:
    breaker = AddressBreaker()
    for _ in range(webhook_sender.OPENS_AFTER):
        assert breaker.room(0.0) > 1
        breaker.note(False, 0.0)
    assert breaker.room(webhook_sender.OPEN_FIRST_S - 0.1) == 0
    assert breaker.room(webhook_sender.OPEN_FIRST_S) == 1
    breaker.note(False, webhook_sender.OPEN_FIRST_S)
    assert breaker.room(3 * webhook_sender.OPEN_FIRST_S - 0.1) == 0
    breaker.note(True, 40.0)
    assert breaker.room(40.0) > 1
