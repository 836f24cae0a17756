"""Telephones that are not connected: the books know, nobody is promised by them, staff are told; on the embedded switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.services.support_line import agents, attendance, board
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.support_line import CallBack, CallBackTry, SupportAgent
from engine.store.threads import read, write
from engine.support_line.telephones import EVERY_S, MISSING, Telephones
from tests.runtime.conftest import start_lab
from tests.support_line.test_support_embedded import Line, line
from tests.tickets.cast import Cast, at
from tests.waits import wait_for

__all__ = ["line", "start_lab"]

OPEN = at("1405-08-30 10:00")
THERE = "sofia/agents/sip:501@198.51.100.7:5060"


WORDS = (
    "{rtp_secure_media=forbidden}${regex(${sofia_contact(agents/${dialed_user}@${dialed_domain})}|^fine$)}"
)


class Directory:
    """A link that answers for telephones; `asked` counts the rounds, `rung` is what the dial-string makes of contacts."""

    def __init__(self, words: str = "-ERR no reply", rung: str = "{a=b}", **answers: str) -> None:
        self.answers, self.asked, self.words, self.rung = answers, 0, words, rung

    def apis(self, *frames: bytes) -> list[str]:
        if frames[0].startswith(b"api user_data "):
            return [self.words]
        if frames[0].startswith(b"api eval "):
            assert all(b"dialed_" not in frame for frame in frames)
            return [self.rung + "\n"] * len(frames)
        self.asked += 1
        return [self.answers[f"x{frame.split(b'/')[1].split(b'@')[0].decode()}"] for frame in frames]


def telephones(*of_switch: Directory) -> Telephones:
    found = Telephones()
    for switch_id, link in enumerate(of_switch, start=1):
        found.ask(switch_id, link, [name[1:] for name in link.answers], 0.0)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    "answer", [THERE, "-ERR no reply", "", "error/something_else", "sofia_contact: not found"]
)
def test_only_the_switchs_own_word_makes_a_telephone_missing(answer: str) -> None:
    found = telephones(Directory(x501=answer, x502=MISSING, x503=MISSING + "\n"))
    assert found.missing(1) == {"502", "503"}
    assert found.seen(1, {"501": "waiting", "502": "in_call", "503": "waiting"}) == {
        "501": "waiting", "502": "in_call", "503": "unregistered",
    }  # fmt: skip
    assert found.seen(2, {"501": "waiting"}) == {"501": "waiting"}


@pytest.mark.parametrize(
    ("words", "rung", "is_away"),
    [
        (WORDS, "{a=b}", True),
        (WORDS, "{a=b}" + THERE, False),
        (WORDS, "{a=b}" + MISSING, False),  # it left between the two questions: the next round says so
        (WORDS, "-ERR no reply", False),
        ("-ERR no reply", "{a=b}", False),
        (WORDS.replace("sofia_contact", "other"), "{a=b}", False),
        (WORDS + "\nlog 0", "{a=b}", False),
        (WORDS + "ی", "{a=b}", False),
    ],
)
def test_a_telephone_that_the_dial_string_rings_nowhere_is_away(words: str, rung: str, is_away: bool) -> None:
    found = telephones(Directory(words, rung, x501=THERE, x502=MISSING))
    assert found.missing(1) == ({"501", "502"} if is_away else {"502"})
    assert found.seen(1, {"501": "waiting", "502": "waiting"}) == {
        "501": "unusable" if is_away else "waiting", "502": "unregistered",
    }  # fmt: skip


def test_one_that_is_registered_at_another_switch_is_left_to_that_one() -> None:
    found = telephones(Directory(x501=MISSING), Directory(WORDS, "{a=b}", x501=THERE))
    assert found.seen(1, {"501": "waiting"}) == {}
    assert found.seen(2, {"501": "waiting"}) == {"501": "unusable"}


def test_one_that_no_switch_can_ring_is_so_at_each() -> None:
    found = telephones(*(Directory(WORDS, "{a=b}", x501=THERE) for _ in range(2)))
    for switch_id in (1, 2):
        assert found.seen(switch_id, {"501": "waiting"}) == {"501": "unusable"}
        assert found.seen(switch_id, {}) == {}


def test_of_two_switches_the_one_that_has_the_telephone_speaks() -> None:
    found = telephones(Directory(x501=THERE, x502=MISSING), Directory(x501=MISSING, x502=MISSING))
    assert found.seen(1, {"501": "waiting"}) == {"501": "waiting"}
    assert found.seen(2, {"501": "waiting", "502": "waiting"}) == {"502": "unregistered"}
    found.forget(1)
    assert found.seen(2, {"501": "waiting"}) == {"501": "unregistered"}


def test_a_switch_is_asked_every_few_seconds_and_when_something_changed() -> None:
    link = Directory(x501=THERE, x502=THERE)
    found, ask = Telephones(), lambda now_m, *names: found.ask(1, link, names, now_m)  # type: ignore[arg-type]
    for now_m in (0.0, 1.0, EVERY_S - 0.1):
        ask(now_m, "501")
    assert link.asked == 1
    ask(EVERY_S, "501")
    ask(EVERY_S + 1, "501", "502")
    found.changed(1)
    ask(EVERY_S + 2, "501", "502")
    assert link.asked == 4
    ask(EVERY_S + 3)
    assert (link.asked, found.missing(1)) == (4, set())


def test_who_has_no_telephone_is_shown_so_and_takes_no_call_back(line: Callable[..., Line]) -> None:
    house = line()
    for extension in ("501", "502"):
        house.do(f"phone {extension} away")
    house.do("ring 09121110008 offer=* confirm=1")
    wait_for(lambda: read(CallBack.select().count), "the row")
    house.free("501", "502")

    def seen(extension: str) -> str:
        return str(read(lambda: SupportAgent.get(SupportAgent.extension == extension)).seen)

    wait_for(lambda: seen("501") == seen("502") == "unregistered", "the lost telephones to be noticed")
    shown = read(lambda: board.board(SYSTEM, read(CallBack.get).asked_at))
    assert (shown.is_unattended, shown.has_no_telephone) == (True, True)
    assert read(CallBackTry.select().count) == 0
    assert read(CallBack.get).state == "waiting"
    house.do("phone 502 answer talk=40")
    wait_for(lambda: read(CallBack.get).state == "done", "the call-back, by who has a telephone again")
    assert seen("501") == "unregistered"
    assert seen("502") != "unregistered"
    assert {row.agent_id for row in read(lambda: list(CallBackTry.select()))} == {
        read(lambda: SupportAgent.get(SupportAgent.extension == "502")).id
    }


def test_operators_are_told_when_all_telephones_are_lost(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        "engine.services.outbox.deliveries.to_staff",
        lambda *_, subject, **__: told.append(subject["en"]) or 1,
    )
    write(lambda: agents.add(cast.operator, cast.agent.id, "501", OPEN))
    write(lambda: agents.sign_in(cast.agent, OPEN))
    later = OPEN + 3_600_000
    assert read(lambda: attendance.nobody_since(later)) is None
    write(lambda: agents.note_seen({"501": "unregistered"}, later))
    assert read(lambda: attendance.nobody_since(later)) == attendance.Nobody(later, True)
    assert not write(lambda: attendance.watch(later + 60_000))
    assert write(lambda: attendance.watch(later + attendance.GRACE_MS))
    write(lambda: agents.note_seen({"501": "unusable"}, later + 130_000))
    assert read(lambda: attendance.nobody_since(later + 140_000)) == attendance.Nobody(later + 130_000, True)
    write(lambda: agents.note_seen({"501": "waiting"}, later + 200_000))
    assert read(lambda: attendance.nobody_since(later + 200_000)) is None
    write(lambda: agents.sign_out(cast.agent, later + 200_000))
    assert write(lambda: attendance.watch(later + 400_000))
    assert told == ["Support line: no telephone is connected", "Support line: nobody is signed in"]
