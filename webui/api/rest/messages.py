"""Messages of the web service: uploading, speaking, listing, fetching and deleting them."""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from pathlib import Path
from typing import Any

from engine.agreement.dates import ascii_digits
from engine.clock import TEHRAN, from_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import quotas
from engine.services.accounts.token_scopes import Scope
from engine.services.messages import library, prompts
from engine.services.messages.library import Message
from engine.services.messages.speech import SpeechUnavailable
from engine.services.messages.template import MAX_CHARS
from engine.services.money import pricing
from engine.services.money.pricing import Price
from engine.services.numbering.numbers import NormalNumber, dial_digits, normalise
from engine.states import MessageState
from engine.store.threads import read, write
from webui.api.rest.methods import Asked, Method, Param, bare, boolean, field, whole
from webui.api.rest.refusals import SUCCESS, WRONG_MESSAGE, Refused
from webui.forms.player import send_prompt
from webui.request.context import web
from webui.request.services import speech

LEAST_MS = 3_000  # of a message
TOO_SHORT, TOO_LONG, NOT_MADE, NO_SPEECH, BAD_FORMAT, NOT_CONVERTED = -6, -5, -4, -2, -10, -30
MOST_TAKEN = 500  # messages of one page
CONFIRMED = {
    MessageState.WAITING: 0,
    MessageState.APPROVED: 1,
    MessageState.REJECTED: 2,
    MessageState.BY_PHONE: 3,
}
_DATA_URI = re.compile(r"data:[\w./+-]*(;[\w=-]+)*;base64,", re.ASCII | re.IGNORECASE)


def upload(asked: Asked) -> dict[str, int]:
    """Upload a sound as Base64, in any format of the gallery."""
    sound, number = _decoded(asked["Base64"]), spoken_number(asked["CallFromMobile"])
    account_id, title, folder = asked.account_id, asked["Title"], web().settings.prompts_dir
    files = web().settings.data_dir / "tmp"
    read(lambda: quotas.check_messages(account_id))

    def convert() -> tuple[str, int]:
        with tempfile.NamedTemporaryFile(dir=files) as file:
            file.write(sound)
            file.flush()
            prompt, length_ms = prompts.store_prompt(Path(file.name), folder, title, account=account_id)
        return (
            prompts.with_number(prompt, number, folder)
            if number and length_ms >= LEAST_MS
            else (prompt, length_ms)
        )

    prompt, length_ms = web().apart(convert, waits=True)
    if length_ms < LEAST_MS:
        raise Refused(TOO_SHORT, "Message_TooShort")
    row = write(lambda: library.add(account_id, title, prompt, length_ms, asked.now))
    return {"Id": row.id, "Length": seconds(length_ms)}


def generate(asked: Asked) -> dict[str, int]:
    """Make a message from a text."""
    account_id, title, voice = asked.account_id, asked["Title"], asked["Speaker"].strip().lower()
    text, speaker, folder = checked_text(asked["Text"]), speech(), web().settings.prompts_dir
    number = spoken_number(asked["CallFromMobile"])

    def allowed() -> None:
        quotas.check_messages(account_id)
        quotas.check_spoken(account_id, asked.now)

    def keep() -> Message:
        row = add(asked.now)
        if row.duration_ms < LEAST_MS:
            raise Refused(TOO_SHORT, "Message_TooShort")
        return row

    read(allowed)
    whole_text = with_number(text, number)
    add = web().apart(
        lambda: library.speak(account_id, title, whole_text, voice, speaker, folder), waits=True
    )
    row: Message = write(keep)
    return {"Id": row.id, "Length": seconds(row.duration_ms)}


def one(asked: Asked) -> dict[str, Any]:
    def work() -> tuple[Message, Price]:
        return library.get(asked["MessageID"], asked.account_id), pricing.price_of(
            asked.account_id, asked.now
        )

    row, price = read(work)
    return {"Details": details(row, price), "Status": SUCCESS}


def page(asked: Asked) -> list[dict[str, Any]]:
    """The gallery, the newest first."""
    skip, take = max(0, asked["Skip"]), min(max(0, asked["Take"]), MOST_TAKEN)
    if not take:
        return []

    def work() -> tuple[list[Message], Price]:
        return library.page(asked.account_id, skip, take), pricing.price_of(asked.account_id, asked.now)

    rows, price = read(work)
    return [details(row, price) for row in rows]


