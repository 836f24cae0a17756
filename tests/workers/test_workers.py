"""A worker that takes too much is ended with one sentence, and nobody else notices."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gevent.threadpool import ThreadPool

from engine.errors import BadInput, Conflict
from engine.workers import pool
from engine.workers.job import Answer, Job, Lane, Limits, QueueFull, WorkerEnded
from engine.workers.turns import Turns
from tests.waits import wait_for

SMALL = Limits(memory=100_000_000, cpu_s=1, wall_s=20.0, answer_bytes=1_000_000, answers=50)


def job(name: str, **limits: Any) -> Job:
    return Job(f"tests.workers.jobs:{name}", replace(SMALL, **limits))


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    pool.close()


def test_a_job_gets_json_and_gives_json_and_bytes() -> None:
    value = {"نام": ["علی", 1, None, 2.5], "صفر": ""}
    assert pool.run(job("echo"), value) == Answer(value, b"as it was")


def test_answers_come_one_by_one_and_may_be_left_before_their_end() -> None:
    assert [each.value for each in pool.stream(job("count"), 20)] == list(range(20))
    some = pool.stream(job("count"), 20)
    assert next(some).value == 0
    some.close()
    assert pool.run(job("echo"), 1).value == 1


def test_a_worker_is_used_again_knows_nothing_of_the_environment_and_gives_way() -> None:
    kind = Job("tests.workers.jobs:who", SMALL, words=("a word",))
    first, second = pool.run(kind).value, pool.run(kind).value
    assert first["pid"] == second["pid"] != os.getpid()
    assert first["words"] == ["a word"]
    assert first["nice"] > os.nice(0)
    assert not [name for name in first["environment"] if name.startswith(("AVANAK", "PG", "PYTHON"))]
    assert pool.run(Job("tests.workers.jobs:who", SMALL, Lane.QUICK)).value["nice"] == max(0, os.nice(0))


def test_a_worker_goes_before_nobody_also_when_an_engine_that_does_began_it() -> None:
    was = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -5)
    try:
        told = pool.run(Job("tests.workers.jobs:who", SMALL, Lane.QUICK, ("another",))).value
    finally:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, was)
    assert told["nice"] >= 0


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        (job("take_memory"), (300,), "takes more memory"),
        (job("loop"), (), "takes longer"),
        (job("sleep", wall_s=0.3), (), "takes longer"),
        (job("dribble", wall_s=0.7), (), "takes longer"),
        (job("much"), (2,), "larger than it may be"),
        (job("count"), (51,), "larger than it may be"),
        (job("abort"), (), "ends the reading"),
        (job("fail"), (), "ends the reading"),
        (job("not_there"), (), "ends the reading"),
    ],
    ids=["memory", "loop", "sleep", "dribble", "output", "answers", "crash", "error", "missing"],
)
def test_what_takes_too_much_ends_with_one_sentence_and_a_reason_in_the_log(
    kind: Job, arguments: tuple[Any, ...], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(WorkerEnded) as refused:
        list(pool.stream(kind, *arguments, account=7, what="فهرست.xlsx"))
    assert re.fullmatch(rf"فهرست\.xlsx cannot be read: [^.]*{sentence}[^.]*\.", str(refused.value))
    assert f"action=worker_ended job={kind.target} account=7" in caplog.text
    assert "secret" not in str(refused.value)
    assert pool.run(job("echo"), "the next one").value == "the next one"


def test_a_file_may_be_written_up_to_its_limit_only(tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    pool.run(job("write", file_bytes=1_000), path, 1_000)
    with pytest.raises(WorkerEnded, match="larger than it may be"):
        pool.run(job("write", file_bytes=1_000), path, 1_001)
    with pytest.raises(WorkerEnded, match="larger than it may be"):
        pool.run(job("write"), path, 1)


def test_an_error_of_ours_comes_back_as_it_was_raised() -> None:
    with pytest.raises(Conflict) as refused:
        pool.run(job("refuse"))
    assert str(refused.value) == "The file is of yesterday: 100 % of it."
    assert isinstance(refused.value, BadInput)


def test_a_worker_that_has_grown_is_not_used_again() -> None:
    kind = job("keep_memory")
    first, grown, next_one = (pool.run(kind, mb).value for mb in (1, 60, 1))
    assert first == grown != next_one


def test_a_worker_that_died_idle_costs_nobody_anything() -> None:
    kind = job("who")
    pid = pool.run(kind).value["pid"]
    os.kill(pid, 9)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert pool.run(kind).value["pid"] != pid


class Held:
    """Jobs that run until they are let go, each in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.threads = ThreadPool(12)

    def begin(self, name: str, account: int | None, lane: Lane = Lane.LONG) -> None:
        path = self.folder / name
        path.touch()
        kind = Job("tests.workers.jobs:hold", replace(SMALL, cpu_s=20, wall_s=60.0), lane)
        self.threads.spawn(pool.run, kind, str(path), account=account)

    def begun(self) -> set[str]:
        return {path.name.removesuffix(".begun") for path in self.folder.glob("*.begun")}

    def wait(self, *names: str) -> None:
        wait_for(lambda: self.begun() >= set(names), f"{names} to begin")

    def let_go(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    held = Held(tmp_path)
    yield held
    for path in tmp_path.iterdir():
        path.unlink()
    held.threads.join()
    held.threads.kill()


def test_an_account_has_one_long_job_at_a_time_and_others_go_before_its_second(held: Held) -> None:
    held.begin("a1", 1)
    held.wait("a1")
    for waiting, name in enumerate(("a2", "a3"), 1):
        held.begin(name, 1)
        wait_for(lambda waiting=waiting: pool.waiting(Lane.LONG) == waiting)
    held.begin("b1", 2)
    held.wait("b1")
    assert held.begun() == {"a1", "b1"}
    held.begin("c1", 3)
    wait_for(lambda: pool.waiting(Lane.LONG) == 3)
    held.let_go("a1")
    held.wait("c1")
    assert held.begun() == {"a1", "b1", "c1"}, "who was never served goes before who was"
    held.let_go("b1")
    held.wait("a2")
    assert "a3" not in held.begun()
    held.let_go("a2")
    held.wait("a3")


def test_quick_work_never_waits_for_long_work(held: Held) -> None:
    for account in (1, 2, 3, 4):
        held.begin(f"long{account}", account)
    held.begin("quick", 1, Lane.QUICK)
    held.wait("quick")
    wait_for(lambda: pool.waiting(Lane.LONG) == 2)


def test_an_account_has_one_text_spoken_at_a_time_and_quick_work_never_waits_for_it(held: Held) -> None:
    for waiting, name in enumerate(("a1", "a2", "a3")):
        held.begin(name, 1, Lane.SPEECH)
        held.wait("a1")
        wait_for(lambda waiting=waiting: pool.waiting(Lane.SPEECH) == waiting)
    held.begin("b1", 2, Lane.SPEECH)
    held.wait("b1")
    for number in range(4):
        held.begin(f"quick{number}", None, Lane.QUICK)
    held.wait("quick0", "quick1", "quick2", "quick3")
    assert not held.begun() & {"a2", "a3"}


def test_an_account_cannot_have_more_waiting_than_a_few() -> None:
    turns, threads = Turns(1, most_waiting=2), ThreadPool(4)
    with turns.turn(1):
        waiting = [threads.spawn(_take_a_turn, turns, account) for account in (1, 1, 2)]
        wait_for(lambda: turns.waiting == 3)
        with pytest.raises(QueueFull, match="2 files or texts of this account are waiting"), turns.turn(1):
            raise AssertionError("a third waited")
    assert [each.get(timeout=10) for each in waiting] == [None] * 3
    threads.kill()


def _take_a_turn(turns: Turns, account: int) -> None:
    with turns.turn(account):
        pass
