"""When greenlets wake: the flag, and the shared moments."""

import gevent
import pytest

from engine import wake as module
from engine.clock import monotonic_s
from engine.wake import Wake, give_way, to_beat

LONG_S = 30.0


def test_it_wakes_who_waits_and_whoever_comes_next() -> None:
    wake, woken = Wake(), []

    def wait() -> None:
        wake.wait(LONG_S)
        woken.append(1)
        wake.clear()
        wake.wait(LONG_S)
        woken.append(2)

    greenlet = gevent.spawn(wait)
    gevent.sleep(0)
    assert woken == []
    wake.set()
    wake.set()
    gevent.sleep(0)
    gevent.sleep(0)
    assert woken == [1]
    wake.set()
    greenlet.join(5)
    assert woken == [1, 2]
    wake.wait(LONG_S)  # set still: nobody waits


def test_who_gives_way_lets_timers_run() -> None:
    rung = []
    timer = gevent.spawn_later(0.001, rung.append, True)
    turns = 0
    while not rung and turns < 40:
        until = monotonic_s() + 0.002  # works
        while monotonic_s() < until:
            pass
        give_way()
        turns += 1
    timer.kill()
    assert rung
    assert turns <= 3


def test_the_time_runs_out() -> None:
    wake = Wake()
    wake.wait(0.01)
    wake.wait(-1.0)
    assert not wake.is_set
    wake.set()  # nobody waits any more
    assert wake.is_set


def test_who_is_killed_waits_no_more() -> None:
    wake = Wake()
    greenlet = gevent.spawn(wake.wait, LONG_S)
    gevent.sleep(0)
    greenlet.kill()
    wake.set()
    gevent.sleep(0)
    assert greenlet.dead


@pytest.mark.parametrize(
    ("wait_s", "now_m", "at"),
    [
        (1.0, 10.2, 11.0),
        (1.0, 10.3, 11.5),
        (0.5, 10.1, 10.5),
        (5.0, 12.0, 15.0),
        (20.0, 12.6, 35.0),
        (0.05, 10.2, 10.25),
    ],
)
def test_long_waits_end_together(
    monkeypatch: pytest.MonkeyPatch, wait_s: float, now_m: float, at: float
) -> None:
    monkeypatch.setattr(module, "monotonic_s", lambda: now_m)
    assert now_m + to_beat(wait_s) == pytest.approx(at)
