"""From an upload that was checked to a campaign with its message and its recipients."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.errors import AvanakError, StoreUnavailable
from engine.services import campaign_view, campaigns, messages
from engine.services.campaigns import CampaignRules
from engine.services.lists import ListReader, Row, open_list
from engine.services.recipients import import_list
from engine.services.uploads import Pending, Uploads
from engine.store.models import Campaign, Message

Write = Callable[[Callable[[], Any]], Any]
# Runs a function that computes for long somewhere else than where others wait for it; its result.
Apart = Callable[[Callable[[], Any]], Any]


def open_pending_list(uploads: Uploads, pending: Pending, settings: Settings) -> ListReader:
    """The list of an upload, read as this installation reads lists."""
    return open_list(
        uploads.list_path(pending),
        filename=pending.list_name,
        default_area=settings.default_area_code or None,
        number_column=pending.number_column or None,
    )


def launch(
    uploads: Uploads,
    pending: Pending,
    settings: Settings,
    *,
    write: Write,
    apart: Apart,
    now: int,
) -> int:
    """Make the draft campaign of a checked upload; its id.

    1. claim the upload, 2. put the message where switches see it, 3. make the draft,
    4. bring the recipients in, chunk by chunk.  Raises NotFound when it was confirmed
    already; after any other error the upload can be confirmed again (a draft that was
    half filled stays, and is never dialled by itself).
    """
    uploads.take(pending)
    try:
        _publish_prompt(uploads, pending, settings.prompts_dir)
        campaign_id = int(write(lambda: _make_draft(pending, now, settings.max_call_s)))
        with apart(lambda: open_pending_list(uploads, pending, settings)) as reader:
            import_list(campaign_id, _ReadApart(reader, apart), write, now)  # type: ignore[arg-type]
    except AvanakError:
        uploads.give_back(pending)
        raise
    uploads.discard(pending)
    return campaign_id


def start(campaign_id: int, now: int, account_id: int | None = None) -> None:
    """Start a campaign; inside a write."""
    campaigns.start(campaign_id, now, account_id)
    campaign_view.expect_pulse(campaign_id, now)


def resume(campaign_id: int, now: int, account_id: int | None = None) -> None:
    """Resume a campaign; inside a write."""
    campaigns.resume(campaign_id, now, account_id)
    campaign_view.expect_pulse(campaign_id, now)


class _ReadApart:
    """A list reader whose chunks are read apart: 5,000 numbers take some 50 ms of computing."""

    def __init__(self, reader: ListReader, apart: Apart) -> None:
        self.variable_columns = reader.variable_columns
        self._chunks = iter(reader)
        self._apart = apart

    def __iter__(self) -> Iterator[list[Row]]:
        while (chunk := self._apart(lambda: next(self._chunks, None))) is not None:
            yield chunk


def _publish_prompt(uploads: Uploads, pending: Pending, prompts_dir: Path) -> None:
    if not pending.prompt:
        return
    folder = uploads.prompts_dir(pending)
    try:
        prompts_dir.mkdir(parents=True, exist_ok=True)
        # Copied under another name, then renamed: a switch never sees half a message.
        for suffix in (".wav", ".PCMA"):
            made = prompts_dir / f".{pending.prompt}{suffix}.part"
            shutil.copyfile(folder / (pending.prompt + suffix), made)
            made.replace(prompts_dir / (pending.prompt + suffix))
    except OSError as error:
        raise StoreUnavailable(f"The message cannot be kept in {prompts_dir}: {error.strerror}.") from error


def _make_draft(pending: Pending, now: int, max_call_s: int) -> int:
    message_id = pending.message_id
    if pending.prompt:
        title = Path(pending.sound_name).stem
        known = Message.get_or_none(
            Message.account == pending.account_id, Message.prompt == pending.prompt, Message.title == title
        )
        message_id = (
            int(known.id)
            if known
            else messages.add(pending.account_id, title, pending.prompt, pending.duration_ms, now)
        )
    rules = CampaignRules(**pending.rules)
    campaign_id = campaigns.create(pending.account_id, rules, message_id, now, max_call_s)
    Campaign.update(source_name=pending.list_name[:255]).where(Campaign.id == campaign_id).execute()
    return campaign_id
