"""Loops: made again and again, whatever a step does; some end early, the others at the end."""

from __future__ import annotations

from gevent.event import Event as Flag

from engine.errors import BadInput
from engine.loops import Loop, Loops


def test_a_failing_step_is_made_again(caplog) -> None:
    made: list[int] = []
    enough = Flag()

    def step() -> None:
        made.append(len(made))
        if len(made) == 1:
            raise BadInput("That cannot be.")
        if len(made) == 2:
            raise RuntimeError("a mistake of ours")
        enough.set()

    loops = Loops([Loop("trial", step, 0.0)])
    loops.start()
    assert enough.wait(5)
    loops.stop()
    assert made[:3] == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records if "step=trial" in record.getMessage()] == [
        "action=step_failed step=trial error='That cannot be.'",
        "action=step_failed step=trial",
    ]


def test_more_work_is_done_at_once() -> None:
    left = [True, True, False]
    rested = Flag()

    def step() -> bool:
        more = left.pop(0)
        if not more:
            rested.set()
        return more

    loops = Loops([Loop("trial", step, 3600.0)])
    loops.start()
    assert rested.wait(5), "three steps, although a rest takes an hour"
    loops.stop()
    assert left == []


def test_a_flag_cuts_the_rest_short() -> None:
    wake, done = Flag(), [Flag(), Flag()]
    steps = iter(done)
    loops = Loops([Loop("trial", lambda: next(steps).set(), 3600.0, wake=wake)])
    loops.start()
    assert done[0].wait(5)
    wake.set()
    assert done[1].wait(5)
    loops.stop()


def test_some_end_early_and_the_others_go_on() -> None:
    early: list[int] = []
    late: list[int] = []
    began = Flag()

    def claims() -> None:
        early.append(1)
        began.set()

    wake = Flag()
    loops = Loops(
        [
            Loop("claim", claims, 3600.0, stops_early=True, wake=wake),
            Loop("reap", lambda: late.append(1), 0.0),
        ]
    )
    loops.start()
    assert began.wait(5)
    loops.stop_early(5)
    seen = len(late)
    going_on = Flag()
    late_loops = Loops([Loop("look", lambda: going_on.set() if len(late) > seen else None, 0.0)])
    late_loops.start()
    assert going_on.wait(5)
    assert early == [1]
    loops.stop()
    late_loops.stop()


def test_a_step_says_how_long_to_rest() -> None:
    rests, again = iter([0.0, 3600.0]), [Flag(), Flag()]
    made = iter(again)

    def step() -> float:
        next(made).set()
        return next(rests)

    loops = Loops([Loop("trial", step, 3600.0)])
    loops.start()
    assert again[1].wait(5), "two steps, although a rest takes an hour"
    loops.stop()
