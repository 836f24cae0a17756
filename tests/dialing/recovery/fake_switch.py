"""A switch in memory whose every move a test decides: what it read, whom it rang, what it wrote down."""

from __future__ import annotations

import json
import re
import uuid as uuid_module
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.call_end import CallEnd
from engine.dialing.cdr_file import RecordsUnavailable
from engine.errors import SwitchUnavailable
from engine.esl.events import BackgroundJob
from engine.esl.replies import LinkDown

NOW_MS = 1_750_000_000_000
_UUID = re.compile(rb"origination_uuid=([0-9a-f-]{36})")


def hangup_of(uuid: str, cause: str, is_answered: bool, heard_ms: int = 0) -> CallEnd:
    return CallEnd(
        uuid, cause, ended_at=NOW_MS + 9000, rang_at=NOW_MS + 500, answered_at=NOW_MS + 1000 if is_answered else None,
        heard_ms=heard_ms, finished=heard_ms >= 4000,
    )  # fmt: skip


@dataclass
class FakeSwitch:
    """`buffer` are originates that it has not read; `alive` maps uuids to «answered»."""

    core: str = field(default_factory=lambda: str(uuid_module.uuid4()))
    buffer: list[str] = field(default_factory=list)
    alive: dict[str, bool] = field(default_factory=dict)
    records: dict[str, CallEnd] = field(default_factory=dict)
    rung: Counter[str] = field(default_factory=Counter)
    events: list[Any] = field(default_factory=list)  # not delivered yet
    records_away: bool = False
    unread_until_asked: bool = False  # what stands in the buffer is read when it is asked for a call by name
    is_up: bool = True
    silent_s: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    killed: list[str] = field(default_factory=list)

    # -- the link -----------------------------------------------------------------------

    def waiting_s(self, now_s: float) -> float:
        """How long it has left a command unanswered."""
        return self.silent_s

    def post(self, frames: Iterable[bytes], on_reply: Any = None, timeout_s: float | None = None) -> None:
        if not self.is_up:
            raise LinkDown("gone")
        for frame in frames:
            found = _UUID.search(frame)
            assert found is not None
            self.buffer.append(found[1].decode())

    def api(self, frame: bytes, timeout_s: float | None = None) -> str:
        if not self.is_up:
            raise SwitchUnavailable("gone")
        words = frame.decode().split()
        self.asked[words[1]] += 1
        if words[1] == "show":
            rows = [
                {"uuid": uuid, "callstate": "ACTIVE" if answered else "RINGING", "direction": "outbound"}
                for uuid, answered in self.alive.items()
            ]
            return json.dumps({"row_count": len(rows), "rows": rows})
        if words[1] == "uuid_exists":
            if self.unread_until_asked:
                self.read_all()
            return "true" if words[2] in self.alive else "false"
        if words[1] == "uuid_kill":
            self.killed.append(words[2])
            if words[2] in self.alive:
                self.end(words[2], "MANAGER_REQUEST")
            return "+OK"
        if words[1] == "status":
            return f"UP 0 years\n{len(self.alive)} session(s) - peak 5, last 5min 3 \n"
        return "1750000000"

    # -- what happens on it ---------------------------------------------------------------

    def read_all(self) -> None:
        while self.buffer:
            self.read_one()

    def read_one(self, refused: bool = False) -> None:
        """Carry out the oldest originate: a phone rings, or it is refused without a channel."""
        uuid = self.buffer.pop(0)
        if refused:
            self.events.append(BackgroundJob(uuid, self.core, False, "DESTINATION_OUT_OF_ORDER", ""))
            return
        self.rung[uuid] += 1
        self.alive[uuid] = False

    def answer(self, uuid: str) -> None:
        if not self.alive[uuid]:
            self.alive[uuid] = True
            self.events.append(("answer", uuid))

    def end(self, uuid: str, cause: str = "") -> None:
        is_answered = self.alive.pop(uuid)
        cause = cause or ("NORMAL_CLEARING" if is_answered else "USER_BUSY")
        record = hangup_of(uuid, cause, is_answered, 4000 if is_answered else 0)
        self.records[uuid] = record
        self.events.append(record)

    def restart(self) -> None:
        """kill -9 and a new life: calls, buffers and what was not delivered are gone."""
        self.core = str(uuid_module.uuid4())
        self.alive.clear()
        self.buffer.clear()
        self.events.clear()

    # -- its records --------------------------------------------------------------------

    complete: bool | None = True

    def mark(self) -> int:
        return 0

    def are_complete(self, since: int) -> bool | None:
        return self.complete

    def find(self, uuids: Iterable[str]) -> dict[str, CallEnd]:
        if self.records_away:
            self.asked["records away"] += 1
            raise RecordsUnavailable("not mounted")
        return {uuid: self.records[uuid] for uuid in uuids if uuid in self.records}
