"""An engine of our own, connected to the real switch, as `serve` would run it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.clock import wall_ms
from engine.config import load_settings
from engine.runtime.controller import Engine
from engine.runtime.switchboard import parse_switches
from engine.services.messages import prompts as messages
from engine.services.trunks import gateways
from engine.store.tables.core import Account, Message
from engine.store.threads import write
from tests.freeswitch.switch import Switch
from tests.runtime.lab import Lab


def switch_words(switch: Switch, cdr: str = "") -> str:
    """The switch as AVANAK_SWITCHES names it."""
    return f"real=esl://:{switch.password}@127.0.0.1:{switch.esl_port}" + (f"?cdr={cdr}" if cdr else "")


@contextmanager
def running_engine(switch: Switch, folder: Path, cdr: str = "", **settings: Any) -> Iterator[Lab]:
    """An engine whose prompts are the switch's, with the gateway ``lab`` and the message «two»; at any hour of the day."""
    prompts = folder / "prompts"
    if not prompts.exists():
        prompts.symlink_to(switch.prompts)
    engine = Engine(
        load_settings(data_dir=folder, database_url="", inbound_share=0.0, hours_service="", **settings)
    )
    engine.start(parse_switches(switch_words(switch, cdr)))
    try:
        assert engine.wait_for_switch(10), engine.switchboard.last_error()

        def setup() -> int:
            gateways.ensure("lab", 20, 100, wall_ms())
            account = Account.select().first()
            known = Message.get_or_none(Message.title == "two")
            if known is not None:  # an engine that starts again
                return int(known.id)
            return messages.add(account.id, "two", "two", 2040, wall_ms())

        yield Lab(engine, folder, write(setup))
    finally:
        engine.stop(0.0)
