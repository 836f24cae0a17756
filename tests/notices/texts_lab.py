"""What tests of texts use: the SMSC as a process, and texts that wait."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from engine.store.tables.texts import TextMessage
from engine.store.threads import read


class Smsc:
    """The process of smsc.py, and what arrived there."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.notices.smsc"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def next(self) -> dict[str, Any]:
        """The next thing that it tells."""
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def stop(self) -> list[dict[str, str]]:
        """End it; the texts that arrived."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=10)
        return [json.loads(line) for line in out.splitlines()]


def message(recipient_id: int, number: str, text: str = "Hello", **values: object) -> TextMessage:
    return TextMessage.create(
        recipient_id=recipient_id, campaign_id=1, number=number, text=text, next_at=0, created_at=0, **values
    )


def states() -> dict[int, str]:
    return read(lambda: {row.recipient_id: row.state for row in TextMessage.select()})
