"""Closed hours, menus and spoken messages of the support line on a real FreeSWITCH, with an engine and without."""

from __future__ import annotations

import logging
import time
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import TEHRAN, wall_ms
from engine.services.support_line import hours, voice_tickets
from engine.services.tickets.attachments import Attachments
from engine.store.tables.support import Attachment, Ticket, TicketMessage
from engine.store.tables.support_line import CallBack, VoiceTicket
from tests.freeswitch.phone import _power
from tests.freeswitch.support.house import (
    NUMBER,
    House,
    call_of,
    engine_with_agents,
    hears_menu,
    write_days,
    write_hours,
)
from tests.runtime.lab import Lab
from tests.waits import wait_for

log = logging.getLogger(__name__)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, always_open: None) -> None:
    monkeypatch.setattr(hours, "office", lambda now: hours.OpenHours(False, now + 3_600_000, None))


def spoken(house: House, kind: str, number: str) -> Path | None:
    """The file that the switch made of what a caller spoke."""
    folder = house.switch.folder / "recordings" / "support"
    return next(folder.glob(f"{kind}-{number}-*.wav"), None)


def has_tone(file: Path, hz: int) -> bool:
    try:
        with wave.open(str(file)) as sound:
            data = sound.readframes(sound.getnframes())
    except (wave.Error, EOFError):  # the switch has not written its head yet
        return False
    samples = [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data), 2)]
    parts = [samples[at : at + 160] for at in range(0, len(samples) - 160, 160)]
    return sum(_power(part, hz) > 0.6 for part in parts if any(part)) > 20


def ticket_of(lab: Lab, house: House) -> Ticket:
    """The ticket that the engine makes of the one spoken message."""
    files = Attachments(lab.engine.settings)
    later = wall_ms() + 60_000
    wait_for(
        lambda: voice_tickets.take_over(house.switch.folder / "recordings", files, later) or VoiceTicket.select().exists(),
        "the ticket",
        15,
    )  # fmt: skip
    return Ticket.get_by_id(VoiceTicket.get().ticket_id)


def test_closed_a_message_becomes_a_ticket_with_its_sound(house: House, tmp_path: Path, closed: None) -> None:
    with engine_with_agents(house, tmp_path) as lab:
        caller = house.caller("09121120001", tone_hz=650)
        leg = caller.call(NUMBER)
        hears_menu(caller)
        caller.press("2")
        wait_for(lambda: spoken(house, "message", "09121120001"), "the recording to begin", 10)
        time.sleep(2)
        caller.hang_up(leg)
        wait_for(lambda: call_of("+989121120001").state == "left", "the end in the books", 5)
        ticket = ticket_of(lab, house)
        assert (ticket.department, ticket.via) == ("support", "telephone")
        row = Attachment.select().join(TicketMessage, on=(Attachment.message_id == TicketMessage.id)).get()
        assert row.media_type.startswith("audio/")
        assert has_tone(Path(lab.engine.settings.data_dir) / "attachments" / row.path, 650)
        assert spoken(house, "message", "09121120001") is None


def test_closed_a_call_back_is_owed_and_not_placed_before_it_opens(
    house: House, tmp_path: Path, closed: None
) -> None:
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        house.agent("501")
        caller = house.caller("09121120002")
        leg = caller.call(NUMBER)
        before = hears_menu(caller)
        caller.press("1")
        hears_menu(caller, before)  # the number was read back
        caller.press("1")
        wait_for(lambda: CallBack.select().count() == 1, "the row", 8)
        assert CallBack.get().number == "+989121120002"
        wait_for(lambda: leg.state == "over", "goodbye", 10)
        time.sleep(2)
        assert (CallBack.get().state, len(house.far.rang)) == ("waiting", rung)


def test_a_complaint_is_a_voice_ticket_of_its_own_department(house: House, tmp_path: Path) -> None:
    """The longest message is the setting's: the line ends it after ten seconds, though the caller speaks on."""
    with engine_with_agents(house, tmp_path, message_s=10) as lab:
        time.sleep(1)  # the engine reads its settings twice a second
        caller = house.caller("09121120003", tone_hz=650)
        leg = caller.call(NUMBER)
        hears_menu(caller)
        caller.press("1")
        wait_for(lambda: spoken(house, "complaint", "09121120003"), "the recording to begin", 10)
        begun = time.monotonic()
        wait_for(lambda: leg.state == "over", "the end of the longest message", 16)
        assert 9 < time.monotonic() - begun < 14
        assert ticket_of(lab, house).department == "complaint"


