"""The support line on the embedded switch: an engine, callers with their keys, agents' telephones, the far end's log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.embedded.records import read_rung
from engine.embedded.support.house import CALL_BACK, PRESSED
from engine.services.support_line import agents, call_backs, figures, hours
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import AgentStep, CallBack, SupportAgent, SupportCall, SupportSetting
from engine.store.threads import read, write
from engine.switch_conf import support
from tests.freeswitch.eventsocket import EventSocket
from tests.runtime.conftest import start_lab
from tests.runtime.lab import Lab
from tests.waits import wait_for

__all__ = ["start_lab"]

NUMBER = "02191001234"


class Line:
    """An engine with two agents, and a console of the embedded switch."""

    def __init__(self, lab: Lab, begun: int) -> None:
        self.lab, self._begun = lab, begun
        self._console = EventSocket(lab.switch.address[1], lab.switch.password)

    def api(self, words: str) -> str:
        self.books_are_closed()
        return self._console.api(words)

    def do(self, words: str) -> str:
        """Something that people do; the answer."""
        said = self.api(f"avanak_simulate {words}")
        assert said.startswith("+OK"), said
        return said[4:].strip()

    def call(self, number: str) -> SupportCall:
        """The last call of a number in the engine's books."""
        self.books_are_closed()
        found = SupportCall.select().where(SupportCall.number == number).order_by(SupportCall.id.desc())
        return read(lambda: found.first()) or SupportCall(state="")

    def books_are_closed(self) -> figures.Figures:
        now = wall_ms()
        found = read(lambda: figures.total(self._begun, now + 1, now))
        assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
        assert len(read(call_backs.open_tries)) <= 2
        return found

    def far_end(self, what: str) -> list[str]:
        """The numbers that rang at the far end, or whose key 1 was taken."""
        log = self.lab.folder / "rung.log"
        return [one.number for one in read_rung(log) if one.campaign == what] if log.exists() else []

    def free(self, *extensions: str) -> None:
        """So many agents are signed in; the others are not."""

        def work() -> None:
            for row in SupportAgent.select():
                is_free = row.extension in extensions
                (agents.sign_in if is_free else agents.sign_out)(User.get_by_id(row.person_id), wall_ms())

        write(work)


@pytest.fixture
def line(
    start_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Line]:
    """Start one; `is_open` says whether support is, `rules` are the line's settings."""

    def start(*, is_open: bool = True, **rules: int) -> Line:
        opens = 0 if is_open else 3_600_000
        monkeypatch.setattr(
            hours, "office", lambda now: hours.OpenHours(is_open, now + opens, now + 1 if is_open else None)
        )
        begun = wall_ms() - 1
        lab = start_lab({"support_numbers": NUMBER}, support_numbers=NUMBER, book=tmp_path / "book")

        def work() -> None:
            for extension in ("501", "502"):
                person = User.create(
                    username=f"a{extension}", password_hash="-", role="agent", created_at=begun
                )
                agents.add(SYSTEM, person.id, extension, begun, wrap_up_s=0)
            for name, value in {
                "offer_after_s": 1,
                "record_calls": 0,
                **rules,
            }.items():  # faster than staff may
                SupportSetting.create(name=name, value=str(value), changed_at=begun, changed_by=None)

        write(work)
        switches = lab.engine.support_line.switches
        wait_for(
            lambda: switches and all(one._rules.offer_after_s == 1 for one in switches.values()), "the rules"
        )
        return Line(lab, begun)

    return start


def test_a_caller_waits_talks_and_another_gives_up(line: Callable[..., Line]) -> None:
    house = line()
    house.do("ring 09121110001 talk=20")
    wait_for(lambda: house.call("+989121110001").state == "waiting", "the queue")
    house.do("phone 501 answer talk=400")
    house.free("501")
    wait_for(lambda: house.call("+989121110001").state == "talking", "the talk")
    house.do("ring 09121110002")
    wait_for(lambda: house.call("+989121110002").state == "waiting", "the queue")
    house.do("leave 09121110002")
    wait_for(lambda: house.call("+989121110002").state == "abandoned", "the end of who gave up")
    wait_for(lambda: house.call("+989121110001").state == "answered", "the end of the talk")
    seen = house.books_are_closed()
    assert (seen.offered, seen.answered, seen.abandoned, seen.waiting) == (2, 1, 1, 0)


