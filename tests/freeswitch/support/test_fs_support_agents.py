"""Agents of the support line on a real FreeSWITCH: outside numbers, recordings, silence, restarts of either side."""

from __future__ import annotations

import socket
import time
import wave
from pathlib import Path

from engine.clock import wall_ms
from engine.services.support_line import agents, call_recordings, settings, transfers
from engine.services.support_line.agents import SYSTEM
from engine.states import SupportCallState
from engine.store.tables.core import User
from engine.store.tables.support_line import SupportAgent, SupportCall, SupportRecording
from engine.store.threads import write
from tests.freeswitch.support.house import NUMBER, House, call_of, engine_with_agents, write_hours
from tests.waits import wait_for


def state_of(extension: str) -> tuple[str, str]:
    row = SupportAgent.get(SupportAgent.extension == extension)
    return row.state, row.reason


def on_switch(house: House, extension: str) -> dict[str, str]:
    """The agent as the queue has it."""
    line = house.switch.connect()
    try:
        head, *rows = line.api("callcenter_config agent list").strip().splitlines()
    finally:
        line.close()
    found = [dict(zip(head.split("|"), row.split("|"), strict=False)) for row in rows]
    return next((row for row in found if row.get("name") == extension), {})


def test_an_answered_call_is_recorded_after_it_was_announced(house: House, tmp_path: Path) -> None:
    """Both voices are in the file, in the engine's books, and gone when its days are over; without the setting none is made."""
    folder = house.switch.folder / "recordings"
    with engine_with_agents(house, tmp_path):
        phone = house.agent("501", tone_hz=500)
        caller = house.caller("09121130001", tone_hz=800)
        leg = caller.call(NUMBER)
        wait_for(lambda: caller.heard.get(500, 0) > 40 and phone.heard.get(800, 0) > 40, "both to hear", 30)
        caller.hang_up(leg)
        wait_for(lambda: call_of("+989121130001").state == "answered", "the end in the books", 5)
        row = SupportRecording.get(SupportRecording.call_id == call_of("+989121130001").id)
        path = call_recordings.path_of(folder, row.uuid)
        wait_for(lambda: path.is_file() and path.stat().st_size > 8_000, "the sound", 5)
        with wave.open(str(path)) as sound:
            assert sound.getnframes() > 4_000
        assert write(lambda: call_recordings.sweep(folder, wall_ms() + 91 * 86_400_000)) == 1
        assert not path.exists()
        write(lambda: settings.change(SYSTEM, {"record_calls": 0}, wall_ms()))
        time.sleep(1)  # the engine reads its settings twice a second
        other = house.caller("09121130002", tone_hz=800)
        leg = other.call(NUMBER)
        wait_for(lambda: other.heard.get(500, 0) > 20, "the talk", 30)
        assert SupportRecording.select().count() == 1
        other.hang_up(leg)
        phone.stop()


def test_an_agent_with_an_outside_number_presses_one_before_anybody_is_put_through(
    house: House, tmp_path: Path
) -> None:
    with engine_with_agents(house, tmp_path):

        def outside() -> None:
            row = SupportAgent.get(SupportAgent.extension == "501")
            agents.change(
                SYSTEM, row.id, wall_ms(), outside_number="02177778888", wrap_up_s=0, is_active=True
            )
            SupportAgent.update(state="signed_out").where(SupportAgent.extension == "502").execute()

        write(outside)
        wait_for(lambda: "sofia/gateway/lab" in on_switch(house, "501").get("contact", ""), "the contact", 5)
        rung = len(house.far.rang)
        caller = house.caller("09121130003", tone_hz=500)
        leg = caller.call(NUMBER)
        wait_for(lambda: house.far.up, "the outside telephone", 30)
        assert house.far.legs[-1].invite.number == "982177778888"
        time.sleep(1.5)
        assert house.far.heard.get(500, 0) == 0
        house.far.press("1")
        wait_for(
            lambda: house.far.heard.get(500, 0) > 25 and caller.heard.get(800, 0) > 25, "both to hear", 10
        )
        wait_for(lambda: call_of("+989121130003").state == "talking", "the books to say so", 5)
        caller.hang_up(leg)
        wait_for(lambda: house.far.up is None, "the agent's end", 5)
        assert len(house.far.rang) == rung + 1


