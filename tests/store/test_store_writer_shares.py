"""The web's writer leaves room for the engine's: its transactions are short, and it stays away between them."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from gevent.event import Event

from engine.commands.parts import WEB_GROUP_S
from engine.services.accounts import people
from engine.store import database, threads
from engine.store import writer as writer_module
from engine.store.sql import execute
from engine.store.threads import read, write
from engine.store.writer import Channel, Writer

A_GROUP = math.ceil(WEB_GROUP_S / 0.02) + 1  # rows of one transaction of the greedy process
ROOT = Path(__file__).resolve().parents[2]
# A process that writes as much as it can, as the web's does, until its input closes.
GREEDY = """
import engine.patch, sys, time, gevent
from gevent.os import tp_read
from engine.commands.parts import WEB_GROUP_S, WEB_REST
from engine.store import database
from engine.store.sql import execute
from engine.store.writer import Writer
database.open_database(sys.argv[1])
writer = Writer(WEB_GROUP_S, WEB_REST) if sys.argv[2] == "web" else Writer()
writer.start()
def work():
    execute("INSERT INTO heap (n) VALUES (1)")
    until = time.perf_counter() + 0.02
    while time.perf_counter() < until:
        pass
def always():
    while True:
        writer.call(work)
for _ in range(20):
    gevent.spawn(always)
gevent.sleep(0.5)
print("writing", flush=True)
tp_read(0, 1)
import os
os._exit(0)
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    made = f"sqlite:///{tmp_path / 'shared.db'}"
    database.open_database(made)
    write(lambda: execute("CREATE TABLE heap (n INTEGER)"))
    yield made
    threads.close_readers()


def rows_of_the_web() -> int:
    return int(execute("SELECT count(*) FROM heap WHERE n = 1")[0][0])


def insert() -> int:
    """Write as the engine does; the rows of the other process before it."""
    execute("INSERT INTO heap (n) VALUES (2)")
    return rows_of_the_web()


def test_the_engine_writes_beside_a_web_that_writes_all_the_time(address: str) -> None:
    greedy = subprocess.Popen(
        [sys.executable, "-c", GREEDY, address, "web"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    writer = Writer()
    try:
        assert greedy.stdout is not None
        assert greedy.stdout.readline() == b"writing\n"
        writer.start()
        overtaken = []
        for _ in range(40):
            before = read(rows_of_the_web)
            overtaken.append(writer.call(insert) - before)
    finally:
        greedy.kill()
        greedy.communicate()
        writer.stop()
    overtaken.sort()
    assert sum(overtaken) > 0, "the other process wrote meanwhile"
    assert overtaken[len(overtaken) // 2] <= 2 * A_GROUP, "the turn comes after a group or two"


def test_a_transaction_takes_up_no_call_when_it_has_lasted_its_time(address: str) -> None:
    writer = Writer(group_s=0.05)
    writer.start()
    ends: list[int] = []

    def slow(n: int) -> None:
        time.sleep(0.03)
        ends.append(n)

    done = gevent.joinall([gevent.spawn(writer.call, lambda n=n: slow(n)) for n in range(10)])
    writer.stop()
    assert sorted(ends) == list(range(10)), "none is lost"
    assert all(each.successful() for each in done)
    assert writer.groups >= 5, "not all in one"


def test_a_writer_that_rests_stays_away(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr("engine.store.writer.gevent.sleep", rests.append)
    writer = Writer(rest=1.0)
    writer.start()
    for _ in range(4):
        writer.call(lambda: time.sleep(0.1))
    writer.stop()
    assert len(rests) >= 3
    assert min(rests) >= 0.1, "each as long as the transaction before it"


def test_nothing_is_hashed_in_a_transaction(address: str) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        write(lambda: people.hash_of("a long password"))
    with pytest.raises(RuntimeError, match="inside a transaction"):
        write(lambda: people.password_fits(None, "a long password"))
    assert people.hash_of("a long password")


def test_a_hurried_group_gathers_no_longer(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour's gathering ends for what was added before `hurry`, and begins anew for what comes later."""
    monkeypatch.setattr(writer_module, "GROUP_S", 3600.0)
    written: list[list[int]] = []
    is_written = Event()

    def done(items: list[int]) -> None:
        written.append(items)
        is_written.set()

    channel: Channel[int] = Channel("numbers", lambda items: items, done)
    writer = Writer()
    writer.start()
    try:
        for turn in range(3):
            writer.add(channel, turn)
            if turn:  # also while it already gathers
                gevent.sleep(0)
            writer.add(channel, 10 + turn)
            writer.hurry()
            assert is_written.wait(10)
            is_written.clear()
        assert written == [[0, 10], [1, 11], [2, 12]]
        writer.add(channel, 3)
        assert not is_written.wait(0.05)
    finally:
        assert writer.stop()
    assert written[-1] == [3]
