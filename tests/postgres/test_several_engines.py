"""Two engines, two switches, one PostgreSQL: a dead engine's switches and calls are taken over.

Counted at the far end: the switches' own logs of who was rung.
"""

from __future__ import annotations

from collections import Counter

from engine.store.audit import audit_campaign
from engine.store.tables.core import Attempt, Campaign, CampaignCounts
from engine.store.threads import read
from tests.postgres.cluster import Cluster, make_list, wait_for

RECIPIENTS = 400
CPS = 30


def test_a_killed_engines_switches_and_calls_are_taken_over(cluster: Cluster) -> None:
    cluster.start("first")
    cluster.start("second")
    wait_for(lambda: cluster.holders() == {"first": 1, "second": 1}, "a switch for each engine", 30)
    campaign_id = make_list(RECIPIENTS, CPS)
    wait_for(lambda: len(cluster.rung()) > RECIPIENTS // 4, "a quarter of the calls", 40)
    cluster.kill("first")
    wait_for(lambda: cluster.holders() == {"second": 2}, "the take-over", 30)
    wait_for(lambda: read(lambda: Campaign.get_by_id(campaign_id).state) == "finished", "the end", 90)

    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []
    rung = cluster.rung()
    assert max(Counter(one.uuid for one in rung).values()) == 1
    attempts = {row.uuid: row for row in read(lambda: list(Attempt.select()))}
    assert {one.uuid for one in rung} <= attempts.keys()
    # Rung again only when the far end itself had said that the first did not get through.
    spent = Counter(one.number for one in rung if attempts[one.uuid].spent_try)
    assert max(spent.values()) == 1
    unknown = read(lambda: CampaignCounts.get_by_id(campaign_id)).unknown
    assert unknown == 0
    instants = sorted(one.at_ms for one in rung)
    most = max(
        sum(1 for other in instants[index : index + 2 * CPS] if other < at + 1000)
        for index, at in enumerate(instants)
    )
    assert most <= CPS, "both engines together exceeded the gateway's rate"


def test_a_campaigns_own_limits_hold_over_all_engines(cluster: Cluster) -> None:
    cluster.start("first")
    cluster.start("second")
    wait_for(lambda: cluster.holders() == {"first": 1, "second": 1}, "a switch for each engine", 30)
    own = 10
    campaign_id = make_list(RECIPIENTS, 100, cps=own, channels=40)
    wait_for(lambda: len(cluster.rung()) > 150, "some calls", 60)
    assert read(lambda: Campaign.get_by_id(campaign_id).state) == "running"
    rung = cluster.rung()
    assert len({one.core_uuid for one in rung}) == 2, "one switch did nothing"
    instants = sorted(one.at_ms for one in rung)
    most = max(
        sum(1 for other in instants[index : index + 4 * own] if other < at + 1000)
        for index, at in enumerate(instants)
    )
    assert most <= own, "both engines together exceeded the campaign's rate"
