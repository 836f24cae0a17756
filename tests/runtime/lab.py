"""An engine with an embedded switch, as a user would run it, and what tests do with it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.clock import wall_ms
from engine.embedded.process import EmbeddedProcess
from engine.runtime.controller import Engine
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import Imported, import_list
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists.reader import open_list
from engine.services.messages import prompts
from engine.store.tables.core import Attempt, Campaign, CampaignCounts, CampaignPulse, Message, Recipient
from engine.store.threads import read, write
from tests.waits import wait_for

SPEED = 20


@dataclass
class Lab:
    """A running engine and what tests do with it."""

    engine: Engine
    folder: Path
    message_id: int

    @property
    def switch(self) -> EmbeddedProcess:
        return next(iter(self.engine.switchboard.embedded.values()))

    def campaign(self, lines: list[str], *, start: bool = True, **rules: Any) -> int:
        """A campaign of the numbers (and header) in `lines`; its id."""
        gateway, account_id = rules.pop("gateways", ["embedded"]), rules.pop("account_id", 1)
        made = CampaignRules(name="test", gateways=gateway, **rules)
        campaign_id = write(
            lambda: campaigns.create(
                account_id, made, self._message(account_id), wall_ms(), self.engine.policy
            )
        )
        self.add(campaign_id, lines)
        if start:
            write(lambda: campaigns.start(campaign_id, wall_ms(), self.engine.policy))
        return campaign_id

    def _message(self, account_id: int) -> int:
        """The message, and for another account a message of the same sound."""
        row = Message.get_by_id(self.message_id)
        if row.account_id == account_id:
            return self.message_id
        return prompts.add(account_id, "test", row.prompt, row.duration_ms, wall_ms())

    def add(self, campaign_id: int, lines: list[str]) -> Imported:
        reader = open_list(io.BytesIO("\n".join(lines).encode()), filename="list.csv")
        return import_list(campaign_id, reader, write, wall_ms())

    def state(self, campaign_id: int) -> str:
        return read(lambda: Campaign.get_by_id(campaign_id).state)

    def counts(self, campaign_id: int) -> CampaignCounts:
        return read(lambda: CampaignCounts.get_by_id(campaign_id))

    def recipient(self, campaign_id: int, number: str) -> Recipient:
        return read(lambda: Recipient.get(Recipient.campaign_id == campaign_id, Recipient.number == number))

    def attempts(self, campaign_id: int) -> list[Attempt]:
        return read(
            lambda: list(Attempt.select().where(Attempt.campaign_id == campaign_id).order_by(Attempt.id))
        )

    def reason(self, campaign_id: int) -> str:
        """Why it waits, as the engine last said."""
        return read(lambda: CampaignPulse.get_by_id(campaign_id).reason)

    def finish(self, campaign_id: int, timeout_s: float = 30.0) -> CampaignCounts:
        wait_for(
            lambda: self.state(campaign_id) == "finished", f"the end of campaign {campaign_id}", timeout_s
        )
        return self.counts(campaign_id)
