"""Messages: upload, let a text be spoken, list, fetch the sound, rename, remove."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any, Literal

from flask import Response
from flask_openapi3 import FileStorage
from pydantic import BaseModel, Field
from werkzeug.wrappers import Response as BaseResponse

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import quotas
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import library, prompts
from engine.services.messages.speech import DEFAULT_VOICE
from engine.store.threads import read
from webui.api.conditions import changed
from webui.api.models import At, Id, Paged, PageQuery, RequestBody, at, page_of
from webui.api.operations import created, operation
from webui.forms.player import send_prompt
from webui.request.context import web
from webui.request.programs import caller
from webui.request.services import speech

TAG = "Messages"


class MessagePath(BaseModel):
    message_id: Id


class MessageAnswer(BaseModel):
    """A message that can be sent once it is approved."""

    id: Id
    title: str
    seconds: float
    state: Literal["waiting", "by_phone", "approved", "rejected"]
    reason: str = Field(description="Why it was rejected.")
    origin: str = Field(description="upload, recorded, spoken")
    text: str = Field(description="What is spoken, with {variables}.")
    voice: str
    created_at: At


def answer_of(row: Any) -> MessageAnswer:
    return MessageAnswer(
        id=row.id,
        title=row.title,
        seconds=row.duration_ms / 1000,
        state=row.state,
        reason=row.reason,
        origin=row.origin,
        text=row.text,
        voice=row.voice,
        created_at=at(row.created_at) or "",
    )


class MessagesQuery(PageQuery):
    state: Literal["waiting", "by_phone", "approved", "rejected"] | None = None


@operation("get", "/messages", Scope.MESSAGES_READ, TAG, Paged[MessageAnswer], right="message.view")
def list_messages(query: MessagesQuery) -> Paged[MessageAnswer]:
    """The messages of the account, the newest first."""
    account_id, before = caller().account_id, query.after
    rows = read(lambda: library.older(account_id, before, query.limit + 1, query.state or ""))
    shown, cursor = page_of(rows, query.limit, lambda row: row.id)
    return Paged[MessageAnswer](data=[answer_of(row) for row in shown], next_cursor=cursor)


@operation("get", "/messages/<int:message_id>", Scope.MESSAGES_READ, TAG, MessageAnswer, right="message.view")
def get_message(path: MessagePath) -> MessageAnswer:
    """One message."""
    account_id = caller().account_id
    return answer_of(read(lambda: library.get(path.message_id, account_id)))


_WAV = {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}


@operation("get", "/messages/<int:message_id>/audio", Scope.MESSAGES_READ, TAG, _WAV, right="message.view")
def get_message_audio(path: MessagePath) -> BaseResponse:
    """The sound of a message as the telephone hears it, WAV."""
    account_id = caller().account_id
    row = read(lambda: library.get(path.message_id, account_id))
    return send_prompt(web().settings.prompts_dir, row.prompt)


class MessageUpload(RequestBody):
    """A sound as a file: WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC, from 1 second to 10 minutes."""

    title: str = Field(min_length=1, max_length=200)
    audio: FileStorage
    trim: bool = Field(False, description="Remove silence at the start and the end.")


@operation(
    "post",
    "/messages",
    Scope.MESSAGES_WRITE,
    TAG,
    MessageAnswer,
    status=201,
    right="message.change",
    creates=True,
)
def upload_message(form: MessageUpload) -> Response:
    """Upload a sound; it waits for approval unless the account may skip that."""
    account_id, now, file = caller().account_id, wall_ms(), form.audio
    read(lambda: quotas.check_messages(account_id))
    digest = hashlib.sha256(f"{form.title}\n{form.trim}\n".encode())
    while part := file.stream.read(65_536):
        digest.update(part)
    file.stream.seek(0)
    uploads, folder = web().uploads, web().settings.prompts_dir
    name = (file.filename or "sound").replace("\\", "/").rsplit("/", 1)[-1][-120:]
    pending = uploads.new(caller().person.id or 0, account_id, now)
    stream: Any = file.stream

    def convert() -> tuple[str, int]:
        kept = uploads.save(pending, "sound", name, stream)
        return prompts.store_prompt(kept, folder, name, trims=form.trim, account=account_id)

    try:
        prompt, duration_ms = web().apart(convert, waits=True)
    finally:
        uploads.discard(pending.token)
    return created(
        lambda: answer_of(library.add(account_id, form.title, prompt, duration_ms, now)),
        digest=digest.hexdigest(),
    )


class SpeechRequest(RequestBody):
    """A text that is spoken; `{name}` stands for a variable of each recipient, `{code:digits}` is said digit by digit."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=1_000)
    voice: Literal["male", "female", "english"] = DEFAULT_VOICE  # type: ignore[assignment]


@operation(
    "post",
    "/messages/speech",
    Scope.MESSAGES_WRITE,
    TAG,
    MessageAnswer,
    status=201,
    right="message.change",
    creates=True,
)
def speak_message(body: SpeechRequest) -> Response:
    """Make a message from a text.  Speech synthesis is charged."""
    account_id, now = caller().account_id, wall_ms()
    read(lambda: quotas.check_messages(account_id))
    read(lambda: quotas.check_spoken(account_id, now))
    voice, folder = speech(), web().settings.prompts_dir
    add = web().apart(
        partial(library.speak, account_id, body.title, body.text, body.voice, voice, folder), waits=True
    )
    return created(lambda: answer_of(add(now)))


class Renaming(RequestBody):
    title: str = Field(min_length=1, max_length=200)


@operation(
    "patch", "/messages/<int:message_id>", Scope.MESSAGES_WRITE, TAG, MessageAnswer, right="message.change"
)
def rename_message(path: MessagePath, body: Renaming) -> MessageAnswer:
    """Give a message another title."""
    account_id = caller().account_id
    if not body.title.strip():
        raise BadInput("«%(name)s» is missing.", name="title")

    def shown() -> MessageAnswer:
        return answer_of(library.get(path.message_id, account_id))

    def work() -> MessageAnswer:
        library.rename(path.message_id, body.title, account_id)
        return shown()

    return changed(library.Message, path.message_id, shown, work)


@operation(
    "delete",
    "/messages/<int:message_id>",
    Scope.MESSAGES_WRITE,
    TAG,
    None,
    status=204,
    right="message.change",
)
def remove_message(path: MessagePath) -> None:
    """Remove a message, unless an unfinished campaign needs it."""
    account_id, message_id = caller().account_id, path.message_id
    changed(
        library.Message,
        message_id,
        lambda: answer_of(library.get(message_id, account_id)),
        lambda: library.remove(message_id, account_id),
    )
