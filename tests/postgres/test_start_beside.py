"""`campaign start` beside an engine on PostgreSQL: the engine that runs makes the calls."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.store.tables.core import Campaign
from engine.store.threads import read, write
from tests.postgres.cluster import ROOT, Cluster, make_list, wait_for


@pytest.mark.parametrize("name", ["first", "colleague"])
def test_the_running_engine_makes_the_calls(cluster: Cluster, name: str) -> None:
    """Under the engine's own name, as beside `serve`; and as another machine would, whose switches are all held."""
    cluster.start("first")
    wait_for(lambda: cluster.holders() == {"first": 2}, "both switches", 30)
    campaign_id = make_list(10, 10)
    write(lambda: Campaign.update(state="paused").execute())

    said = subprocess.run(
        [sys.executable, "-m", "engine", "campaign", "resume", str(campaign_id), "--json"],
        cwd=ROOT, env=cluster.environment(name), capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["state"] == "running"
    wait_for(lambda: read(lambda: Campaign.get_by_id(campaign_id).state) == "finished", "the end", 60)
    assert len(cluster.rung()) >= 10
