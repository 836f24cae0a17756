"""What pages need beside the store: the payment provider, the voice, and the folders of files that people give us."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app
from werkzeug.datastructures import FileStorage

from engine.clock import wall_ms
from engine.services.accounts import documents
from engine.services.accounts.documents import StoredFile
from engine.services.campaigns.list_shelf import Shelf
from engine.services.messages import otp_prompt
from engine.services.messages.speech import Speech
from engine.services.money.payment_providers import Provider, provider_of
from engine.services.tickets.attachments import Attachments
from engine.services.trunks import switches
from engine.store.threads import read
from webui.request.context import web

T = TypeVar("T")


def provider() -> Provider:
    """Where payers are sent; asked anew each time: an engine may have got a real switch meanwhile.  BadInput then."""
    settings, now = web().settings, wall_ms()
    named = settings.switches.get_secret_value()
    return provider_of(settings, read(lambda: switches.is_any_real(named, now)))


def speech() -> Speech:
    """Who speaks texts."""
    return _kept("speech", lambda: Speech(web().settings.piper_model))


def attachments() -> Attachments:
    """The files of tickets."""
    return _kept("attachments", lambda: Attachments(web().settings))


def shelf() -> Shelf:
    """The files of lists that are kept, until they are read."""
    return Shelf(web().settings.data_dir / "lists")


def documents_dir() -> Path:
    """The documents of customers."""
    return web().settings.data_dir / "documents"


def speak_code(code: str, language: str) -> str:
    """Make the prompt that speaks a code; its name."""
    folder = web().settings.prompts_dir
    return web().apart(lambda: otp_prompt.prompt_for_code(code, language, prompts_dir=folder)[0])


def given(files: Any) -> list[FileStorage]:
    """The files that were chosen in a file field, of none, one or many."""
    items = files if isinstance(files, list) else [files]
    return [item for item in items if isinstance(item, FileStorage) and item.filename]


def take_documents(account_id: int, files: Any) -> list[StoredFile]:
    """Keep uploaded documents; BadInput for one that is none, and then none is kept."""
    folder = documents_dir()
    taken: list[StoredFile] = []
    try:
        for file in given(files):
            stream: Any = file.stream
            taken.append(
                web().apart(
                    partial(documents.take, folder, account_id, stream, file.filename or ""), waits=True
                )
            )
    except BaseException:
        drop_documents(taken)
        raise
    return taken


def drop_documents(taken: list[StoredFile]) -> None:
    """Remove documents whose transaction failed."""
    for each in taken:
        documents.drop(documents_dir(), each)


def _kept(name: str, make: Callable[[], T]) -> T:
    found: dict[str, Any] = current_app.extensions.setdefault("avanak_means", {})
    if name not in found:
        found[name] = make()
    return found[name]  # type: ignore[no-any-return]
