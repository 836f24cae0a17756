"""Makes tickets of callers' voice messages: of every file in the recordings' folder ``support``, also those made
while the engine was away.

The dialplan names it KIND-NUMBER-CHANNEL.wav.  A file is taken over when nobody has written into it for a
while; the ticket has a key of its own, so that a crash in between makes no second one.
"""

from __future__ import annotations

import logging
import re
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

from engine.atomic_file import whole_file
from engine.errors import AvanakError, StoreUnavailable
from engine.sentences import Sentence
from engine.services.accounts import accounts
from engine.services.numbering.numbers import display
from engine.services.outbox.wording import bilingual
from engine.services.support_line import callers
from engine.services.tickets import tickets
from engine.services.tickets.attachments import Attachments, Received, discard
from engine.store.tables.support_line import SupportCall, VoiceTicket
from engine.store.threads import read, write

log = logging.getLogger(__name__)

QUIET_S = 8  # the file has not grown for this long: the recording is over
LEAST_MS = 700  # shorter is a hang-up, no message
MAX_BYTES = 32_000_000  # more than the longest message that a setting allows
_NAME = re.compile(
    r"(message|complaint|suggestion)-(\d{1,15})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.wav"
)
DEPARTMENTS = {"message": "support", "complaint": "complaint", "suggestion": "suggestion"}
SUBJECTS = {
    "message": Sentence("Spoken message to support"),
    "complaint": Sentence("Spoken complaint"),
    "suggestion": Sentence("Spoken suggestion"),
}


@dataclass(frozen=True, slots=True)
class _Spoken:
    file: Path
    kind: str
    digits: str
    uuid: str


def take_over(recordings: Path, files: Attachments, now: int) -> int:
    """Make tickets of the files; how many.  A job: no transaction around it, it reads files.

    A file that cannot be read or deleted stays, is named in the log and does not hold up the others.
    """
    made = 0
    for one in _found(recordings / "support", now):
        try:
            made += _take(one, files, now)
        except (AvanakError, OSError) as error:
            log.error("action=voice_ticket_failed channel=%s error=%r", one.uuid, str(error))
    return made


def _found(folder: Path, now: int) -> list[_Spoken]:
    if not folder.is_dir():
        return []
    found = []
    for file in sorted(folder.glob("*.wav")):
        name = _NAME.fullmatch(file.name)
        if name and now / 1000 - file.stat().st_mtime > QUIET_S:
            found.append(_Spoken(file, name[1], name[2], name[3]))
    return found


def _take(one: _Spoken, files: Attachments, now: int) -> bool:
    """1. its length; 2. the ticket with the sound; 3. the file goes."""
    duration_ms = _length_ms(one.file) or (_mended(one.file) and _length_ms(one.file))
    is_new = not read(lambda: VoiceTicket.select().where(VoiceTicket.uuid == one.uuid).exists())
    if is_new and duration_ms >= LEAST_MS:
        with one.file.open("rb") as stream:
            sound = files.receive(stream, f"{one.kind}.wav", MAX_BYTES)
        try:
            write(lambda: _opened(one, sound, duration_ms, now))
        except StoreUnavailable:  # it may be written all the same
            raise
        except AvanakError:  # it is tried again: a copy each time would fill the disk
            discard([sound])
            raise
    one.file.unlink(missing_ok=True)
    return is_new and duration_ms >= LEAST_MS


def _opened(one: _Spoken, sound: Received, duration_ms: int, now: int) -> None:
    call = SupportCall.get_or_none(SupportCall.uuid == one.uuid)
    caller = callers.recognise(one.digits) if len(one.digits) > 2 else callers.KnownCaller("", None, "fa")
    text = bilingual(
        Sentence(
            "Spoken on the telephone by %(number)s, %(n)s seconds; the sound is attached.",
            number=display(caller.number) if caller.number else Sentence("a withheld number"),
            n=max(1, duration_ms // 1000),
        )
    )
    # A stranger's message is the house's: no customer sees it.
    ticket_id = tickets.open_ticket(
        None,
        caller.account_id or int(accounts.house().id),
        DEPARTMENTS[one.kind],
        bilingual(SUBJECTS[one.kind])[caller.language],
        "\n".join(text.values()),
        now,
        via="telephone",
        files=[sound],
        key=f"voice/{one.uuid}",
    )
    VoiceTicket.insert(
        uuid=one.uuid,
        kind=one.kind,
        call_id=None if call is None else call.id,
        account_id=caller.account_id,
        number=caller.number,
        duration_ms=duration_ms,
        made_at=now,
        ticket_id=ticket_id,
    ).on_conflict_ignore().execute()
    SupportCall.update(ticket_id=ticket_id).where(
        SupportCall.uuid == one.uuid, SupportCall.ticket_id.is_null()
    ).execute()


def _length_ms(file: Path) -> int:
    """The length of a WAV file in milliseconds; 0 if it is none, or its header has no length (the switch died).

    OSError if it cannot be read: then it is unknown whether somebody spoke.
    """
    try:
        with wave.open(str(file)) as sound:
            return sound.getnframes() * 1000 // sound.getframerate()
    except (EOFError, wave.Error, ZeroDivisionError):
        return 0


def _mended(file: Path) -> bool:
    """Give the sound that a switch which died left behind its length: the head said 0, or nothing; whether there is any."""
    data = file.read_bytes()
    sound_at = data.find(b"data", 12, 256) + 8
    if sound_at < 44 or data[:4] != b"RIFF" or data[8:16] != b"WAVEfmt ":
        return False
    coding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[20:36])
    if (coding, bits) != (1, 16) or not channels or len(data) - sound_at < 2:
        return False
    with whole_file(file) as out, wave.open(out, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        sound.writeframes(data[sound_at:])
    return True
