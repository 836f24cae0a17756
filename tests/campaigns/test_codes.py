"""Calls that speak codes: capped for a number, an account, a network and in all, and shown as they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.clock import TEHRAN
from engine.config import Settings
from engine.network import network_of
from engine.services.campaigns import codes
from engine.services.campaigns.codes import Asker, CallState, Stage, TooSoon
from engine.services.compliance.policy import Policy
from engine.services.onboarding import registration
from engine.states import AttemptState, RecipientState
from engine.store.tables.core import Attempt, Recipient
from engine.store.tables.customers import MobileCode
from engine.store.threads import read, write
from tests.money.world import World
from tests.policies import ANYTHING

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MANY = replace(ANYTHING, code_calls_an_hour=1000)


def account(world: World, n: int = 0, mobile: str = "") -> int:
    number = mobile or f"0912{n:07d}"
    made = write(lambda: registration.register(f"Firm {n}", "firm", number, f"owner{n}", "!none", world.now))
    return made.account_id


def ring(
    account_id: int, now: int, network: str = "", typed: bool = True, policy: Policy = MANY
) -> codes.Sent:
    return registration.send_code(
        account_id, Asker(network, typed), now, lambda code, language: f"p{code}", write, policy
    )


def rings(account_id: int, now: int, **more: object) -> bool:
    try:
        ring(account_id, now, **more)  # type: ignore[arg-type]
    except TooSoon:
        return False
    return True


def test_the_wait_grows_and_a_number_is_rung_five_times_a_day(world: World) -> None:
    made, at = account(world), world.now
    for wait in (1, 2, 4, 8):
        ring(made, at)
        assert not rings(made, at + wait * MINUTE - 1)
        with pytest.raises(TooSoon) as soon:
            ring(made, at + 1_000)
        assert soon.value.wait_s == wait * 60 - 1
        at += wait * MINUTE
    ring(made, at)
    assert not rings(made, at + 2 * HOUR)
    # Whoever asks: another account that names the same number waits as well, in other digits too.
    assert not rings(account(world, 2, "۰۹۱۲۰۰۰۰۰۰۰"), at + 2 * HOUR)
    assert rings(made, world.now + DAY + HOUR)


def test_an_account_that_changes_its_mobile_does_not_ring_a_hundred(world: World) -> None:
    made, at, rung = account(world), world.now, 0
    for n in range(100):
        write(lambda n=n: registration.change_mobile(made, f"0935{n:07d}"))
        rung += rings(made, at)
        at += 5 * MINUTE
    assert rung <= codes.OF_AN_ACCOUNT


def test_a_network_with_a_hundred_accounts_rings_ten_an_hour_and_twenty_a_day(world: World) -> None:
    network = network_of("2001:db8::1")
    rung = [rings(account(world, n), world.now + n, network=network) for n in range(30)]
    assert sum(rung) == codes.OF_A_NETWORK_AN_HOUR
    rung += [rings(account(world, 100 + n), world.now + HOUR + MINUTE, network=network) for n in range(30)]
    assert sum(rung) == codes.OF_A_NETWORK
    assert rings(account(world, 999), world.now + HOUR + MINUTE, network=network_of("2001:db8:0:1::1"))


def test_all_calls_of_an_hour_have_a_cap(world: World) -> None:
    seven = replace(MANY, code_calls_an_hour=7)
    rung = [rings(account(world, n), world.now + n, network=f"10.0.0.{n}", policy=seven) for n in range(20)]
    assert sum(rung) == 7
    with pytest.raises(TooSoon, match="just now") as soon:
        ring(account(world, 99), world.now + MINUTE, policy=seven)
    assert 3_500 <= soon.value.wait_s <= 3_600


def test_at_night_only_who_typed_the_number_here_is_rung(world: World) -> None:
    usual = Policy.of_settings(Settings(hours_service="07:00-23:00", code_calls_an_hour=1000))
    night = int(datetime(2026, 11, 28, 3, 0, tzinfo=TEHRAN).astimezone(UTC).timestamp() * 1000)
    made = account(world)
    with pytest.raises(TooSoon, match="At this hour") as soon:
        ring(made, night, typed=False, policy=usual)
    assert soon.value.wait_s == 4 * 3600
    assert rings(made, night, typed=True, policy=usual)
    # And of those a tenth of what may ring by day.
    fifty = replace(usual, code_calls_an_hour=50)
    rung = [rings(account(world, n), night + n, policy=fifty) for n in range(1, 20)]
    assert sum(rung) == 4
    assert rings(account(world, 77), night + 5 * HOUR, typed=False, policy=usual)


def test_what_became_of_the_call_is_told(world: World) -> None:
    made = account(world)
    subject = registration.subject_of(made)

    def state(after_ms: int = 0) -> CallState:
        return read(lambda: codes.state_of(subject, world.now + after_ms))

    assert state() == CallState(Stage.NONE)
    sent = ring(made, world.now)
    assert state(20_000) == CallState(Stage.WAITING, "", 40)

    def set_(recipient: RecipientState, attempt: AttemptState | None, disposition: str = "") -> None:
        attempt_id = None
        if attempt is not None:
            row = Recipient.get_by_id(sent.recipient_id)
            attempt_id = row.attempt_id or Attempt.create(
                uuid="u", campaign_id=row.campaign_id, recipient_id=row.id, gateway_id=1, switch_id=1,
                state=attempt, created_at=world.now, core_uuid="", try_no=1,
            ).id  # fmt: skip
            Attempt.update(state=attempt).where(Attempt.id == attempt_id).execute()
        Recipient.update(state=recipient, attempt_id=attempt_id, disposition=disposition).where(
            Recipient.id == sent.recipient_id
        ).execute()

    write(lambda: set_(RecipientState.IN_CALL, AttemptState.RINGING))
    assert state(20_000) == CallState(Stage.RINGING, "", 40)
    write(lambda: set_(RecipientState.IN_CALL, AttemptState.ANSWERED))
    assert state().stage == Stage.ANSWERED
    write(lambda: set_(RecipientState.EXHAUSTED, AttemptState.ENDED, "busy"))
    assert state(59_000) == CallState(Stage.MISSED, "busy", 1)
    assert state(61_000) == CallState(Stage.MISSED, "busy", 0)
    write(lambda: set_(RecipientState.DELIVERED, AttemptState.ENDED, "answered"))
    assert state(61_000) == CallState(Stage.HEARD, "answered", 0)
    assert not state(61_000).is_going_on


def test_codes_of_one_purpose_open_nothing_else(world: World) -> None:
    made = account(world)
    sent = ring(made, world.now)
    row = read(lambda: MobileCode.get())
    for subject in (
        codes.Subject(codes.Purpose.PASSWORD, made, 1),
        codes.Subject(codes.Purpose.ADDRESS, made, 1),
        codes.Subject(codes.Purpose.MOBILE, made + 1),
    ):
        with pytest.raises(codes.BadInput, match="expired"):
            write(lambda subject=subject: codes.take(subject, row.mobile, sent.code, world.now))
    assert write(lambda: registration.verify_code(made, sent.code, world.now))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), (None, ""), ("", ""),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"), ("unix:", "unix:"),
    ],
)  # fmt: skip
def test_a_network_is_an_address_or_a_64(address: str | None, network: str) -> None:
    assert network_of(address) == network
