"""Messages: taking a sound, keeping it as the files that the switch plays."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from engine.errors import BadInput, NotFound
from engine.services.messages import audio
from engine.store.tables.core import Message

log = logging.getLogger(__name__)


def store_prompt(source: Path, prompts_dir: Path, name: str | None = None) -> tuple[str, int]:
    """Convert a sound file into the folder of prompts; (prompt's name, length in ms).  No database.

    The prompt is named by its content, so the same sound is kept once and a
    name never means two sounds.  `name` is what people call the file.
    Raises BadInput when it is no sound that can be sent.
    """
    prompts_dir.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as file:
            stem = hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError as error:
        raise BadInput(f"{name or source.name} cannot be opened: {error.strerror}.") from error
    made = audio.convert(source, prompts_dir, stem, name=name)
    return stem, made.duration_ms


def add(account_id: int, title: str, prompt: str, duration_ms: int, now: int) -> int:
    """Note a stored prompt as a message of an account; its id."""
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
    """A message, of the account if one is given; NotFound otherwise."""
    query = Message.select().where(Message.id == message_id)
    if account_id is not None:
        query = query.where(Message.account == account_id)
    row = query.get_or_none()
    if row is None:
        raise NotFound(f"There is no message {message_id}.")
    return row
