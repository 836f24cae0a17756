"""Claims and settles on both databases: nobody twice, counts right, the first end wins."""

from __future__ import annotations

import gevent
import pytest

from engine.store import database
from engine.store.audit import audit_campaign, repair_counts
from engine.store.claims import release
from engine.store.settles import Answer, Settler, write_answers
from engine.store.sql import changed
from engine.store.tables.core import Attempt, CampaignCounts, Recipient
from engine.store.threads import read, write
from engine.store.writer import Channel, Writer
from tests.store.cast import NOW, claim_some, make_campaign, settle_of


def test_claims_take_each_recipient_once(store: Writer) -> None:
    campaign_id = make_campaign(25)
    claims = [item for _ in range(4) for item in claim_some(campaign_id, 10)]
    assert len({item.recipient.id for item in claims}) == len(claims) == 25
    assert len({item.uuid for item in claims}) == 25
    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []


def test_a_given_back_claim_leaves_no_trace(store: Writer) -> None:
    campaign_id = make_campaign(3)
    claims = claim_some(campaign_id, 2)
    assert len(write(lambda: release(claims))) == 2
    assert write(lambda: release(claims)) == []
    assert read(lambda: Attempt.select().count()) == 0
    assert read(lambda: CampaignCounts.get_by_id(campaign_id).waiting) == 3


def test_the_first_end_of_an_attempt_wins(store: Writer) -> None:
    campaign_id = make_campaign(1)
    (item,) = claim_some(campaign_id, 1)
    settler = Settler()
    assert len(write(lambda: settler.write([settle_of(item), settle_of(item, "unknown")]))) == 1
    assert write(lambda: settler.write([settle_of(item, "unknown", disposition="lost")])) == []
    assert read(lambda: Recipient.get_by_id(item.recipient.id).state) == "delivered"
    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []


def test_answers_are_noted_while_the_call_is_up_and_never_after(store: Writer) -> None:
    campaign_id = make_campaign(1)
    (item,) = claim_some(campaign_id, 1)
    answer = Answer(item.attempt_id, item.recipient.id, NOW + 100)
    assert len(write(lambda: write_answers([answer]))) == 1
    assert read(lambda: Recipient.get_by_id(item.recipient.id).state) == "in_call"
    write(lambda: Settler().write([settle_of(item, answered_at=None)]))
    assert write(lambda: write_answers([answer])) == []
    assert read(lambda: Attempt.get_by_id(item.attempt_id).answered_at) == NOW + 100


def test_a_poisonous_item_is_pushed_aside(store: Writer) -> None:
    campaign_id = make_campaign(5)
    claims = claim_some(campaign_id, 5)
    victim = claims[2].recipient.id
    write(lambda: changed("UPDATE recipient SET attempt_id = NULL WHERE id = ?", [victim]))
    done: list = []
    channel = Channel("settle", Settler().write, done.extend)
    for item in claims:
        store.add(channel, settle_of(item))
    assert store.flush(10)
    assert len(done) == 4
    findings = read(lambda: audit_campaign(campaign_id))
    assert {item.kind for item in findings} == {"live_without_attempt", "attempt_without_recipient"}


def test_wrong_counts_are_found_and_set_right(store: Writer) -> None:
    campaign_id = make_campaign(4)
    claim_some(campaign_id, 2)
    write(lambda: changed("UPDATE campaign_counts SET live = 7 WHERE campaign_id = ?", [campaign_id]))
    (finding,) = read(lambda: audit_campaign(campaign_id))
    assert finding.kind == "counts"
    assert "live is kept as 7 and counted as 2" in finding.sentence
    assert write(lambda: repair_counts(campaign_id))
    assert not write(lambda: repair_counts(campaign_id))
    assert read(lambda: audit_campaign(campaign_id)) == []


def test_upgrading_twice_and_by_two_at_once_changes_nothing(store: Writer) -> None:
    both = [gevent.spawn(database.upgrade), gevent.spawn(database.upgrade)]
    gevent.joinall(both, raise_error=True)
    assert [item.value for item in both] == [[], []]


def test_an_error_of_one_caller_undoes_his_writes_only(store: Writer) -> None:
    campaign_id = make_campaign(1)

    def bad() -> None:
        Recipient.update(state="delivered").execute()
        raise ValueError("no")

    good = gevent.spawn(write, lambda: Recipient.update(reason="x").execute())
    with pytest.raises(ValueError, match="no"):
        write(bad)
    good.get()
    row = read(lambda: Recipient.get(Recipient.campaign_id == campaign_id))
    assert (row.state, row.reason) == ("pending", "x")
