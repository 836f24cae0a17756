"""The database goes away while the support line runs: what was heard meanwhile is written when it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gevent.event import Event as Flag

from engine.errors import AvanakError, StoreUnavailable
from engine.esl.events import Event
from engine.esl.protocol import Frame
from engine.services.support_line import call_backs
from engine.store.tables.support_line import CallBack, CallBackTry
from engine.store.threads import read
from engine.store.writer import Writer
from engine.support_line.hearing import Hearing
from tests.runtime.conftest import start_lab
from tests.support_line.test_support_embedded import CALL_BACK, PRESSED, Line, line
from tests.waits import wait_for

__all__ = ["line", "start_lab"]


class Away:
    """The writer of a support line, whose database can be taken away."""

    def __init__(self, house: Line) -> None:
        (switch,) = house.lab.engine.support_line.switches.values()
        self._writer: Writer = switch._writer
        switch._writer = self  # type: ignore[assignment]
        self.is_away = False
        self.loses_answers = 0  # of so many calls the commit is done and the answer lost
        self.refused = 0

    def call(self, work: Callable[[], Any]) -> Any:
        if self.is_away:
            self.refused += 1
            raise StoreUnavailable("The database refuses writes: %(why)s", why="it is away")
        found = self._writer.call(work)
        if found and self.loses_answers:
            self.loses_answers -= 1
            raise StoreUnavailable("The database refuses writes: %(why)s", why="the answer was lost")
        return found


def test_who_hangs_up_meanwhile_waits_no_more(line: Callable[..., Line]) -> None:
    house = line()
    store = Away(house)
    house.do("ring 09121110002")
    wait_for(lambda: house.call("+989121110002").state == "waiting", "the queue")
    store.is_away = True
    house.do("leave 09121110002")
    house.do("ring 09121110003 patience=20")  # comes and goes unwritten
    wait_for(lambda: store.refused > 3 and house.api("show channels count") == "0 total.", "refusals")
    assert house.call("+989121110002").state == "waiting"
    store.is_away = False
    wait_for(lambda: house.call("+989121110002").state == "abandoned", "the end in the books")
    wait_for(lambda: house.call("+989121110003").ended_at, "the end of who came meanwhile")


def test_a_call_back_that_ends_meanwhile_frees_its_agent(line: Callable[..., Line]) -> None:
    house = line()
    store = Away(house)
    for number in ("09121110008", "09121120008"):
        house.do(f"ring {number} offer=* confirm=1")
    wait_for(lambda: read(CallBack.select().count) == 2, "two numbers to be kept")
    house.do("phone 501 answer talk=30")
    house.free("501")
    wait_for(lambda: len(house.far_end(PRESSED)) == 1, "the first talk")
    store.is_away = True
    wait_for(lambda: house.api("show channels count") == "0 total.", "its end")
    wait_for(lambda: store.refused > 3, "refusals")
    store.is_away = False
    done = CallBack.select().where(CallBack.state == "done")
    wait_for(lambda: read(done.count) == 2, "the second call-back")
    assert (
        sorted(house.far_end(CALL_BACK)) == sorted(house.far_end(PRESSED)) == ["989121110008", "989121120008"]
    )


def test_a_try_whose_commit_was_not_answered_is_settled_and_made_again(line: Callable[..., Line]) -> None:
    house = line()
    store = Away(house)
    house.do("ring 09121110008 offer=* confirm=1")
    wait_for(lambda: house.api("show channels count") == "0 total." and read(CallBack.get), "goodbye")
    house.do("phone 501 answer talk=30")
    store.loses_answers = 1
    house.free("501")
    wait_for(lambda: read(CallBack.get).state == "done", "the call-back")
    assert house.far_end(CALL_BACK) == house.far_end(PRESSED) == ["989121110008"]
    wait_for(lambda: read(call_backs.open_tries) == [], "the end of the tries")
    ends = [row.end for row in read(lambda: list(CallBackTry.select().order_by(CallBackTry.id)))]
    assert ends == ["not_placed", "talked"]


def test_events_keep_their_order_and_only_the_database_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.support_line.hearing.RETRY_S", 0.01)
    failures: list[Exception] = [StoreUnavailable("Away."), StoreUnavailable("Away."), AvanakError("No.")]
    heard: list[tuple[str, int]] = []
    all_heard = Flag()

    def handle(event: Event, at: int) -> None:
        heard.append((event.name, at))
        if event.name == "LAST":
            all_heard.set()
        if failures:
            raise failures.pop(0)

    hearing = Hearing("test", handle)
    hearing.begin()
    for name in ("FIRST", "SECOND", "LAST"):
        hearing.put(Event(Frame("text/event-plain", {}, f"Event-Name: {name}\n\n".encode())))
    assert all_heard.wait(5)
    hearing.end()
    assert [name for name, _ in heard] == ["FIRST", "FIRST", "FIRST", "SECOND", "LAST"]
    assert (
        len({at for name, at in heard if name == "FIRST"}) == 1
    )  # when it was heard, however late it is written
