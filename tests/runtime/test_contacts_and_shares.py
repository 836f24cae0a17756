"""Gaps, daily caps and shares hold over all campaigns of an account."""

from __future__ import annotations

from datetime import timedelta

from engine.bench.figures import fullest_second
from engine.clock import TEHRAN, from_ms, to_ms, wall_ms
from engine.embedded.records import read_rung
from engine.services.trunks import gateways
from engine.store.tables.core import Account, Contact, Recipient
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.waits import wait_for


def limit_account(**values: object) -> None:
    write(lambda: Account.update(**values).where(Account.id == 1).execute())


def rung(lab: Lab) -> list[str]:
    return [ring.number for ring in read_rung(lab.folder / "rung.log")]


def test_two_campaigns_do_not_ring_one_person_within_the_gap(lab: Lab) -> None:
    limit_account(min_gap_s=3600)
    first = lab.campaign(["09123450000"])
    lab.finish(first)
    second = lab.campaign(["09123450000", "09123460000"])
    wait_for(lambda: lab.counts(second).delivered == 1, "the number that was not called before")
    held = lab.recipient(second, "+989123450000")
    assert held.state == "pending"
    assert held.next_at > wall_ms() + 3_500_000
    assert rung(lab).count("09123450000") + rung(lab).count("989123450000") == 1


def test_a_number_gets_no_more_calls_a_day_than_its_cap(lab: Lab) -> None:
    limit_account(max_calls_a_day=2)
    campaign_id = lab.campaign(["09123450001"], max_tries=5, retry_after_s=0)
    wait_for(lambda: lab.recipient(campaign_id, "+989123450001").next_at > wall_ms() + 1_000, "the cap")
    assert lab.recipient(campaign_id, "+989123450001").tries == 2


def test_who_was_called_often_enough_and_lately_waits_for_the_later_of_both(lab: Lab) -> None:
    limit_account(max_calls_a_day=1)
    lab.finish(lab.campaign(["09123450000"]))
    limit_account(min_gap_s=3600)
    second = lab.campaign(["09123450000"])
    held = wait_for(lambda: lab.recipient(second, "+989123450000").next_at, "the wait")
    last_at = read(lambda: Contact.get(Contact.number == "+989123450000").last_at)
    midnight = from_ms(last_at).astimezone(TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0)
    assert held == max(last_at + 3_600_000, to_ms(midnight + timedelta(days=1)))


def test_a_fault_of_the_trunk_does_not_start_the_gap(lab: Lab) -> None:
    limit_account(min_gap_s=3600)
    write(lambda: gateways.add("second", 50, 50, None, wall_ms()))
    campaign_id = lab.campaign(["09123450016"], gateways=["embedded", "second"])
    lab.finish(campaign_id)
    assert lab.counts(campaign_id).delivered == 1
    assert read(lambda: Contact.get(Contact.number == "+989123450016").calls) == 1


def test_an_accounts_own_rate_holds_over_its_campaigns(lab: Lab) -> None:
    limit_account(max_cps=10.0)
    sent: list[float] = []
    lab.engine.dialer.on_sending.append(lambda batch: sent.extend(call.sent_m for call in batch))
    first = lab.campaign([f"0912{number:07d}" for number in range(1_000_100, 1_000_120)])
    second = lab.campaign([f"0913{number:07d}" for number in range(1_000_100, 1_000_120)])
    lab.finish(first)
    lab.finish(second)
    assert fullest_second(sent) <= 10


def test_a_small_campaign_is_not_made_to_wait_for_a_large_one(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=40.0))
    large = lab.campaign([f"0912{number:07d}" for number in range(1_000_100, 1_000_900)])
    wait_for(lambda: lab.counts(large).attempts > 10, "the large one to be under way")
    small = lab.campaign(["09123450000", "09123460000", "09123470000"])
    lab.finish(small, 10)
    assert (
        read(
            lambda: (
                Recipient.select().where(Recipient.campaign_id == large, Recipient.state == "pending").count()
            )
        )
        > 300
    )
