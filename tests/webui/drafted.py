"""Makes a draft of the house account beside a running engine.  Usage: drafted.py DATA_DIR LIST NAME.  Prints its id."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.clock import wall_ms
from engine.config import load_settings
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import import_list
from engine.services.campaigns.rules import CampaignRules
from engine.services.lists.reader import open_list
from engine.services.messages import prompts
from engine.store import database
from engine.store.threads import write

SOUND = Path(__file__).parents[2] / "scripts/sample/message.wav"


def main(data_dir: Path, numbers: Path, name: str) -> None:
    settings, now = load_settings(data_dir=data_dir), wall_ms()
    database.open_database(settings.database)
    prompt, length_ms = prompts.store_prompt(SOUND, settings.prompts_dir, SOUND.name)

    def make() -> int:
        house = int(accounts.house().id)
        message = prompts.add(house, name, prompt, length_ms, now)
        return campaigns.create(house, CampaignRules(name=name), message, now, settings.max_call_s)

    made = write(make)
    with open_list(numbers) as reader:
        import_list(made, reader, write, now)
    sys.stdout.write(f"{made}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