@pytest.mark.parametrize("engine", ["none", "hangs"])
@pytest.mark.parametrize("is_open", [True, False])
def test_without_an_engine_the_written_hours_decide(house: House, is_open: bool, engine: str) -> None:
    """Nobody answers: within two seconds the call goes on; it waits in the queue, or a message is asked for.

    An engine that hangs is connected and has asked for events, reads nothing and says nothing.
    """
    write_hours(house.switch, is_open=is_open)
    line = house.switch.connect()
    hanging = house.switch.connect() if engine == "hangs" else None
    if hanging is not None:
        hanging.subscribe("CUSTOM", "avanak::support", "CHANNEL_HANGUP_COMPLETE")
    try:
        number = f"091211200{is_open:d}{engine == 'none':d}"
        caller = house.caller(number, tone_hz=650)
        begun = time.monotonic()
        leg = caller.call(NUMBER)
        wait_for(lambda: leg.state == "up", "the answer", 6)
        answered = time.monotonic()
        assert 1 < answered - begun < 2
        wait_for(lambda: caller.heard, "sound", 2)  # the sound itself, by its tone
        log.info("engine %s: %.2f s to the answer, %.2f s to sound", engine, answered - begun,
                 time.monotonic() - answered)  # fmt: skip
        if is_open:
            wait_for(
                lambda: number in line.api("callcenter_config queue list members support@avanak"),
                "the queue",
                15,
            )
            wait_for(lambda: caller.packets > 50, "music", 5)
        else:
            wait_for(lambda: spoken(house, "message", number), "the recording", 10)
            time.sleep(1.5)
        caller.hang_up(leg)
        if not is_open:
            file = spoken(house, "message", number)
            assert file is not None
            wait_for(lambda: has_tone(file, 650), "the message in the file", 5)
            file.unlink()
    finally:
        line.close()
        if hanging is not None:
            hanging.close()


@pytest.mark.parametrize("is_open", [True, False])
def test_the_shifts_are_tehrans_wherever_the_switch_stands(house: House, is_open: bool) -> None:
    """Open for an hour around now by the clock of Tehran, or closed for that hour and open for all others."""
    now = datetime.now(TEHRAN)
    begins, ends = now - timedelta(minutes=30), now + timedelta(minutes=30)
    days: dict[str, list[tuple[int, int]]] = {}
    for each in range(-1, 2):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=each)
        start, end = (min(86_400, max(0, int((one - midnight).total_seconds()))) for one in (begins, ends))
        shifts = [(start, end)] if is_open else [(0, start), (end, 86_400)]
        days[midnight.date().isoformat()] = [one for one in shifts if one[0] < one[1]]
    write_days(house.switch, {day: tuple(shifts) for day, shifts in days.items()})
    line = house.switch.connect()
    number = f"0912112010{is_open:d}"
    leg = house.caller(number).call(NUMBER)

    def arrived() -> bool | None:
        """Whether it waits in the queue; None while it has come nowhere."""
        if number in line.api("callcenter_config queue list members support@avanak"):
            return True
        return None if spoken(house, "message", number) is None else False

    try:
        wait_for(lambda: leg.state == "over" or arrived() is not None, "the queue or the recording", 15)
        assert arrived() is is_open
    finally:
        line.close()
        if (file := spoken(house, "message", number)) is not None:
            file.unlink()


@pytest.mark.parametrize(
    "at", ["2026-11-29 20:29", "2026-11-29 20:30", "2026-07-01 21:15", "2027-03-21 00:00"]
)
def test_the_hours_are_tehrans(house: House, at: str) -> None:
    """The switch's own clock of the zone: at night its date is not that of UTC; no daylight saving."""
    utc = datetime.fromisoformat(at).replace(tzinfo=UTC)
    line = house.switch.connect()
    told = line.api(f"strftime_tz Asia/Tehran {int(utc.timestamp())}|%Y-%m-%d %H:%M")
    line.close()
    assert told == utc.astimezone(TEHRAN).strftime("%Y-%m-%d %H:%M")
