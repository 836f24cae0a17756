"""What people, the engine and imports do to one campaign at the same moment: the counts and the money follow what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.services.campaigns import campaigns, recipients
from engine.services.campaigns.clone import clone
from engine.services.campaigns.list_parts import ListPart, ListRow
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages import prompts
from engine.services.messages.personal import UNPREPARED, Preparer
from engine.states import RecipientState
from engine.store.audit import audit_campaign
from engine.store.claims import cancel_waiting, claim, end_waiting
from engine.store.counts import add_counts
from engine.store.sql import changed
from engine.store.tables.core import Campaign, CampaignCounts, Message, Recipient
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.money.world import CALL_MOBILE, World, route
from tests.policies import ANYTHING
from tests.postgres.beside import other_engine


def counts_of(campaign_id: int) -> dict[str, int]:
    """The counts of recipients that are not zero."""
    row = read(lambda: CampaignCounts.get_by_id(campaign_id))
    names = ("waiting", "retry_wait", "live", "delivered", "exhausted", "excluded", "cancelled", "unknown")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


def books(campaign_id: int) -> list[str]:
    return [item.sentence for item in read(lambda: audit_campaign(campaign_id, deep=True))]


@dataclass
class Speech:
    """Speaks at once; `meanwhile` happens while the first chunk is being spoken."""

    meanwhile: Callable[[], Any]
    spoken: list[str] = field(default_factory=list)

    def make(self, text: str, folder: Path, voice: str) -> Any:
        if not self.spoken:
            self.meanwhile()
        self.spoken.append(text)
        return SimpleNamespace(prompt=f"own-{len(self.spoken)}", duration_ms=4_000)


def personal_campaign(world: World, account_id: int, names: list[str]) -> int:
    """A running campaign whose recipients wait for a message of their own; an empty name cannot be spoken."""

    def work() -> int:
        message = prompts.add(account_id, "m", "example", 4_000, world.now)
        Message.update(text="سلام {name} عزیز، نوبت شما فردا ساعت ده است و چشم به راه شما هستیم").where(
            Message.id == message
        ).execute()
        rules = CampaignRules(name="c")
        made = campaigns.create(account_id, rules, message, world.now, ANYTHING)
        Campaign.update(columns='["name"]').where(Campaign.id == made).execute()
        for line, name in enumerate(names, start=1):
            Recipient.create(
                campaign_id=made, line=line, number=f"+98912000{line:04d}", is_mobile=True, state="pending",
                variables=json.dumps([name]), next_at=UNPREPARED,
            )  # fmt: skip
        add_counts(made, {"waiting": len(names), "total": len(names), "mobiles": len(names)})
        campaigns.start(made, world.now, ANYTHING)
        return made

    return write(work)


def prepare(world: World, meanwhile: Callable[[], Any]) -> None:
    """Speak one chunk for each campaign, while something else happens."""
    speech = Speech(meanwhile)
    preparer = Preparer(speech, Path("."), read, write, lambda work: work())  # type: ignore[arg-type]
    preparer.step(world.now)
    assert speech.spoken


def test_a_stop_while_messages_are_spoken_cancels_all_and_gives_the_money_back(store: Writer) -> None:
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = personal_campaign(world, account, ["Ali", "", "Sara"])
    assert world.reserved(account) > 0
    prepare(world, lambda: write(lambda: campaigns.stop(campaign, world.now)))
    assert counts_of(campaign) == {"cancelled": 3}
    assert books(campaign) == []
    world.second()
    assert (world.reserved(account), world.balance(account)) == (0, 100 * CALL_MOBILE)
    world.clean()


def test_a_stop_while_messages_are_spoken_and_a_call_is_up(store: Writer) -> None:
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = personal_campaign(world, account, ["Ali", "", "Sara"])
    write(lambda: changed("UPDATE recipient SET next_at = 0, prompt = 'p' WHERE line = 1"))
    (call,) = world.claim(campaign)
    prepare(world, lambda: write(lambda: campaigns.stop(campaign, world.now)))
    assert counts_of(campaign) == {"live": 1, "cancelled": 2}
    world.second()
    assert world.reserved(account) > 0, "the call that is up is covered"
    world.settle([call], 0, next_state="retry_wait")
    assert counts_of(campaign) == {"retry_wait": 1, "cancelled": 2}
    world.second()
    world.second()
    assert counts_of(campaign) == {"cancelled": 3}
    assert (books(campaign), world.reserved(account)) == ([], 0)
    world.clean()


def test_a_pause_while_messages_are_spoken_loses_none_of_them(store: Writer) -> None:
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = personal_campaign(world, account, ["Ali", "", "Sara"])
    prepare(world, lambda: write(lambda: campaigns.pause(campaign, "by a person")))
    assert counts_of(campaign) == {"waiting": 2, "excluded": 1}
    assert books(campaign) == []
    write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
    assert {item.recipient.prompt for item in world.claim(campaign)} == {"own-1", "own-2"}


def test_who_has_an_end_or_a_call_keeps_it(store: Writer) -> None:
    """Whatever the caller believes of them: only those that wait are ended, each out of its own count."""
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=5, max_tries=3)
    retried, heard, _up = world.claim(campaign, 3)
    world.settle([retried], 0, next_state="retry_wait")
    world.settle([heard])
    everybody = read(lambda: [int(row.id) for row in Recipient.select()])

    def exclude() -> int:
        return end_waiting(
            campaign, dict.fromkeys(everybody, "do_not_call"), RecipientState.EXCLUDED, world.now
        )

    assert write(exclude) == 3
    assert counts_of(campaign) == {"live": 1, "delivered": 1, "excluded": 3}
    assert write(exclude) == 0
    assert counts_of(campaign) == {"live": 1, "delivered": 1, "excluded": 3}
    assert books(campaign) == []
    kept = read(lambda: {row.state: row.reason for row in Recipient.select()})
    assert kept == {"claimed": "", "delivered": "", "excluded": "do_not_call"}


def test_a_stop_in_steps_counts_what_each_step_cancelled(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=5, max_tries=2)
    world.settle(world.claim(campaign, 2), 0, next_state="retry_wait")
    assert write(lambda: cancel_waiting(campaign, world.now, limit=1)) == 2
    assert counts_of(campaign) == {"waiting": 2, "retry_wait": 1, "cancelled": 2}
    assert write(lambda: cancel_waiting(campaign, world.now, limit=5)) == 3
    assert write(lambda: cancel_waiting(campaign, world.now, limit=5)) == 0
    assert counts_of(campaign) == {"cancelled": 5}
    assert books(campaign) == []


def test_claims_that_were_settled_meanwhile_are_not_given_back(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=3)
    claims = world.claim(campaign)
    world.settle(claims[:1], 0)
    assert world.release(claims) == 2
    assert world.release(claims) == 0
    assert counts_of(campaign) == {"waiting": 2, "exhausted": 1}
    assert books(campaign) == []


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_stop_waits_for_what_another_engine_claims(store: Writer) -> None:
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=6)
    other = other_engine(lambda: claim(campaign, 2, world.now, route, world.money.rules))
    write(lambda: campaigns.stop(campaign, world.now))
    assert other.get(timeout=20) == 2
    assert counts_of(campaign) == {"live": 2, "cancelled": 4}
    assert books(campaign) == []
    assert world.reserved(account) > 0


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_another_engine_that_ends_the_same_ones_counts_them_once(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=4)
    ids = read(lambda: [int(row.id) for row in Recipient.select()])

    def exclude(which: list[int]) -> list[int]:
        reasons = dict.fromkeys(which, "do_not_call")
        return which[: end_waiting(campaign, reasons, RecipientState.EXCLUDED, world.now)]

    other = other_engine(lambda: exclude(ids[:3]))
    assert len(write(lambda: exclude(ids))) == 1
    assert other.get(timeout=20) == 3
    assert counts_of(campaign) == {"excluded": 4}


# -- imports and the end ----------------------------------------------------------------


def brought(campaign_id: int, lines: range, now: int) -> list[int]:
    """Mobiles of a list that come into a campaign, in a transaction."""
    rows = [ListRow(line, f"+98912777{line:04d}", True, "", "") for line in lines]
    done = recipients._insert(campaign_id, ListPart(rows, [int(row.number) for row in rows]), now)
    return list(range(done.added))


def test_a_finished_campaign_that_gets_recipients_goes_on_and_says_so(
    store: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    world.run_out(campaign)
    assert world.row(campaign).finished_at
    with caplog.at_level("INFO"):
        write(lambda: brought(campaign, range(1, 3), world.now))
    assert (world.state(campaign), world.row(campaign).finished_at) == ("running", None)
    assert f"action=campaign_state campaign={campaign} finished -> running" in caplog.text
    world.run_out(campaign)
    assert (counts_of(campaign), books(campaign)) == ({"delivered": 3}, [])
    world.second()
    world.clean()


def test_a_stopped_campaign_stays_stopped(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    write(lambda: campaigns.stop(campaign, world.now))
    write(lambda: brought(campaign, range(1, 3), world.now))
    assert world.state(campaign) == "stopped"
    world.second()
    assert (counts_of(campaign), books(campaign)) == ({"cancelled": 3}, [])


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_campaign_does_not_finish_over_a_list_that_is_coming_in(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    world.settle(world.claim(campaign))
    other = other_engine(lambda: brought(campaign, range(1, 4), world.now))
    assert not write(lambda: campaigns.finish_if_done(campaign, world.now))
    assert other.get(timeout=20) == 3
    assert world.state(campaign) == "running"
    assert counts_of(campaign) == {"waiting": 3, "delivered": 1}


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_list_that_comes_in_over_the_end_opens_the_campaign_again(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    world.settle(world.claim(campaign))
    other = other_engine(lambda: [1] if campaigns.finish_if_done(campaign, world.now) else [])
    write(lambda: brought(campaign, range(1, 4), world.now))
    assert other.get(timeout=20) == 1
    assert world.state(campaign) == "running"
    assert counts_of(campaign) == {"waiting": 3, "delivered": 1}


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_two_lists_that_come_in_at_once_count_each_mobile_once(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    other = other_engine(lambda: brought(campaign, range(1, 5), world.now))
    assert write(lambda: brought(campaign, range(3, 7), world.now)) == [0, 1]
    assert other.get(timeout=20) == 4
    assert read(lambda: CampaignCounts.get_by_id(campaign).mobiles) == 7
    assert books(campaign) == []


def test_a_copy_of_what_was_stopped_while_it_was_spoken_waits_for_its_messages(store: Writer) -> None:
    world = World()
    account = world.account(100 * CALL_MOBILE)
    campaign = personal_campaign(world, account, ["Ali", "Sara"])
    write(lambda: changed("UPDATE recipient SET next_at = 0, prompt = 'p' WHERE line = 1"))
    write(lambda: campaigns.stop(campaign, world.now))
    copy = clone(campaign, world.now, ANYTHING, write, ("not-called",))
    write(lambda: campaigns.start(copy, world.now, ANYTHING))
    assert [item.recipient.prompt for item in world.claim(copy)] == ["p"]
    prepare(world, lambda: None)
    assert [item.recipient.prompt for item in world.claim(copy)] == ["own-1"]


# -- what only looks like ours ----------------------------------------------------------


def test_an_old_claim_does_not_give_back_another_one_with_its_id(store: Writer) -> None:
    world = World()
    campaign = world.campaign(world.account(100 * CALL_MOBILE), mobiles=1)
    old = world.claim(campaign)
    assert world.release(old) == 1
    (new,) = world.claim(campaign)
    write(lambda: changed("UPDATE attempt SET id = ?", [old[0].attempt_id]))
    write(lambda: changed("UPDATE recipient SET attempt_id = ?", [old[0].attempt_id]))
    assert world.release(old) == 0
    assert counts_of(campaign) == {"live": 1}
    assert new.uuid != old[0].uuid


# -- money that could not be taken ------------------------------------------------------


def test_what_may_not_start_keeps_nothing_aside(store: Writer) -> None:
    """A scheduled campaign that cannot pay a call leaves the account what it has for others."""
    world = World()
    account = world.account(CALL_MOBILE - 1)
    campaign = world.campaign(account, mobiles=2, starts_at=world.now + 500)
    write(lambda: campaigns.start_due(world.now + 500, ANYTHING))
    assert (world.state(campaign), world.row(campaign).pause_code) == ("paused", "no_credit")
    assert (world.balance(account), world.reserved(account)) == (CALL_MOBILE - 1, 0)
    world.clean()


def test_what_may_not_go_on_does_not_hold_up_the_others(store: Writer) -> None:
    """The message of a campaign without credit was rejected meanwhile: it stays paused, the rest of the second is done."""
    world = World()
    account = world.account(2 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=3)
    world.run_out(campaign)
    assert world.row(campaign).pause_code == "no_credit"
    ended = world.campaign(world.account(100 * CALL_MOBILE, "other"), mobiles=1)
    (call,) = world.claim(ended)
    write(lambda: campaigns.stop(ended, world.now))
    world.settle([call])
    write(lambda: Message.update(state="rejected", reason="no").execute())
    world.top_up(account, 100 * CALL_MOBILE)
    world.second()
    assert world.state(campaign) == "paused"
    assert world.reserved(account) == 0
    assert world.clean().open_reservations == 1, "that of the paused one; the other was closed"
