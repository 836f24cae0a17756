"""What is said in a call: the plan after the answer, by property and by table; and the originate's grammar."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.embedded.dialstring import Originate, Refused, parse_originate
from engine.embedded.people import CHOSEN, Fate, Habits, People
from engine.embedded.talk import BREATH_MS, MAX_PLAYS, plan_message
from engine.errors import BadInput

keys = st.text("0123456789*#", max_size=12)
fates = st.builds(
    Fate,
    listen_share=st.none() | st.floats(0, 1),
    during=keys,
    after=keys,
    vote_index=st.none() | st.integers(0, 999),
    wants_again=st.booleans(),
    wants_out=st.booleans(),
    key_delay_ms=st.integers(300, 2800),
)
variables = st.fixed_dictionaries(
    {},
    optional={
        "avanak_vote_keys": st.text("0123456789", min_size=1, max_size=10),
        "avanak_repeat_key": st.sampled_from("0123456789*#"),
        "avanak_optout": st.just("11"),
        "avanak_max_s": st.integers(1, 90).map(str),
        "avanak_record": st.just("true"),
        "avanak_record_s": st.integers(1, 60).map(str),
    },
)


@given(variables, fates, st.integers(1000, 600_000))
def test_every_call_ends_and_no_message_plays_longer_than_it_is(
    settings: dict[str, str], fate: Fate, message_ms: int
) -> None:
    steps = plan_message(settings, fate, "m", message_ms)
    assert [one.at_ms for one in steps] == sorted(one.at_ms for one in steps)
    assert [one.what in ("end", "bye") for one in steps] == [False] * (len(steps) - 1) + [True]
    plays = [one for one in steps if one.what == "play" and one.value == "m"]
    assert len(plays) <= MAX_PLAYS
    since = None
    for one in steps:
        if one.what == "play" and one.value == "m":
            since = one.at_ms
        elif since is not None and one.what in ("stop", "bye", "end"):
            assert one.at_ms - since <= message_ms
            since = None
    set_once = [one.value.partition("=")[0] for one in steps if one.what == "set"]
    assert set_once.count("avanak_vote") + set_once.count("avanak_opted_out") <= 1
    if "avanak_max_s" in settings:
        assert steps[-1].at_ms <= 1000 * int(settings["avanak_max_s"])


@pytest.mark.parametrize(
    ("ending", "settings", "result"),
    [
        ("0008", {"avanak_vote_keys": "12"}, "avanak_vote=1"),
        ("0008", {"avanak_vote_keys": "23"}, None),
        ("0008", {}, None),
        ("0011", {"avanak_optout": "11"}, "avanak_opted_out=true"),
        ("0011", {"avanak_optout": "11", "avanak_vote_keys": "1"}, "avanak_opted_out=true"),
        ("0011", {}, None),
        ("0012", {"avanak_vote_keys": "1", "avanak_repeat_key": "*"}, "avanak_vote=1"),
        ("0021", {"avanak_vote_keys": "1", "avanak_optout": "11"}, "avanak_vote=1"),
        ("0021", {"avanak_optout": "11"}, None),
    ],
)
def test_what_keys_mean(ending: str, settings: dict[str, str], result: str | None) -> None:
    steps = plan_message(settings, CHOSEN[ending], "m", 4000)
    assert [one.value for one in steps if one.what == "set"] == ([result] if result else [])


def test_half_an_eleven_is_played_again() -> None:
    steps = plan_message({"avanak_optout": "11"}, CHOSEN["0021"], "m", 4000)
    played = [one.value for one in steps if one.what == "play"]
    assert played == ["m", "silence_stream://10", "m", "silence_stream://10"]  # and the opt-out is waited for


def test_a_stuck_repeat_key_does_not_hold_the_line() -> None:
    steps = plan_message({"avanak_repeat_key": "*"}, CHOSEN["0023"], "m", 4000)
    assert [one.value for one in steps if one.what == "play"] == ["m"] * MAX_PLAYS


def test_a_prompt_that_is_missing() -> None:
    steps = plan_message({}, Fate(), "m", None)
    assert [one.what for one in steps] == ["missing", "set", "end"]
    assert steps[0].at_ms == BREATH_MS


def test_habits_add_up_over_many_people() -> None:
    people = People(7, Habits.parse("answer=0.5,busy=0.25,off=0,unknown_number=0,decline=0,congestion=0"))
    fates = [people.fate(f"0912{number:07d}9") for number in range(4000)]
    answered = sum(one.answers for one in fates) / len(fates)
    busy = sum(one.refusal is not None for one in fates) / len(fates)
    assert answered == pytest.approx(0.5, abs=0.04)
    assert busy == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize("text", ["answer", "answer=x", "answer=2", "nonsense=0.1"])
def test_habits_that_are_none(text: str) -> None:
    with pytest.raises(BadInput):
        Habits.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a=1,b=2}sofia/gateway/g/0912 avanak XML avanak", Originate({"a": "1", "b": "2"}, "g", "0912", "", "avanak", "avanak")),
        ("sofia/gateway/g/0912 &park()", Originate({}, "g", "0912", "park", "", "default")),
        ("{a='x,y'}sofia/gateway/g/1 &playback(/a b.wav)", Originate({"a": "x,y"}, "g", "1", "playback", "/a b.wav", "default")),
        (r"{a=x\,y,b=}sofia/gateway/g/1 &hangup", Originate({"a": "x,y", "b": ""}, "g", "1", "hangup", "", "default")),
        ("{^^;a=1,2;b=3}sofia/gateway/g/1 &park", Originate({"a": "1,2", "b": "3"}, "g", "1", "park", "", "default")),
    ],
)  # fmt: skip
def test_originates_that_are_understood(text: str, expected: Originate) -> None:
    assert parse_originate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "sofia/gateway/g/1", "user/100 &park", "sofia/gateway/g/1,sofia/gateway/g/2 &park",
        "sofia/gateway/g/1|sofia/gateway/g/2 &park", "{a=${b}}sofia/gateway/g/1 &park", "{a=1 sofia/gateway/g/1 &park",
        "sofia/gateway/g/1 avanak LUA avanak", "[a=1]sofia/gateway/g/1 &park",
    ],
)  # fmt: skip
def test_originates_that_ring_nobody(text: str) -> None:
    with pytest.raises(Refused, match=r"^-(ERR|USAGE)"):
        parse_originate(text)


@given(st.text(max_size=200))
def test_no_originate_crashes_the_parser(text: str) -> None:
    with contextlib.suppress(Refused):
        parse_originate(text)
