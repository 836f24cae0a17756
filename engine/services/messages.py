"""Messages: taking a sound, keeping it as the files that the switch plays."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.errors import NotFound
from engine.services import audio
from engine.store.models import Message

log = logging.getLogger(__name__)


def store_prompt(source: Path, prompts_dir: Path) -> tuple[str, int]:
    """Convert a sound file into the folder of prompts; (prompt's name, length in ms).  No database.

    The name is made of the sound's content, so the same sound is kept once.
    Raises BadInput when it is no sound that can be sent.
    """
    prompts_dir.mkdir(parents=True, exist_ok=True)
    made = audio.convert(source, prompts_dir)
    return made.prompt, made.duration_ms


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