def test_an_agent_who_does_not_answer_is_paused_in_the_web_as_on_the_switch(
    house: House, tmp_path: Path
) -> None:
    """So does one whose telephone is busy; the setting counts for agents that the queue has already."""
    with engine_with_agents(house, tmp_path, ring_agent_s=5):
        write(
            lambda: agents.sign_out_other(
                SYSTEM, SupportAgent.get(SupportAgent.extension == "502").id, wall_ms()
            )
        )
        wait_for(lambda: on_switch(house, "501").get("max_no_answer") == "3", "the queue's agent", 5)
        write(lambda: settings.change(SYSTEM, {"max_no_answer": 1}, wall_ms()))
        wait_for(lambda: on_switch(house, "501").get("max_no_answer") == "1", "the new figure", 5)
        phone = house.agent("501", answer_after_s=None)
        caller = house.caller("09121130004")
        leg = caller.call(NUMBER)
        wait_for(lambda: state_of("501") == ("paused", "no_answer"), "the pause", 40)
        assert phone.rang
        wait_for(lambda: on_switch(house, "501")["status"] == "On Break", "the switch to agree", 5)
        assert call_of("+989121130004").state == "waiting"
        phone.answer_after_s, phone.busy = 0.2, True
        write(lambda: agents.sign_in(_person("501"), wall_ms()))
        wait_for(lambda: len(phone.rang) > 1, "the busy telephone", 30)
        assert call_of("+989121130004").state == "waiting"
        phone.busy = False
        wait_for(lambda: phone.up, "the answer when it is free again", 40)
        caller.hang_up(leg)
        phone.stop()


def test_a_call_is_handed_to_another_agent_or_waits_again(house: House, tmp_path: Path) -> None:
    with engine_with_agents(house, tmp_path, record_calls=0) as lab:
        first = house.agent("501", tone_hz=500)
        caller = house.caller("09121130008", tone_hz=800)
        caller.call(NUMBER)
        wait_for(lambda: caller.heard.get(500, 0) > 20, "the first agent", 30)
        second = house.agent("502", tone_hz=650)
        call = call_of("+989121130008")
        to = SupportAgent.get(SupportAgent.extension == "502").id
        write(lambda: transfers.ask(_person("501"), call.id, to, wall_ms()))
        wait_for(
            lambda: caller.heard.get(650, 0) > 20 and second.heard.get(800, 0) > 20, "the second agent", 15
        )
        wait_for(lambda: call_of("+989121130008").agent_id == to, "the books to say so", 5)
        assert first.up is None
        # As if the answer had not been heard of: an engine that comes back asks the switch.
        write(lambda: SupportCall.update(agent_id=None).where(SupportCall.id == call.id).execute())
        (link,) = lab.engine.dialer.links.values()
        link.sock.shutdown(socket.SHUT_RDWR)
        wait_for(lambda: call_of("+989121130008").agent_id == to, "the books to say so again", 10)
        back = SupportAgent.get(SupportAgent.extension == "501").id
        first.busy = True  # who does not take it: the caller waits, and the queue finds somebody
        caller.heard.clear()
        write(lambda: transfers.ask(_person("502"), call.id, back, wall_ms()))
        wait_for(lambda: second.up is None, "the second agent's end", 15)
        wait_for(lambda: caller.heard.get(650, 0) > 20, "an agent, by the queue", 40)
        assert call_of("+989121130008").state == "talking"
        first.stop()
        second.stop()


def test_who_talks_in_a_call_that_was_handed_over_is_on_a_call_for_the_queue_too(
    house: House, tmp_path: Path
) -> None:
    """Not rung for the next caller, shown as on a call; then as after one, until the wrap-up is over."""

    def seen(extension: str) -> str:
        return str(SupportAgent.get(SupportAgent.extension == extension).seen)

    with engine_with_agents(house, tmp_path, record_calls=0):
        write(lambda: SupportAgent.update(wrap_up_s=4).where(SupportAgent.extension == "502").execute())
        first = house.agent("501", tone_hz=500)
        caller = house.caller("09121130021", tone_hz=800)
        leg = caller.call(NUMBER)
        wait_for(lambda: caller.heard.get(500, 0) > 20, "the first agent", 30)
        second = house.agent("502", tone_hz=650)
        call = call_of("+989121130021")
        write(lambda: transfers.ask(_person("501"), call.id, _agent("502"), wall_ms()))
        wait_for(lambda: caller.heard.get(650, 0) > 20, "the second agent", 15)
        write(lambda: agents.sign_out(_person("501"), wall_ms()))
        wait_for(lambda: seen("502") == "in_call", "the wallboard to say so", 5)
        rung = len(second.rang)
        other = house.caller("09121130022", tone_hz=800)
        other_leg = other.call(NUMBER)
        wait_for(lambda: (c := call_of("+989121130022")) and c.state == "waiting", "the queue", 15)
        wait_for(lambda: other.packets > 250, "five seconds of sound", 15)
        assert (len(second.rang), on_switch(house, "502")["status"]) == (rung, "On Break")
        caller.hang_up(leg)
        wait_for(lambda: seen("502") == "wrap_up", "the wrap-up", 5)
        assert other.heard.get(650, 0) == 0
        wait_for(lambda: other.heard.get(650, 0) > 10, "the next caller's talk", 30)
        wait_for(lambda: seen("502") == "in_call", "the wallboard to say so", 5)
        assert second.legs[-1].up_at - leg.over_at > 3.5
        other.hang_up(other_leg)
        wait_for(lambda: seen("502") == "wrap_up", "the wrap-up that the queue keeps", 5)
        first.stop()
        second.stop()


