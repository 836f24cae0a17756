"""One loop looks for what was written and wakes the others."""

from __future__ import annotations

from pathlib import Path

from engine.dialing.news import UNSEEN_S, News
from tests.store.sqlite_log import log_file

__all__ = ["log_file"]  # a fixture


def test_a_step_is_made_while_something_happens(log_file: Path) -> None:
    made: list[int] = []
    quiet = [False]
    look = News(lambda: quiet[0]).looking(lambda: made.append(1))
    look()
    look()
    assert len(made) == 2
    quiet[0] = True
    look()
    look()
    assert len(made) == 3


def test_who_listens_steps_when_something_was_written(log_file: Path) -> None:
    quiet = [True]
    news = News(lambda: quiet[0])
    look = news.looking(lambda: None)
    said: list[object] = [None]
    loop = news.listening("steps", lambda: said[0], 1.0)
    assert loop.step() == 2 * UNSEEN_S
    said[0] = True  # there is more to do
    assert loop.step() is True
    assert loop.wake is not None
    look()
    assert loop.wake.is_set
    loop.wake.clear()
    look()
    assert not loop.wake.is_set  # nothing was written
    quiet[0], said[0] = False, None
    assert loop.step() is None  # as often as it always does
    look()
    assert not loop.wake.is_set


def test_who_listens_is_told_of_what_happened_here(log_file: Path) -> None:
    news = News(lambda: False)
    loops = [news.listening(name, lambda: None, 1.0) for name in ("first", "second")]
    news.tell()
    assert all(loop.wake is not None and loop.wake.is_set for loop in loops)
