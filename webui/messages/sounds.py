"""Sounds that people give us, as the files that the switch plays."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage

from engine.clock import wall_ms
from engine.services.messages import prompts
from engine.text import shown_name
from webui.request.access import person
from webui.request.context import web


def stored(file: FileStorage, account_id: int, *, trims: bool) -> tuple[str, int]:
    """Store a sound of an account; return its name and length (ms).  BadInput if it cannot be sent."""
    uploads, name = web().uploads, shown_name(file.filename or "", "sound")
    pending = uploads.new(person().id, account_id, wall_ms())
    stream: Any = file.stream
    folder = web().settings.prompts_dir

    def convert() -> tuple[str, int]:
        path = uploads.save(pending, "sound", name, stream)
        return prompts.store_prompt(path, folder, name, trims=trims, account=account_id)

    try:
        return web().apart(convert, waits=True)
    finally:
        uploads.discard(pending.token)
