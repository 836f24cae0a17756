"""Any order, loss and repetition of events, with crashes of engine and switch in between: closed books.

Hypothesis chooses what happens; the switch in memory is the far end's truth.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.dialing import recovery
from engine.store import database, threads, writer
from engine.store.database import db
from engine.store.tables.core import Attempt
from tests.dialing.recovery.house import House
from tests.store.cast import make_campaign

MOVES = (
    "claim", "send", "read", "refuse", "answer", "end", "deliver", "repeat", "lose", "overdue",
    "cut", "connect", "connect", "again", "crash", "crash_unwritten", "restart",
)  # fmt: skip
Script = list[tuple[str, int]]
SCRIPTS = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 3)), min_size=3, max_size=30)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded database file, to be copied for each example."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database.open_database(f"sqlite:///{path}")
    database.upgrade()
    db.close()
    return path


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recovery, "SETTLE_DOWN_S", 0.0)
    monkeypatch.setattr(recovery, "SETTLE_DOWN_PER_CALL_S", 0.0)
    monkeypatch.setattr(recovery, "RETRY_S", 0.0)
    monkeypatch.setattr(writer, "GROUP_S", 0.0)
    monkeypatch.setattr(database, "SQLITE_PRAGMAS", {**database.SQLITE_PRAGMAS, "synchronous": "off"})
    yield
    threads.close_readers()


def play(house: House, move: str, number: int) -> None:
    """One move of the world; a move that is not possible now does nothing."""
    switch = house.switch
    is_connected = 1 in house.dialer.links
    alive = list(switch.alive)
    if move == "claim" and is_connected:
        house.claim()
    elif move == "send" and is_connected:
        house.send()
    elif move in ("read", "refuse") and switch.buffer:
        switch.read_one(refused=move == "refuse")
    elif move == "answer" and alive:
        switch.answer(alive[number % len(alive)])
    elif move == "end" and alive:
        switch.end(alive[number % len(alive)])
    elif move in ("deliver", "repeat") and switch.events and is_connected:
        house.deliver(number % len(switch.events), again=move == "repeat")
    elif move == "lose" and switch.events:
        switch.events.pop(number % len(switch.events))
    elif move == "overdue":
        if is_connected:
            switch.read_all()  # the reaper's question stands behind the originates on the same connection
        house.overdue()
    elif move == "cut" and is_connected:
        house.disconnect()
    elif move == "connect" and not is_connected:
        come_back(house, number)
    elif move == "again":
        house.disconnect()
        come_back(house, number)
    elif move in ("crash", "crash_unwritten"):
        house.crash(written=move == "crash")
    elif move == "restart":
        house.disconnect()
        switch.restart()


def come_back(house: House, number: int) -> None:
    """Connect; what stood in the switch's buffer never came, was read at once, or is read while we ask.

    That it is read in the end before the switch has answered for a while is what recovery waits for.
    """
    if number == 0:
        house.switch.buffer.clear()
    elif not house.switch.unread_until_asked:
        house.switch.read_all()
    house.connect()


def bring_to_an_end(house: House) -> None:
    """No more is claimed; every call ends, no event is delivered, and the engine finds out."""
    switch = house.switch
    switch.read_all()
    for uuid in list(switch.alive):
        switch.end(uuid)
    switch.events.clear()
    house.disconnect()
    house.connect()
    for _ in range(4):
        house.overdue()
    assert house.calls() == []


def check(house: House, campaign_id: int) -> None:
    switch = house.switch
    assert house.audit(campaign_id) == []
    assert set(house.seats()) == {0}
    assert max(switch.rung.values(), default=1) == 1, "an originate was carried out twice"
    before: dict[int, Attempt] = {}
    for attempt in house.attempts():
        assert attempt.state == "ended"
        truth = switch.records.get(attempt.uuid)
        if attempt.disposition == "cancelled" and attempt.settled_by in ("recovery", "engine"):
            assert not switch.rung[attempt.uuid], "a phone rang that was put back in the queue"
        if truth is not None and attempt.settled_by != "job":
            assert attempt.hangup_cause == truth.cause, "an outcome that was written down was lost"
        previous = before.get(attempt.recipient_id)
        assert previous is None or previous.disposition != "lost", "called again though nobody knows"
        before[attempt.recipient_id] = attempt


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=SCRIPTS, buffered=st.booleans())
def test_whatever_happens_the_books_are_closed(template: Path, script: Script, buffered: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "books.db"
        shutil.copy(template, path)
        database.open_database(f"sqlite:///{path}")
        house = House(data_dir=folder)
        try:
            house.switch.unread_until_asked = buffered
            campaign_id = make_campaign(4, max_tries=2, retry_after_s=0)
            house.connect()
            # Most of what matters needs calls under way and a connection; chance alone seldom makes both.
            for move, number in (("claim", 0), ("send", 0), *script):
                play(house, move, number)
            bring_to_an_end(house)
            check(house, campaign_id)
        finally:
            house.stop()
            threads.close_readers()
            if not db.is_closed():
                db.close()
