"""What callers spoke becomes tickets: each once, whatever else lies in the folder or died meanwhile."""

from __future__ import annotations

import io
import os
import uuid
import wave
from pathlib import Path

import pytest

from engine.config import load_settings
from engine.services.support_line import voice_tickets
from engine.services.tickets.attachments import Attachments
from engine.store.tables.core import Account
from engine.store.tables.customers import AuditEntry
from engine.store.tables.support import Attachment, Ticket
from engine.store.tables.support_line import VoiceTicket
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at

NOW = at("1405-08-30 10:00")
SECOND = b"\x01\x02" * 8000


def sound(seconds: int = 3) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(SECOND * seconds)
    return out.getvalue()


def spoken(folder: Path, data: bytes, kind: str = "complaint", number: str = "02188776655") -> Path:
    """A file as the switch leaves it; it has not grown for a minute."""
    folder = folder / "support"
    folder.mkdir(exist_ok=True)
    file = folder / f"{kind}-{number}-{uuid.uuid4()}.wav"
    file.write_bytes(data)
    os.utime(file, (NOW / 1000 - 60,) * 2)
    return file


def taken_over(folder: Path, **limits: int) -> int:
    settings = load_settings(data_dir=folder / "data", database_url="", **limits)
    return voice_tickets.take_over(folder, Attachments(settings), NOW)


def test_a_message_becomes_one_ticket_and_its_file_goes(cast: Cast, tmp_path: Path) -> None:
    file = spoken(tmp_path, sound())
    short = spoken(tmp_path, sound(0))
    assert taken_over(tmp_path) == 1
    assert not file.exists()
    assert not short.exists()
    row = read(VoiceTicket.get)
    assert (row.kind, row.number, row.duration_ms) == ("complaint", "+982188776655", 3000)
    assert read(lambda: Ticket.get_by_id(row.ticket_id)).department == "complaint"
    file.write_bytes(sound())  # the engine died before it deleted it
    os.utime(file, (NOW / 1000 - 60,) * 2)
    assert taken_over(tmp_path) == 0
    assert read(Ticket.select().where(Ticket.via == "telephone").count) == 1


def test_one_that_cannot_be_read_stays_and_holds_no_other_up(
    cast: Cast, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "support").mkdir()
    stuck = tmp_path / "support" / f"complaint-0-{uuid.UUID(int=0)}.wav"
    stuck.mkdir()  # as a file of another user's: neither read nor deleted
    os.utime(stuck, (NOW / 1000 - 60,) * 2)
    spoken(tmp_path, sound())
    assert taken_over(tmp_path) == 1
    assert stuck.exists()
    assert f"action=voice_ticket_failed channel={uuid.UUID(int=0)}" in caplog.text


@pytest.mark.parametrize("riff_size", [8, 0xFFFFFFFF])
def test_what_was_spoken_when_the_switch_died_is_heard(cast: Cast, tmp_path: Path, riff_size: int) -> None:
    """Lengths are written at the end of a recording: the head of one without an end says none."""
    data = bytearray(sound())
    data[4:8] = riff_size.to_bytes(4, "little")
    data[40:44] = bytes(4)
    spoken(tmp_path, bytes(data))
    spoken(tmp_path, bytes(data[:44]))  # nobody spoke
    spoken(tmp_path, b"RIFF")
    assert taken_over(tmp_path) == 1
    assert read(VoiceTicket.get).duration_ms == 3000
    kept = tmp_path / "data" / "attachments" / read(Attachment.get).path
    with wave.open(str(kept)) as file:
        assert file.readframes(file.getnframes()) == SECOND * 3


def test_what_was_spoken_is_kept_beyond_the_limits_of_files(cast: Cast, tmp_path: Path) -> None:
    """They are for what people upload; strangers' messages are all in the house's account."""
    for _ in range(3):
        spoken(tmp_path, sound(40))
    spoken(tmp_path, sound(100))
    assert taken_over(tmp_path, attachment_max_mb=1, attachment_quota_mb=1) == 4
    assert read(Attachment.select().count) == 4


def test_a_ticket_that_is_refused_leaves_no_copies(cast: Cast, tmp_path: Path) -> None:
    file = spoken(tmp_path, sound())
    write(lambda: Account.update(is_house=False).execute())
    for _ in range(3):
        assert taken_over(tmp_path) == 0
    assert file.exists()
    assert [one for one in (tmp_path / "data" / "attachments").glob("*/*") if one.is_file()] == []


def test_that_staff_hear_what_was_spoken_is_audited(cast: Cast, tmp_path: Path) -> None:
    spoken(tmp_path, sound())
    assert taken_over(tmp_path) == 1
    files = Attachments(load_settings(data_dir=tmp_path / "data", database_url=""))
    row = read(Attachment.get)
    write(lambda: files.opened(cast.owner, row, NOW))
    write(lambda: files.opened(cast.agent, row, NOW))
    noted = [
        (one.person_id, one.subject)
        for one in AuditEntry.select().where(AuditEntry.action == "voice_message_heard")
    ]
    assert noted == [(cast.agent.id, f"ticket {row.ticket_id}")]
