"""Services of pages besides the store: the payment provider, speech, and the folders of uploaded files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app
from werkzeug.datastructures import FileStorage

from engine.clock import wall_ms
from engine.services.campaigns.list_shelf import Shelf
from engine.services.messages import library, otp_prompt
from engine.services.messages.speech import Speech, Spoken
from engine.services.money.payment_providers import Provider, provider_of
from engine.services.tickets.attachments import Attachments
from engine.services.trunks import switches
from engine.store.threads import read
from webui.request.context import web

T = TypeVar("T")


def provider() -> Provider:
    """The payment provider; found anew each time, as an engine may have a real switch by now.  Raises BadInput then."""
    settings, now = web().settings, wall_ms()
    named = settings.switches.get_secret_value()
    return provider_of(settings, read(lambda: switches.is_any_real(named, now)))


def speech() -> Speech:
    """The speech of this process."""
    return _kept("speech", lambda: Speech(web().settings.piper_model))


def attachments() -> Attachments:
    """The attachments of tickets."""
    return _kept("attachments", lambda: Attachments(web().settings))


def shelf() -> Shelf:
    """The files of contact lists that are still to be read."""
    return Shelf(web().settings.data_dir / "lists")


def documents_dir() -> Path:
    """The folder of customers' documents."""
    return web().settings.data_dir / "documents"


def speak_code(code: str, language: str) -> str:
    """Make the prompt that speaks a code, and return its name."""
    folder = web().settings.prompts_dir
    return web().apart(lambda: otp_prompt.prompt_for_code(code, language, prompts_dir=folder)[0])


def speak_once(account_id: int, text: str, voice: str, now: int) -> tuple[Spoken, Callable[[], int]]:
    """Speak a text for one call, which counts as a spoken text of the account.

    Returns the sound, and a function that keeps its message and returns the id, to be called in the transaction of the
    send.  Both raise QuotaUsed; otherwise as `Speech.make`.
    """
    folder, speaker = web().settings.prompts_dir, speech()
    read(lambda: library.check_spoken_once(account_id, speaker.known(text, folder, voice), now))
    made = web().apart(lambda: speaker.make(text, folder, voice, account_id), waits=True)

    def keep() -> int:
        return int(library.spoken_once(account_id, text, voice, made.prompt, made.duration_ms, now).id)

    return made, keep


def given(files: Any) -> list[FileStorage]:
    """The files that were chosen in a file field."""
    items = files if isinstance(files, list) else [files]
    return [item for item in items if isinstance(item, FileStorage) and item.filename]


def _kept(name: str, make: Callable[[], T]) -> T:
    found: dict[str, Any] = current_app.extensions.setdefault("avanak_means", {})
    if name not in found:
        found[name] = make()
    return found[name]  # type: ignore[no-any-return]
