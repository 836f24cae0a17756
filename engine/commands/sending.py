"""What `send` and `campaign create` do before anybody is called: message, campaign, list."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.clock import wall_ms
from engine.config import Settings
from engine.errors import AvanakError
from engine.services.campaigns import campaigns
from engine.services.campaigns.campaigns import CampaignRules
from engine.services.campaigns.recipients import Imported, import_list
from engine.services.compliance import traffic_caps
from engine.services.lists.choices import Choices
from engine.services.lists.reader import ListReader, open_list
from engine.services.messages import prompts
from engine.store.tables.core import Campaign
from engine.store.threads import begin, read, staying_connected, write

Prepare = Callable[[CampaignRules], None]


def open_numbers(path: str, choices: Choices, settings: Settings) -> ListReader:
    """Open a list by the installation's settings; BadInput in one sentence if it is none."""
    return open_list(
        path,
        choices,
        default_area=settings.default_area_code or None,
        allow_abroad=read(traffic_caps.opens_abroad),
    )


def make_campaign(
    settings: Settings,
    account: int,
    rules: CampaignRules,
    reader: ListReader,
    prompt: tuple[str, int],
    title: str,
    prepare: Prepare,
) -> int:
    """Write the message and a draft campaign, in one transaction with what `prepare` does; its id."""

    def work() -> int:
        now = wall_ms()
        prepare(rules)
        message = prompts.add(account, title, prompt[0], prompt[1], now)
        made = campaigns.create(account, rules, message, now, settings.max_call_s)
        Campaign.update(source_name=os.path.basename(reader.filename)[:255]).where(
            Campaign.id == made
        ).execute()
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


def store_message(path: str, settings: Settings) -> tuple[str, int]:
    """Convert the audio and keep it; (prompt, length in ms)."""
    return prompts.store_prompt(Path(path), settings.prompts_dir)
