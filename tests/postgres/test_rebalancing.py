"""Engines that join and leave a running campaign: switches change hands, and nobody is called twice."""

from __future__ import annotations

from collections import Counter

from engine.store.audit import audit_campaign
from engine.store.sql import execute
from engine.store.tables.core import Attempt, Campaign, CampaignCounts
from engine.store.threads import read
from tests.postgres.cluster import Cluster, make_list, wait_for

RECIPIENTS = 1000
CPS = 25


def test_an_engine_that_joins_gets_a_switch_and_gives_it_back_when_it_leaves(cluster: Cluster) -> None:
    cluster.start("first")
    wait_for(lambda: cluster.holders() == {"first": 2}, "both switches for the only engine", 30)
    campaign_id = make_list(RECIPIENTS, CPS)
    wait_for(lambda: len(cluster.rung()) > RECIPIENTS // 10, "the first calls", 40)
    assert cluster.calls_up() > 0

    cluster.start("second")  # while calls are up on both switches
    wait_for(lambda: cluster.holders() == {"first": 1, "second": 1}, "a switch for the one that joined", 30)
    handed = len(cluster.rung())
    wait_for(lambda: len(cluster.rung()) > handed + RECIPIENTS // 20, "calls after the hand-over", 40)

    cluster.end("second")  # in order: its calls go on, the other engine follows them
    wait_for(lambda: cluster.holders() == {"first": 2}, "the switch to be taken back", 30)
    wait_for(lambda: read(lambda: Campaign.get_by_id(campaign_id).state) == "finished", "the end", 90)

    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []
    rung = cluster.rung()
    assert max(Counter(one.uuid for one in rung).values()) == 1
    attempts = {row.uuid: row for row in read(lambda: list(Attempt.select()))}
    assert {one.uuid for one in rung} <= attempts.keys()
    spent = Counter(one.number for one in rung if attempts[one.uuid].spent_try)
    assert max(spent.values()) == 1
    assert read(lambda: CampaignCounts.get_by_id(campaign_id)).unknown == 0
    instants = sorted(one.at_ms for one in rung)
    most = max(
        sum(1 for other in instants[index : index + 2 * CPS] if other < at + 1000)
        for index, at in enumerate(instants)
    )
    assert most <= CPS, "the engines together exceeded the gateway's rate"


def test_daily_jobs_are_run_by_one_of_the_engines(cluster: Cluster) -> None:
    cluster.start("first")
    wait_for(lambda: jobs_done() == DAILY, "the daily jobs of the first engine", 40)
    before = read(
        lambda: execute("SELECT name, period, owner, taken_at FROM job_run WHERE period <> 'every'")
    )
    cluster.start("second")
    wait_for(lambda: cluster.holders() == {"first": 1, "second": 1}, "the second engine", 30)
    cluster.kill("first")
    wait_for(
        lambda: interval_owners() == {"second"}, "the second engine to run what runs every few seconds", 90
    )
    after = read(lambda: execute("SELECT name, period, owner, taken_at FROM job_run WHERE period <> 'every'"))
    assert sorted(after) == sorted(before)
    assert {row[2].partition(":")[0] for row in after} == {"first"}


DAILY = {"statements", "prune", "recordings", "support_recordings", "traffic", "expiry"}


def jobs_done() -> set[str]:
    rows = read(lambda: execute("SELECT name FROM job_run WHERE period <> 'every' AND done_at IS NOT NULL"))
    return {row[0] for row in rows}


def interval_owners() -> set[str]:
    """Who ran a job of every few seconds last."""
    rows = read(lambda: execute("SELECT owner FROM job_run WHERE period = 'every'"))
    return {row[0].partition(":")[0] for row in rows}
