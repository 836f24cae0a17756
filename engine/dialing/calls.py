"""Calls in memory: those that this engine has claimed, sent, or has in progress."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from engine.dialing.campaign_run import CampaignRun


@dataclass(slots=True, eq=False)
class Call:
    """One attempt on its way; instants ending in `_m` are monotonic seconds."""

    uuid: str
    attempt_id: int
    recipient_id: int
    digits: str  # E.164 without +
    prompt: str
    tries: int  # spent before this attempt
    uncounted_tries: int
    first_fault_at: int | None  # of these, since the last spent one (ms)
    recipient_state: str  # before the claim
    run: CampaignRun
    switch_id: int
    gateway_id: int
    created_at: int
    core_uuid: str  # the switch's life in which it was claimed
    is_sent: bool = False
    sent_m: float = 0.0
    answered_at: int | None = None
    due_m: float = 0.0  # when the reaper looks at it
    job_cause: str | None = None  # the originate's answer said this; the hang-up event is awaited
    has_rung: bool = False  # as far as we heard while it was up
    asked: int = 0  # how often the reaper has asked the switch
    is_doubtful: bool = False  # the switch stood still before it had heard of any ringing


@dataclass
class CallTable:
    """Live calls by uuid, and the order in which their time runs out."""

    by_uuid: dict[str, Call] = field(default_factory=dict)
    _due: list[tuple[float, int, Call]] = field(default_factory=list)
    _order: int = 0

    def add(self, call: Call) -> None:
        self.by_uuid[call.uuid] = call

    def remove(self, uuid: str) -> Call | None:
        return self.by_uuid.pop(uuid, None)

    def get(self, uuid: str) -> Call | None:
        return self.by_uuid.get(uuid)

    def watch(self, call: Call, due_m: float) -> None:
        """Have the reaper check `call` at `due_m`.  A later time replaces an earlier one."""
        call.due_m = due_m
        self._order += 1
        heapq.heappush(self._due, (due_m, self._order, call))

    def overdue(self, now_m: float, limit: int = 500) -> list[Call]:
        """Calls whose time has run out, each once per `watch` that still holds."""
        out: list[Call] = []
        while self._due and self._due[0][0] <= now_m and len(out) < limit:
            due_m, _, call = heapq.heappop(self._due)
            if call.due_m == due_m and self.by_uuid.get(call.uuid) is call:
                out.append(call)
        if len(self._due) > 10_000 and len(self._due) > 4 * len(self.by_uuid):
            self._due = [item for item in self._due if self.by_uuid.get(item[2].uuid) is item[2]]
            heapq.heapify(self._due)
        return out

    def ringing_unknown(self, switch_id: int) -> list[Call]:
        """Return the calls that were handed to a switch and have no event of ringing yet."""
        return [call for call in self.on_switch(switch_id) if call.is_sent and not call.has_rung]

    def on_switch(self, switch_id: int) -> list[Call]:
        return [call for call in self.by_uuid.values() if call.switch_id == switch_id]

    def of_campaign(self, campaign_id: int) -> list[Call]:
        return [call for call in self.by_uuid.values() if call.run.id == campaign_id]

    def __len__(self) -> int:
        return len(self.by_uuid)
