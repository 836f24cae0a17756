"""kill -9 of an engine with hundreds of calls up, on both databases: dialling again, books closed, nobody twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store import database, threads
from engine.store.audit import audit_campaign
from engine.store.database import db
from engine.store.tables.core import Attempt, Campaign, CampaignCounts
from engine.store.threads import read
from tests.postgres.cluster import Cluster, make_list, wait_for

RECIPIENTS = 900
CPS = 120
UP = 350


@pytest.fixture
def cluster(store_url: str, tmp_path: Path) -> Iterator[Cluster]:
    database.open_database(store_url)
    database.upgrade()
    made = Cluster(store_url, tmp_path, message_seconds=24.0)
    yield made
    made.stop()
    threads.close_readers()
    if not db.is_closed():
        db.close()


def test_a_killed_engine_goes_on_where_it_was(cluster: Cluster) -> None:
    cluster.start("only")
    wait_for(lambda: cluster.up() == 2, "both switches", 30)
    campaign_id = make_list(RECIPIENTS, CPS)
    wait_for(lambda: cluster.calls_up() >= UP, "the calls to be up", 40)
    cluster.kill("only")
    before = len(cluster.rung())
    cluster.start("only")
    seconds = wait_for(lambda: len(cluster.rung()) > before, "dialling again", 30)
    print(f"dialling again after {seconds:.1f} s")  # noqa: T201 - a figure for whoever asks with -s
    wait_for(lambda: read(lambda: Campaign.get_by_id(campaign_id).state) == "finished", "the end", 90)

    assert read(lambda: audit_campaign(campaign_id, deep=True)) == []
    rung = cluster.rung()
    attempts = {row.uuid: row for row in read(lambda: list(Attempt.select()))}
    assert {one.uuid for one in rung} <= attempts.keys()
    assert max(Counter(one.uuid for one in rung).values()) == 1
    assert max(Counter(one.number for one in rung if attempts[one.uuid].spent_try).values()) == 1
    assert read(lambda: CampaignCounts.get_by_id(campaign_id)).unknown == 0
