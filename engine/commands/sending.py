"""What `send` and `campaign create` do before anybody is called: message, campaign, list."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engine.clock import wall_ms
from engine.commands import common
from engine.config import Settings
from engine.errors import AvanakError, StoreUnavailable
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import Imported, import_list
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.lists.choices import Choices
from engine.services.lists.reader import ListReader, open_list
from engine.services.messages import prompts
from engine.services.messages.sound_sheet import Sheet, read_sheet
from engine.services.outbox import texts
from engine.services.outbox.texts import TextWanted
from engine.store.tables.core import Campaign
from engine.store.threads import begin, read, staying_connected, write
from engine.workers import pool

Prepare = Callable[[CampaignRules], CampaignRules]


def open_numbers(path: str, choices: Choices, settings: Settings) -> ListReader:
    """Open a list by the installation's settings; BadInput in one sentence if it is none."""
    return open_list(path, choices, read(partial(traffic_caps.number_rules, settings.default_area_code)))


def make_campaign(
    policy: Policy,
    account: int,
    rules: CampaignRules,
    reader: ListReader,
    prompt: tuple[str, int],
    title: str,
    prepare: Prepare,
    following: Sequence[TextWanted] = (),
) -> int:
    """Write the message and a draft campaign with the texts that follow its calls, in one transaction with what
    `prepare` does; its id."""

    def work() -> int:
        now = wall_ms()
        named = prepare(rules)
        message = prompts.add(account, title, prompt[0], prompt[1], now)
        made = campaigns.create(account, named, message, now, policy)
        Campaign.update(source_name=os.path.basename(reader.filename)[:255]).where(
            Campaign.id == made
        ).execute()
        if following:
            texts.allow(account, made, following, ())
        return made

    return write(work)


def fill_campaign(campaign_id: int, reader: ListReader, on_progress: Callable[[int], None]) -> Imported:
    """Import the list; a campaign whose list cannot be used is stopped, so that nobody starts half of it."""
    try:
        with staying_connected():
            return import_list(campaign_id, reader, write, wall_ms(), on_progress, begin=begin)
    except AvanakError:
        write(lambda: campaigns.stop(campaign_id, wall_ms()))
        raise


def store_message(path: str, settings: Settings, trims: bool) -> tuple[tuple[str, int], Sheet]:
    """Convert the audio and keep it: (prompt, length in ms), and what is known of it; warnings are printed."""
    made = prompts.store_prompt(Path(path), settings.prompts_dir, trims=trims)
    pool.close()  # a command reads one sound
    sheet = read_sheet(settings.prompts_dir, made[0])
    if sheet is None:
        raise StoreUnavailable(
            "The message cannot be read back from %(folder)s.", folder=str(settings.prompts_dir)
        )
    warn_of(sheet)
    return made, sheet


def warn_of(sheet: Sheet) -> None:
    """Print what somebody should know of a message before anybody is called."""
    for warning in sheet.warned:
        common.note(f"Warning: the message: {warning}")


def message_document(sheet: Sheet) -> dict[str, object]:
    """What is known of a message, as JSON."""
    return {
        "duration_ms": sheet.duration_ms,
        "level_dbfs": sheet.level_dbfs,
        "loudness_lufs": sheet.loudness_lufs,
        "gain_db": sheet.gain_db,
        "speech_ms": sheet.speech_ms,
        "notes": [str(each) for each in sheet.noted],
        "warnings": [str(each) for each in sheet.warned],
    }


def message_text(sheet: Sheet) -> str:
    """What is known of a message, in a line."""
    loudness = "" if sheet.loudness_lufs is None else f", {sheet.loudness_lufs:.0f} LUFS"
    notes = "".join(f" {each}" for each in sheet.noted)
    return (
        f"The message lasts {sheet.duration_ms / 1000:.1f} s; its loudest part has"
        f" {sheet.level_dbfs:.0f} dBFS{loudness}.{notes}"
    )
