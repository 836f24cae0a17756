"""The message of a one-time code: made from clips when it is sent, played once, then deleted.

Its name is random, so the code is in no database, log or CDR.  Its files can be read only by their owner and group
and are deleted soon after the call.
"""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from engine.services.messages import audio
from engine.services.messages.spoken_digits import code_samples

log = logging.getLogger(__name__)

KEEP_MS = 15 * 60_000
"""A code's call has rung and ended by then."""


def prompt_for_code(code: str, language: str = "fa", *, prompts_dir: Path) -> tuple[str, int]:
    """Speak a code twice, with pauses; returns (name of the prompt, its length in ms).

    `code` is 4 to 8 ASCII digits, `language` ``fa`` or ``en``.  It takes about 5 ms and needs no speech engine.
    Raises BadInput, or StoreUnavailable when the files cannot be written.
    """
    prompt = audio.prompt_of(code_samples(code, language), "the code")
    name = f"c-{secrets.token_hex(16)}-{prompt.duration_ms}"
    audio.write_prompt(prompt, prompts_dir, name, is_durable=False, mode=0o640)
    return name, prompt.duration_ms


def forget_old(prompts_dir: Path, now: int, keep_ms: int = KEEP_MS) -> int:
    """Delete codes that are older than `keep_ms`; returns the number of files."""
    removed = 0
    with os.scandir(prompts_dir) as entries:
        for entry in entries:
            if not entry.name.startswith("c-"):
                continue
            with suppress(FileNotFoundError):
                if now - entry.stat().st_mtime * 1000 > keep_ms:
                    os.unlink(entry.path)
                    removed += 1
    if removed:
        log.info("action=codes_forgotten files=%d", removed)
    return removed
