"""A list over which the process ends again and again is given up, with one sentence."""

from __future__ import annotations

from pathlib import Path

from engine.services.campaigns import list_imports
from engine.services.campaigns.uploads import Uploads


def test_tries_are_counted_over_the_ends_of_processes_until_a_part_came_in(tmp_path: Path) -> None:
    token = Uploads(tmp_path, 1_000).new(1, 1, 0).token
    for number in range(1, list_imports.MOST_TRIES + 2):
        assert Uploads(tmp_path, 1_000).begun_again(token) == number
    Uploads(tmp_path, 1_000).has_gone_on(token)
    assert Uploads(tmp_path, 1_000).begun_again(token) == 1