def test_a_call_is_handed_to_a_department_with_its_wait(house: House, tmp_path: Path) -> None:
    """Whoever rings reaches support; who is handed over reaches the department, the one who waited longest first."""
    with engine_with_agents(house, tmp_path, record_calls=0):

        def belong() -> None:
            row = SupportAgent.get(SupportAgent.extension == "502")
            agents.change(
                SYSTEM,
                row.id,
                wall_ms(),
                outside_number="",
                wrap_up_s=0,
                is_active=True,
                belongs_to=("billing",),
            )

        write(belong)
        billing = house.agent("502", tone_hz=650)
        line = house.switch.connect()
        tiers = "callcenter_config queue list tiers {}@avanak"
        wait_for(
            lambda: (
                "502" in line.api(tiers.format("billing")) and "502" not in line.api(tiers.format("support"))
            ),
            "the tiers",
            5,
        )
        line.close()
        first = house.agent("501", tone_hz=500)
        early, late = (house.caller(number, tone_hz=800) for number in ("09121130011", "09121130012"))
        early_leg = early.call(NUMBER)
        wait_for(lambda: early.heard.get(500, 0) > 10, "the first talk", 30)
        billing.answer_after_s = None  # is away from the desk: those who are handed over wait
        late.call(NUMBER)
        wait_for(
            lambda: (c := call_of("+989121130012")) and c.state == "waiting", "the second in the queue", 15
        )
        place = call_of("+989121130011").place_at
        assert not billing.rang
        write(
            lambda: transfers.ask_department(
                _person("501"), call_of("+989121130011").id, "billing", wall_ms()
            )
        )
        wait_for(lambda: late.heard.get(500, 0) > 10, "support goes on with the second", 30)
        wait_for(lambda: billing.rang, "the department's telephone", 10)
        write(
            lambda: transfers.ask_department(
                _person("501"), call_of("+989121130012").id, "billing", wall_ms()
            )
        )
        billing.answer_after_s = 0.2
        wait_for(lambda: early.heard.get(650, 0) > 20, "the first caller, in billing", 60)
        assert late.heard.get(650, 0) == 0
        call = call_of("+989121130011")
        assert (call.state, call.place_at) == ("talking", place)
        wait_for(lambda: call_of("+989121130011").agent_id == _agent("502"), "the books to say so", 5)
        early.hang_up(early_leg)
        wait_for(lambda: late.heard.get(650, 0) > 20, "the second caller, in billing", 60)
        assert call_of("+989121130011").state == "answered"
        first.stop()
        billing.stop()


def test_an_engine_that_was_away_and_a_telephone_that_falls_off_in_a_call(
    house: House, tmp_path: Path
) -> None:
    """The engine is away while one talks and another waits: afterwards the books have both, the agents are the same."""
    write_hours(house.switch, is_open=True)
    with engine_with_agents(house, tmp_path):
        phone = house.agent("501", tone_hz=500)
        first = house.caller("09121130005", tone_hz=800)
        talking = first.call(NUMBER)
        wait_for(
            lambda: call_of("+989121130005") and call_of("+989121130005").state == "talking", "the talk", 30
        )
        second = house.caller("09121130006", tone_hz=800)
        waiting = second.call(NUMBER)
        wait_for(
            lambda: call_of("+989121130006") and call_of("+989121130006").state == "waiting", "the queue", 30
        )
    first.hang_up(talking)  # no engine hears of it
    wait_for(lambda: phone.heard.get(800, 0) and len(phone.rang) > 1, "the queue to go on by itself", 20)
    wait_for(lambda: second.heard.get(500, 0) > 10, "the second caller to talk", 20)
    second.hang_up(waiting)
    third = house.caller("09121130007", tone_hz=800)
    late = third.call(NUMBER)  # rings while no engine is there
    wait_for(lambda: late.state == "up", "the answer without an engine", 10)
    with engine_with_agents(house, tmp_path):
        for number in ("+989121130005", "+989121130006"):
            wait_for(
                lambda number=number: call_of(number).state == SupportCallState.ANSWERED,
                "the books to catch up",
                10,
            )
        wait_for(lambda: third.heard.get(500, 0) > 10, "the caller who came meanwhile to talk", 30)
        wait_for(lambda: call_of("+989121130007").state == "talking", "the books to say so", 5)
        assert SupportCall.select().count() == 3
        phone.stop()  # as one whose cable is pulled: no BYE, no voice
        wait_for(lambda: late.state == "over", "the end of a call whose agent is gone", 45)
        wait_for(lambda: call_of("+989121130007").state == "answered", "the end in the books", 5)


def _person(extension: str) -> User:
    return User.get_by_id(SupportAgent.get(SupportAgent.extension == extension).person_id)


def _agent(extension: str) -> int:
    return int(SupportAgent.get(SupportAgent.extension == extension).id)
