"""The line of questions: every question has one outcome, and an answer never slips to another's asker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.esl.protocol import COMMAND_REPLY, Frame
from engine.esl.replies import CommandTimeout, LinkBusy, Reply, ReplyQueue


def reply(text: str) -> Reply:
    return Reply(Frame(COMMAND_REPLY, {"Reply-Text": text}, b""))


def test_an_answer_after_the_deadline_is_thrown_away():
    line = ReplyQueue(10)
    first, second = [], []
    line.ask(1, lambda _i, outcome: first.append(outcome), 0.0, 1.0)
    line.expire(1.0)
    line.ask(1, lambda _i, outcome: second.append(outcome), 1.5, 1.0)
    assert line.answer(reply("+OK for the first"))
    assert second == []
    assert line.answer(reply("+OK for the second"))
    assert isinstance(first[0], CommandTimeout)
    assert [r.text for r in second] == ["+OK for the second"]
    assert not line.answer(reply("+OK for nobody"))


def test_a_full_line_takes_none_of_a_batch():
    line = ReplyQueue(5)
    line.ask(3, None, 0.0, 1.0)
    with pytest.raises(LinkBusy):
        line.ask(3, None, 0.0, 1.0)
    line.ask(2, None, 0.0, 1.0)
    with pytest.raises(ValueError):
        ReplyQueue(5).ask(6, None, 0.0, 1.0)


def test_a_failing_asker_does_not_stop_the_line():
    line = ReplyQueue(5)
    told = []
    line.ask(1, lambda _i, _o: 1 / 0, 0.0, 1.0)
    line.ask(1, lambda _i, outcome: told.append(outcome), 0.0, 1.0)
    line.fail_all("gone")
    assert [str(outcome) for outcome in told] == ["gone"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(1, 4), st.floats(0.1, 5)),
        st.tuples(st.just("answer")),
        st.tuples(st.just("pass"), st.floats(0, 3)),
        st.tuples(st.just("fail")),
    ),
    max_size=60,
)


@given(STEPS)
def test_each_question_has_exactly_one_outcome_and_its_own(steps):
    line = ReplyQueue(20)
    now = 0.0
    asked: list[str] = []
    waiting: list[str] = []
    told: dict[str, object] = {}

    def asker(batch: int):
        def on_reply(index, outcome):
            name = f"{batch}.{index}"
            assert name not in told
            told[name] = outcome

        return on_reply

    for number, step in enumerate(steps):
        if step[0] == "ask":
            names = [f"{number}.{i}" for i in range(step[1])]
            try:
                line.ask(step[1], asker(number), now, step[2])
            except LinkBusy:
                continue
            asked += names
            waiting += names
        elif step[0] == "answer":
            assert line.answer(reply(waiting[0] if waiting else "")) == bool(waiting)
            del waiting[:1]
        elif step[0] == "pass":
            now += step[1]
            line.expire(now)
        else:
            line.fail_all("gone")
            waiting.clear()
    line.fail_all("gone")
    assert sorted(told) == sorted(asked)
    for name, outcome in told.items():
        if isinstance(outcome, Reply):
            assert outcome.text == name
