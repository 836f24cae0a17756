"""Money with a running engine and its embedded switch."""

from __future__ import annotations

import io

from engine.clock import wall_ms
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.campaigns.codes import Asker
from engine.services.campaigns.recipients import import_list
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists.reader import open_list
from engine.services.messages import prompts
from engine.services.money import ledger, ledger_check, pricing
from engine.services.onboarding import registration
from engine.store.tables.core import Message, Recipient
from engine.store.tables.money import Reservation
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.conftest import lab, start_lab
from tests.runtime.lab import Lab
from tests.waits import wait_for

__all__ = ["lab", "start_lab"]

DAY_MS = 86_400_000


def clean() -> ledger_check.Check:
    found = read(ledger_check.check)
    assert found.is_clean, found.findings
    return found


def paying_campaign(lab: Lab, account: int, lines: list[str]) -> int:
    def work() -> int:
        sound = Message.get_by_id(lab.message_id)
        message = prompts.add(account, "m", sound.prompt, sound.duration_ms, wall_ms())
        rules = CampaignRules(name="paid", gateways=["embedded"])
        return campaigns.create(account, rules, message, wall_ms(), ANYTHING)

    campaign = write(work)
    import_list(
        campaign, open_list(io.BytesIO("\n".join(lines).encode()), filename="l.csv"), write, wall_ms()
    )
    write(lambda: campaigns.start(campaign, wall_ms(), ANYTHING))
    return campaign


def test_calls_are_paid_and_a_top_up_goes_on(lab: Lab) -> None:
    account = write(lambda: accounts.open_by_staff("firm", wall_ms() + DAY_MS, None, wall_ms()))
    call = read(lambda: pricing.price_of(account, wall_ms())).of_call(4_000, True)
    write(lambda: ledger.top_up(account, 2 * call, "payment/1", wall_ms()))
    write(lambda: accounts.grant(account, ["any_hour"], None, wall_ms()))
    numbers = [f"0912{line}0000" for line in range(120, 126)]  # their people answer and hear all of it
    campaign = paying_campaign(lab, account, numbers)
    wait_for(lambda: lab.state(campaign) == "paused", "the end of the credit")
    assert lab.counts(campaign).delivered == 2
    clean()
    write(lambda: ledger.top_up(account, 50 * call, "payment/2", wall_ms()))
    wait_for(lambda: lab.state(campaign) == "finished", "the rest after the top-up")
    found = clean()
    assert (found.open_reservations, found.charged_calls) == (0, 6)
    assert read(lambda: ledger.money_of(account)).balance == 52 * call - 6 * call
    assert read(lambda: Reservation.get_by_id(campaign)).charged == 6 * call


def test_the_code_of_a_registration_is_spoken_in_a_call(lab: Lab) -> None:
    made = write(lambda: registration.register("firm", "firm", "09123450000", "owner", "!none", wall_ms()))
    prompt = read(lambda: Message.get_by_id(lab.message_id)).prompt
    spoken: list[str] = []

    def speak(code: str, language: str) -> str:
        spoken.append(code)
        return prompt

    asker = Asker("", typed_it_here=True)
    sent = registration.send_code(made.account_id, asker, wall_ms(), speak, write, ANYTHING)
    lab.engine.dialer.wake()
    wait_for(lambda: read(lambda: Recipient.get_by_id(sent.recipient_id)).state == "delivered", "the call")
    assert write(lambda: registration.verify_code(made.account_id, spoken[0], wall_ms()))
    assert clean().transactions == 0
