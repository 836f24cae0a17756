"""Prompts: convert a sound and store it as the files that the switch plays."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.errors import BadInput, NotFound
from engine.services.accounts.ownership import owned
from engine.services.messages import audio
from engine.services.messages.sound_sheet import write_sheet
from engine.services.messages.spoken_digits import number_samples
from engine.store.tables.core import Message
from engine.workers.job import WorkerEnded

log = logging.getLogger(__name__)


class NotConverted(BadInput):
    """The sound could not be read to its end: it exceeded the limits of memory or time."""


READING = 2
"""Part of a prompt's name: raise it when the same file is to sound differently."""


def store_prompt(
    source: Path,
    prompts_dir: Path,
    name: str | None = None,
    *,
    trims: bool = False,
    account: int | None = None,
) -> tuple[str, int]:
    """Convert a sound file into the folder of prompts; returns (name of the prompt, length in ms).  No database.

    A prompt is named by its content, so the same sound is stored once and a name never means two sounds.  `name` is
    the file's name for people, `account` the owner; `trims` removes silence at both ends.  `sound_sheet.read_sheet`
    gives what was found.  Raises BadInput when the sound cannot be sent.
    """
    prompts_dir.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise BadInput(
            "%(name)s cannot be opened: %(why)s.", name=name or source.name, why=error.strerror or "unknown"
        ) from error
    content.update(f"/{READING}/{trims:d}".encode())
    stem = content.hexdigest()[:32]
    try:
        made = audio.convert(source, prompts_dir, stem, name=name, trims=trims, account=account)
    except WorkerEnded as error:
        raise NotConverted(error.sentence) from error
    if made.sheet is not None:
        write_sheet(prompts_dir, stem, made.sheet)
    return stem, made.duration_ms


def with_number(prompt: str, digits: str, prompts_dir: Path) -> tuple[str, int]:
    """Append a spoken telephone number to a stored prompt; returns (name of the new prompt, its length in ms).

    `digits` as they are dialled.  Raises BadInput when the result is too long for a message.
    """
    stem = hashlib.sha256(f"{prompt}/{digits}/{READING}".encode()).hexdigest()[:32]
    data = (prompts_dir / f"{prompt}.wav").read_bytes()[audio.WAV_HEADER :]
    samples = np.concatenate([np.frombuffer(data, "<i2").astype(np.int16), number_samples(digits)])
    made = audio.write_prompt(audio.prompt_of(samples, "the message"), prompts_dir, stem)
    return stem, made.duration_ms


def kept_names() -> list[str]:
    """The names of the prompts of all messages."""
    return [str(row.prompt) for row in Message.select(Message.prompt).distinct()]


def complete(prompts_dir: Path, names: Iterable[str]) -> int:
    """Write the files of these prompts that an earlier version did not; returns for how many.  No database."""
    count = 0
    for name in names:
        try:
            count += audio.add_ulaw(prompts_dir, name)
        except OSError as error:
            log.warning("action=not_completed prompt=%s error=%r", name, error.strerror)
    if count:
        log.info("action=prompts_completed count=%d", count)
    return count


def add(account_id: int, title: str, prompt: str, duration_ms: int, now: int) -> int:
    """Store a prompt as a message of an account and return its id."""
    row = Message.create(
        account=account_id,
        title=title.strip()[:200] or "—",
        prompt=prompt,
        duration_ms=duration_ms,
        created_at=now,
    )
    log.info("action=message_added message=%d account=%d ms=%d", row.id, account_id, duration_ms)
    return int(row.id)


def get(message_id: int, account_id: int | None = None) -> Message:
    """A message, only of `account_id` if it is given.  Raises NotFound."""
    query = Message.select().where(Message.id == message_id)
    missing = NotFound("There is no message %(id)s.", id=message_id)
    return owned(query, Message.account, account_id, missing)