def download(asked: Asked) -> Any:
    row = read(lambda: library.get(asked["MessageID"], asked.account_id))
    return send_prompt(web().settings.prompts_dir, row.prompt)


def delete(asked: Asked) -> bool:
    """Delete a message; False when it does not exist or an unfinished campaign needs it."""
    try:
        write(lambda: library.remove(asked["MessageID"], asked.account_id))
    except BadInput:
        return False
    return True


def details(row: Message, price: Price) -> dict[str, Any]:
    """A message in the form of an answer; prices are those of a call that hears all of it, in Rials."""
    return {
        "Id": row.id,
        "Title": row.title,
        "Lenght": seconds(row.duration_ms),
        "IsDefault": False,
        "ShowInGallery": row.in_gallery,
        "Confirmed": CONFIRMED[MessageState(row.state)],
        "CreateDate": local_time(row.created_at),
        "InternalPrice": price.of_call(row.duration_ms, False),
        "ExternalPrice": price.of_call(row.duration_ms, True),
    }


def seconds(ms: int) -> int:
    """Milliseconds as seconds, rounded up."""
    return -(-ms // 1000)


def local_time(at: int | None) -> str:
    """``2022-11-11 12:00:00`` of an instant, in Tehran; empty for none."""
    return "" if at is None else f"{from_ms(at).astimezone(TEHRAN):%Y-%m-%d %H:%M:%S}"


def checked_text(text: str) -> str:
    """A text to be spoken; Refused when it is longer than a message may be."""
    if len(text.strip()) > MAX_CHARS:
        raise Refused(TOO_LONG, "Text_TooLong")
    return text


def with_number(text: str, number: str) -> str:
    """A text followed by a number that is spoken digit by digit."""
    return f"{text.rstrip()}\n{number}" if number else text


def spoken_number(text: str) -> str:
    """The digits of `CallFromMobile`, as they are dialled; a number of several other forms is spoken as it is given."""
    if not text.strip():
        return ""
    found = normalise(text)
    if isinstance(found, NormalNumber):
        return dial_digits(found.e164)
    digits = "".join(char for char in ascii_digits(text) if char in "0123456789")
    if not 3 <= len(digits) <= 15:
        raise Refused(NOT_MADE, "Number_Invalid")
    return digits


def _decoded(text: str) -> bytes:
    """Decode Base64, also if a form has turned its plus signs into blanks."""
    found = _DATA_URI.match(text)
    packed = text[found.end() :] if found else text
    packed = packed.strip().replace(" ", "+").replace("\r", "").replace("\n", "")
    packed = packed.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        sound = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(BAD_FORMAT, "File_Invalid") from error
    if not sound:
        raise Refused(BAD_FORMAT, "File_Invalid")
    return sound


_MADE = field("Id", Length=0)
_ID = Param("MessageID", whole, wrong=WRONG_MESSAGE)
_TITLE = Param("Title", default="—")
METHODS = (
    Method(
        "UploadMessageBase64", Scope.MESSAGES_WRITE, "message.change", upload, _MADE,
        (_TITLE, Param("Base64", wrong=BAD_FORMAT), Param("Persist", boolean, False),
         Param("CallFromMobile", default="")),
        ((prompts.NotConverted, NOT_CONVERTED), (BadInput, BAD_FORMAT)),
    ),
    Method(
        "GenerateTTS", Scope.MESSAGES_WRITE, "message.change", generate, _MADE,
        (Param("Text", wrong=NOT_MADE), _TITLE, Param("Speaker", default="male"), Param("CallFromMobile", default="")),
        ((SpeechUnavailable, NO_SPEECH), (BadInput, NOT_MADE)),
    ),
    Method(
        "GetMessage", Scope.MESSAGES_READ, "message.view", one,
        lambda code, word: {"Details": None, "Status": word}, (_ID,), ((NotFound, WRONG_MESSAGE),),
    ),
    Method(
        "GetMessages", Scope.MESSAGES_READ, "message.view", page, bare,
        (Param("Skip", whole, 0), Param("Take", whole, 50)),
    ),
    Method(
        "DownloadMessage", Scope.MESSAGES_READ, "message.view", download, field("Id", Status=""),
        (_ID,), ((NotFound, WRONG_MESSAGE),),
    ),
    Method("DeleteMessage", Scope.MESSAGES_WRITE, "message.change", delete, bare, (_ID,)),
)  # fmt: skip
