"""Several web processes of one data folder: an account has its one heavy job among them all, also after kill -9."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.workers.job import Lane
from engine.workers.shared_places import SharedPlaces
from tests.waits import wait_for

ROOT = Path(__file__).resolve().parents[2]
WEB = """
import sys
from pathlib import Path
from engine.workers import pool
from engine.workers.job import Job, Limits
folder, name, account = sys.argv[1:4]
pool.share(Path(folder))
held = Job("tests.workers.jobs:hold", Limits(memory=None, cpu_s=60, wall_s=90.0))
Path(folder, name + ".asked").touch()
pool.run(held, str(Path(folder) / name), account=int(account))
"""


class Webs:
    """Processes that each do one long job, which lasts until its file is taken away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.all: list[subprocess.Popen[bytes]] = []

    def begin(self, name: str, account: int) -> subprocess.Popen[bytes]:
        (self.folder / name).touch()
        words = [sys.executable, "-c", WEB, str(self.folder), name, str(account)]
        self.all.append(subprocess.Popen(words, cwd=ROOT))
        return self.all[-1]

    def has_begun(self, name: str) -> bool:
        return (self.folder / f"{name}.begun").exists()


@pytest.fixture
def webs(tmp_path: Path) -> Iterator[Webs]:
    webs = Webs(tmp_path)
    yield webs
    for path in tmp_path.glob("*"):
        if path.is_file():
            path.unlink()
    for each in webs.all:
        each.kill()
        each.wait()


def test_the_second_process_waits_for_the_first_and_follows_when_it_is_killed(webs: Webs) -> None:
    first = webs.begin("a1", 7)
    wait_for(lambda: webs.has_begun("a1"))
    (worker,) = _children(first.pid)
    webs.begin("a2", 7)
    webs.begin("b1", 8)
    wait_for((webs.folder / "a2.asked").exists)
    wait_for(lambda: webs.has_begun("b1"))  # another account goes on
    assert not webs.has_begun("a2")
    first.kill()
    wait_for(lambda: webs.has_begun("a2"))
    wait_for(lambda: not Path(f"/proc/{worker}/exe").exists())  # the job of the killed one has ended too


def test_places_are_counted_among_all_and_given_back(tmp_path: Path) -> None:
    one, other = (SharedPlaces(tmp_path, Lane.QUICK, 2) for _ in range(2))
    assert [one.take(5), other.take(5), one.take(5), other.take(5)] == [True, True, False, False]
    assert (one.take(6), one.take(6), one.take(6)) == (True, True, False)
    other.release(5)
    assert one.take(5)
    assert os.stat(tmp_path / "turns" / "quick.lock").st_mode & 0o777 == 0o600


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(each) for task in tasks for each in (task / "children").read_text().split()]
