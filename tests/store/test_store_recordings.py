"""How long a recording is, on both databases: written with the settle that won, listed newest first."""

from __future__ import annotations

from engine.services.campaigns import recordings
from engine.store.settles import Settler
from engine.store.tables.core import Attempt
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.store.cast import claim_some, make_campaign, settle_of


def settle(items: list) -> None:
    write(lambda: Settler().write(items))


def test_the_length_comes_with_the_first_end_of_the_call(store: Writer) -> None:
    campaign_id = make_campaign(4)
    claims = claim_some(campaign_id, 4)
    settle(
        [settle_of(claims[0], record_ms=2_000), settle_of(claims[1]), settle_of(claims[2], record_ms=3_000)]
    )
    settle([settle_of(claims[0], record_ms=9_000), settle_of(claims[3], record_ms=86_400_000)])
    kept = read(lambda: {row.id: row.record_ms for row in Attempt.select()})
    assert [kept[one.attempt_id] for one in claims] == [2_000, 0, 3_000, 86_400_000]


def test_a_campaigns_recordings_are_listed_by_pages_newest_first(store: Writer) -> None:
    campaign_id, other = make_campaign(5), make_campaign(1)
    claims = claim_some(campaign_id, 5)
    settle([settle_of(one, record_ms=1_000) for one in (*claims[:4], *claim_some(other, 1))])
    settle([settle_of(claims[4])])
    first = read(lambda: recordings.of_campaign(campaign_id, limit=3))
    rest = read(lambda: recordings.of_campaign(campaign_id, first[-1].attempt_id, limit=3))
    assert [one.attempt_id for one in (*first, *rest)] == [one.attempt_id for one in reversed(claims[:4])]
    assert {one.number for one in first} <= {one.recipient.number for one in claims}
    assert read(lambda: recordings.total(campaign_id)) == (4, 4_000)
