"""Uploaded files: stored before the transaction that records them, and removed if it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from werkzeug.datastructures import FileStorage

from engine.errors import BadInput
from engine.services.accounts import documents
from engine.services.accounts.documents import StoredFile
from engine.services.tickets.attachments import MAX_FILES, Received, discard
from webui.request.context import web
from webui.request.services import attachments, documents_dir, given

F = TypeVar("F")


@contextmanager
def documents_taken(account_id: int, chosen: Any) -> Iterator[list[StoredFile]]:
    """Store the documents of a file field; if the block raises, they are removed.  Raises BadInput if one is not acceptable."""
    folder = documents_dir()
    take, drop = partial(documents.take, folder, account_id), partial(documents.drop, folder)
    with _taken(given(chosen), take, drop) as taken:
        yield taken


@contextmanager
def attachments_taken(chosen: Any, account_id: int | None) -> Iterator[list[Received]]:
    """Store the files of a ticket's message, as `documents_taken`.  Raises BadInput if there are more than `MAX_FILES`, too.

    `account_id` is the sender's account; None for staff.
    """
    files = given(chosen)
    if len(files) > MAX_FILES:
        raise BadInput("A message has at most %(n)s files.", n=MAX_FILES)
    receive = partial(attachments().receive, account=account_id)
    with _taken(files, receive, lambda each: discard([each])) as taken:
        yield taken


@contextmanager
def _taken(
    files: list[FileStorage], take: Callable[[Any, str], F], drop: Callable[[F], None]
) -> Iterator[list[F]]:
    taken: list[F] = []
    try:
        for each in files:
            taken.append(web().apart(partial(take, each.stream, each.filename or ""), waits=True))
        yield taken
    except BaseException:
        for kept in taken:
            drop(kept)
        raise