def test_star_keeps_the_number_and_the_agent_calls_back(line: Callable[..., Line]) -> None:
    """`*` in the offer, 1 to confirm; then the agent's telephone, the caller's, 1, and they talk: once."""
    house = line()
    house.do("ring 09121110008 offer=* confirm=1")
    wait_for(lambda: house.call("+989121110008").state == "call_back", "the number to be kept")
    wait_for(lambda: house.api("show channels count") == "0 total.", "goodbye")
    assert house.far_end(CALL_BACK) == []
    house.do("phone 501 answer talk=40")
    house.free("501")
    wait_for(lambda: read(CallBack.get).state == "done", "the call-back")
    assert house.far_end(CALL_BACK) == house.far_end(PRESSED) == ["989121110008"]
    wait_for(lambda: read(call_backs.open_tries) == [], "the end of the try in the books")


def test_a_voicemail_is_nobodys_call(line: Callable[..., Line]) -> None:
    house = line(call_back_tries=1)
    house.do("ring 09121110000 offer=* confirm=1")
    wait_for(lambda: house.call("+989121110000").state == "call_back", "the number to be kept")
    house.free("501")
    wait_for(lambda: read(CallBack.get).state == "missed", "the ticket in place of a call-back")
    assert (house.far_end(CALL_BACK), house.far_end(PRESSED)) == (["989121110000"], [])
    assert read(CallBack.get).ticket_id


def test_another_number_wrong_ones_first_and_a_hang_up_in_the_offer(line: Callable[..., Line]) -> None:
    house = line()
    house.do("ring 09121110006 offer=0044207946000# key_number=110#|02188776655# confirm=1")
    house.do("ring 09121110007 patience=100")
    wait_for(lambda: house.call("+989121110006").asked_at, "the offer")
    place = house.call("+989121110006").place_at
    wait_for(lambda: house.call("+989121110007").state == "abandoned", "who hangs up in the offer")
    wait_for(lambda: read(CallBack.select().count), "the number")
    row = read(CallBack.get)
    assert (row.number, row.place_at) == ("+982188776655", place)


def test_closed_a_call_back_is_owed_and_a_message_is_spoken(line: Callable[..., Line]) -> None:
    house = line(is_open=False)
    house.free("501")
    house.do("ring 09121120002 closed_menu=1 confirm=1")
    wait_for(lambda: read(CallBack.select().count), "the row")
    house.do("ring 09121120001 closed_menu=2 speak=20")
    folder = house.lab.engine.settings.recordings_folder / "support"
    wait_for(lambda: list(folder.glob("message-09121120001-*.wav")), "the spoken message")
    wait_for(lambda: house.call("+989121120001").state == "left", "the end in the books")
    assert (read(CallBack.get).state, house.far_end(CALL_BACK)) == ("waiting", [])


def test_an_agent_is_busy_rings_out_and_is_paused(line: Callable[..., Line]) -> None:
    house = line(max_no_answer=1, ring_agent_s=5)
    house.do("phone 501 busy")
    house.do("phone 502 silent")
    house.free("501", "502")
    house.do("ring 09121130004")

    def reason(extension: str) -> str:
        return str(read(lambda: SupportAgent.get(SupportAgent.extension == extension)).reason)

    wait_for(lambda: reason("502") == "no_answer", "the pause")
    assert reason("501") == ""
    assert house.call("+989121130004").state == "waiting"
    wait_for(lambda: "|On Break|" in house.api("callcenter_config agent list"), "the queue to agree")
    house.do("phone 501 answer")
    wait_for(lambda: house.call("+989121130004").state == "talking", "the answer when it is free again")
    assert read(lambda: AgentStep.select().where(AgentStep.reason == "no_answer").count()) == 1


def test_the_hours_of_the_install_are_read_as_a_switch_reads_them(tmp_path: Path) -> None:
    from datetime import datetime

    from engine.clock import TEHRAN
    from engine.embedded.support.plan import Plan

    (tmp_path / "15_hours.xml").write_text(support.hours_xml([("2027-03-02", ((30_600, 50_400),))]))
    plan = Plan.read(tmp_path, {})
    for clock, expected in (("08:29", ""), ("08:30", "open"), ("13:59", "open"), ("14:01", "")):
        variables = {
            "timezone": "Asia/Tehran"
        }  # of 10_arrive.xml; without it a switch reads them in its own zone
        at = datetime.fromisoformat(f"2027-03-02T{clock}").replace(tzinfo=TEHRAN)
        plan.actions("support_told", variables, at.timestamp())
        assert variables.get("avanak_support", "") == expected, clock
