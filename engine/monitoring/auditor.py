"""The auditor: compares the store, the calls in memory and the switches while calls are made.

Every few seconds it compares

- the kept counts of campaigns with each other and with the live calls, and more rarely with a recount of the whole list
  (of the campaigns that are dialled, and in turn of all others);
- seats and runs, and open attempts, with the calls in memory, and live channels with both;
- money with the calls that it pays for.

What can be proven is corrected.  Everything found is logged (``action=audit_…``), counted, and kept for the screens (table
audit_finding).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.dialing.dialer import Dialer
from engine.dialing.running_campaigns import counts_of
from engine.errors import AvanakError
from engine.esl import answers, commands
from engine.services.money import reservations
from engine.services.money.audit import MoneyAudit, left_open
from engine.services.trunks import gateway_health
from engine.states import AttemptState
from engine.store import leases
from engine.store.audit import audit_campaign, audit_sums, doubtful, repair_counts
from engine.store.cdr import KEEP_MS, prune_posted
from engine.store.findings import Finding, forget_findings, note_findings
from engine.store.sql import execute
from engine.store.threads import read
from engine.store.writer import Writer

log = logging.getLogger(__name__)

STEP_S = 2.0
CAMPAIGN_S = 5.0  # between two audits of a campaign
COST = 100.0  # work that grows with the size takes at most 1/COST of the time
RECOUNT_S = 1.5e-6  # expected time of the first recount, per recipient
MONEY_S = 5.0
OTHERS_S = 5.0
PAGE = 500  # idle campaigns whose kept counts are compared at a time
MOST_WRONG = 10  # idle campaigns that are recounted at a time
OPEN_S = 5.0
CHANNELS_S = 15.0
HOUSEKEEPING_S = 3_600.0
YOUNG_MS = 10_000  # an attempt this young may be on its way into memory
FRESH_S = 4.0  # a call sent this recently may not show on the switch yet
KEEP_FINDINGS_MS = 90 * 86_400_000


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that has not ended, as the store has it."""

    id: int
    uuid: str
    switch_id: int


def read_open(before: int) -> list[OpenAttempt]:
    """Return all attempts made before `before` that have not ended.  Runs inside a connection."""
    rows = execute(
        "SELECT id, uuid, switch_id FROM attempt"  # noqa: S608 - constants
        f" WHERE state <> '{AttemptState.ENDED}' AND created_at < ?",
        [before],
    )
    return [OpenAttempt(int(row[0]), row[1], int(row[2])) for row in rows]


def read_ended(uuids: list[str]) -> dict[str, int]:
    """Return the ids of those `uuids` that are our own attempts and have ended.  Runs inside a connection."""
    found: dict[str, int] = {}
    for at in range(0, len(uuids), 500):
        part = uuids[at : at + 500]
        marks = ",".join("?" * len(part))
        condition = f"state = '{AttemptState.ENDED}' AND uuid IN ({marks})"
        rows = execute(f"SELECT uuid, id FROM attempt WHERE {condition}", part)  # noqa: S608 - constants
        found.update((row[0], int(row[1])) for row in rows)
    return found


def _campaigns_behind(after: int, limit: int) -> tuple[list[int], int]:
    """Ids of the next campaigns, and the last of them (0: there are no more); inside a connection."""
    rows = execute("SELECT id FROM campaign WHERE id > ? ORDER BY id LIMIT ?", [after, limit])
    ids = [int(row[0]) for row in rows]
    return ids, ids[-1] if len(ids) == limit else 0


class Auditor:
    """Checks one engine; call `step` every `STEP_S`."""

    def __init__(self, dialer: Dialer, writer: Writer, clock: Callable[[], tuple[int, float]], wait_s: float):
        self.dialer = dialer
        self.writer = writer
        self.clock = clock  # (wall ms, monotonic s)
        self.wait_s = wait_s  # how long attempts wait for a switch that nobody serves
        self.found: Counter[str] = Counter()  # findings since the start, by kind
        self._money = MoneyAudit()
        self._due: dict[int, float] = {}  # campaign -> when it is audited again
        self._recount_m: dict[int, float] = {}  # campaign -> when all of its recipients are counted again
        self._doubts: dict[str, set[Any]] = {}  # what looked wrong in the last round
        self._unserved_m: dict[int, float] = {}  # switch -> since when nobody serves it
        self._page_after = 0  # the last idle campaign whose counts were compared
        self._recounted = 0  # the last one that was recounted
        self._open_m = self._channels_m = self._house_m = self._money_m = self._others_m = 0.0

    def step(self) -> list[Finding]:
        """Run one round; return the findings, which are already stored."""
        now, now_m = self.clock()
        found = self._memory()
        found += self._campaigns(now_m)
        if now_m >= self._others_m:
            took_m = self.clock()[1]
            found += self._others()
            self._others_m = self.clock()[1] + max(OTHERS_S, COST * (self.clock()[1] - took_m))
        if now_m >= self._open_m:
            took_m = now_m
            found += self._open_attempts(now, now_m)
            self._open_m = self.clock()[1] + max(OPEN_S, COST * (self.clock()[1] - took_m))
        if now_m >= self._money_m:
            took_m = self.clock()[1]
            found += self._look_at_money(now)
            self._money_m = self.clock()[1] + max(MONEY_S, COST * (self.clock()[1] - took_m))
        if now_m >= self._channels_m:
            self._channels_m = now_m + CHANNELS_S
            for switch_id in list(self.dialer.links):
                found += self._channels(switch_id)
        if now_m >= self._house_m:
            self._house_m = now_m + HOUSEKEEPING_S
            self.writer.call(lambda: _clean(now))
        self._note(found, now)
        return found

    def _note(self, found: list[Finding], now: int) -> None:
        for item in found:
            self.found[item.kind] += 1
            say = log.warning if item.is_repaired else log.error
            say("action=audit_%s repaired=%s what=%r", item.kind, item.is_repaired, item.sentence)
        if found:
            self.writer.call(lambda: note_findings(found, now))

    def _twice(self, kind: str, doubtful: set[Any]) -> set[Any]:
        """Keep the findings that were also made in the previous round."""
        before, self._doubts[kind] = self._doubts.get(kind, set()), doubtful
        return doubtful & before

    # -- memory ---------------------------------------------------------------------------

    def _memory(self) -> list[Finding]:
        """Compare seats and runs with the calls.  Nothing else runs meanwhile, so they must be equal."""
        calls = self.dialer.calls.by_uuid.values()
        lanes = self.dialer.lanes
        by_gateway = Counter(call.gateway_id for call in calls)
        by_switch = Counter(call.switch_id for call in calls)
        live = Counter(id(call.run) for call in calls)
        waiting = Counter(id(call.run) for call in calls if not call.is_sent)
        found = []
        for what, group, counted in (
            ("gateway", lanes.gateways.values(), by_gateway), ("switch", lanes.switches.values(), by_switch),
        ):  # fmt: skip
            for lane in group:  # type: ignore[attr-defined]
                if lane.seats.used != counted[lane.id]:
                    said = (
                        f"{what} {lane.name} had {lane.seats.used} seats taken for {counted[lane.id]} calls"
                    )
                    found.append(Finding("seats", f"{what} {lane.name}", f"{said}; corrected.", True))
                    lane.seats.used = counted[lane.id]
        for run in {
            *self.dialer.running_campaigns.runs.values(),
            *self.dialer.running_campaigns.idle.values(),
        }:
            if (run.live, run.waiting) != (live[id(run)], waiting[id(run)]):
                said = f"{run.live} live and {run.waiting} waiting for {live[id(run)]} and {waiting[id(run)]} calls"
                found.append(
                    Finding("run", f"campaign {run.id}", f"Campaign {run.id} had {said}; corrected.", True)
                )
                run.live, run.waiting = live[id(run)], waiting[id(run)]
        return found

    # -- the store ------------------------------------------------------------------------

    def _campaigns(self, now_m: float) -> list[Finding]:
        """Audit the campaigns that are due.  The longer an audit takes, the less often it runs."""
        running_campaigns = self.dialer.running_campaigns
        ids = {*running_campaigns.runs, *running_campaigns.idle}
        self._due = {key: due_m for key, due_m in self._due.items() if key in ids}
        self._recount_m = {key: due_m for key, due_m in self._recount_m.items() if key in ids}
        found: list[Finding] = []
        for campaign_id in sorted(ids, key=lambda key: self._due.get(key, 0.0)):
            if self._due.get(campaign_id, 0.0) > self.clock()[1]:
                break
            found += self._put_right(campaign_id, self._audit(campaign_id))
            self._due[campaign_id] = self.clock()[1] + CAMPAIGN_S
            if self.clock()[1] - now_m > STEP_S:
                break
        return found

    def _put_right(self, campaign_id: int, found: list[Finding]) -> list[Finding]:
        """Replace wrong counts by those of a recount; return the findings, with a note of it."""
        out = []
        for item in found:
            if item.kind == "counts" and self.writer.call(lambda: repair_counts(campaign_id)):
                item = Finding(item.kind, item.subject, f"{item.sentence[:-1]}; corrected.", True)
            out.append(item)
        return out

    def _others(self) -> list[Finding]:
        """Audit campaigns that nobody dials: compare the kept counts of a page of them, and recount one."""
        running_campaigns = self.dialer.running_campaigns
        wrong, self._page_after = read(lambda: doubtful(self._page_after, PAGE))
        ids, after = read(
            lambda: _campaigns_behind(
                self._recounted, len(running_campaigns.runs) + len(running_campaigns.idle) + 1
            )
        )
        resting = [
            key for key in ids if key not in running_campaigns.runs and key not in running_campaigns.idle
        ]
        self._recounted = resting[0] if resting else after
        wrong = [
            key for key in wrong if key not in running_campaigns.runs and key not in running_campaigns.idle
        ][:MOST_WRONG]
        found: list[Finding] = []
        for campaign_id in dict.fromkeys([*wrong, *resting[:1]]):
            found += self._put_right(campaign_id, read(lambda: audit_campaign(campaign_id)))  # noqa: B023 - called at once
        return found

    def _audit(self, campaign_id: int) -> list[Finding]:
        """Compare a campaign's sums or, when that is due, count all its recipients."""
        begun_m = self.clock()[1]
        if campaign_id not in self._recount_m:
            total = read(lambda: counts_of([campaign_id])[campaign_id].total)
            self._recount_m[campaign_id] = begun_m + COST * total * RECOUNT_S
        if begun_m < self._recount_m[campaign_id]:
            return read(lambda: audit_sums(campaign_id))
        found = read(lambda: audit_campaign(campaign_id))
        self._recount_m[campaign_id] = self.clock()[1] + COST * (self.clock()[1] - begun_m)
        return found

    def _look_at_money(self, now: int) -> list[Finding]:
        """Check the money.  A difference may be a booking in progress, so only the second look in a row reports it."""
        found = {(item.kind, item.subject): item for item in read(self._money.look)}
        # Prices and bookings are checked once; they were complete at that time.
        lasting = {key for key in found if key[0] in ("money_held", "money_short", "money_left_open")}
        sure = self._twice("money", lasting)
        return [
            self._close(item, now) if item.kind == "money_left_open" else item
            for key, item in found.items()
            if key in sure or key not in lasting
        ]

    def _close(self, item: Finding, now: int) -> Finding:
        """Release what an ended campaign still held."""
        campaign_id = item.about_id
        assert campaign_id is not None

        def close() -> bool:
            is_over = campaign_id in reservations.to_close()
            if is_over:
                reservations.close(campaign_id, now)
            return is_over

        return left_open(campaign_id, self.writer.call(close))

    def _open_attempts(self, now: int, now_m: float) -> list[Finding]:
        """Recover our open attempts that are not in memory; give up those that belong to no engine."""
        rows, served = read(lambda: (read_open(now - YOUNG_MS), leases.switch_leases()))
        elsewhere = {lease.switch_id for lease in served if lease.owner}
        ours = set(self.dialer.records)
        calls = self.dialer.calls
        strays = {row for row in rows if row.switch_id in ours and calls.get(row.uuid) is None}
        found = [
            self._take_in(row) for row in sorted(self._twice("open", strays), key=lambda row: row.id)[:50]
        ]
        for switch_id in {row.switch_id for row, _ in found}:
            wanted = {row.id for row, _ in found if row.switch_id == switch_id}
            self.dialer.recovery.learn(switch_id, wanted)
            if switch_id in self.dialer.links:
                self.dialer.recover(switch_id)
        unserved = {row.switch_id for row in rows} - ours - elsewhere
        self._unserved_m = {key: self._unserved_m.get(key, now_m) for key in unserved}
        out = [finding for _, finding in found]
        for switch_id, since_m in self._unserved_m.items():
            if now_m - since_m >= self.wait_s and (given := self.dialer.recovery.give_up(switch_id)):
                said = f"Switch {switch_id} is served by no engine; {given} attempts were ended as lost."
                out.append(Finding("switch_unserved", f"switch {switch_id}", said, True))
        return out

    def _take_in(self, row: OpenAttempt) -> tuple[OpenAttempt, Finding]:
        said = f"Attempt {row.id} was open and nobody followed it; the switch is asked."
        return row, Finding("attempt_unfollowed", f"switch {row.switch_id}", said, True)

    # -- the switches ---------------------------------------------------------------------

    def _channels(self, switch_id: int) -> list[Finding]:
        """Compare live channels with our calls.  The list is requested only when the numbers differ."""
        link = self.dialer.links.get(switch_id)
        if link is None or switch_id in self.dialer.recovery.suspects:
            return []
        try:
            sessions = answers.read_session_count(link.api(commands.status()))
            _, now_m = self.clock()
            sent = [call for call in self.dialer.calls.on_switch(switch_id) if call.is_sent]
            old = [call for call in sent if call.sent_m < now_m - FRESH_S]
            if sessions is None or len(old) <= sessions <= len(sent):
                self._twice(f"gone {switch_id}", set())
                self._twice(f"left {switch_id}", set())
                return []
            channels = answers.read_channels(link.api(commands.show_channels()))
            return self._gone(switch_id, old, channels, now_m) + self._left(switch_id, channels, link)
        except AvanakError as error:
            log.info("action=audit_unanswered switch=%d error=%r", switch_id, str(error))
            return []

    def _gone(self, switch_id: int, old: list[Any], channels: list[Any], now_m: float) -> list[Finding]:
        """Report calls that the switch does not have.  The reaper asks about them by id some seconds later."""
        alive = {channel.uuid for channel in channels}
        missing = {
            call for call in old if call.uuid not in alive and self.dialer.calls.get(call.uuid) is call
        }
        sure = self._twice(f"gone {switch_id}", missing)
        for call in sure:
            self.dialer.calls.watch(call, now_m)
        if not sure:
            return []
        said = f"{len(sure)} calls are not on the switch any more and no event said so; each is asked after."
        return [Finding("call_gone", f"switch {switch_id}", said, True)]

    def _left(self, switch_id: int, channels: list[Any], link: Any) -> list[Finding]:
        """End channels whose attempt has ended in the store."""
        strange = [
            channel.uuid
            for channel in channels
            if channel.direction == "outbound" and self.dialer.calls.get(channel.uuid) is None
        ]
        ended = read(lambda: read_ended(strange)) if strange else {}
        sure = self._twice(f"left {switch_id}", set(ended))
        for uuid in sure:
            log.warning("action=channel_left_over attempt=%d", ended[uuid])
            link.api(commands.uuid_kill(uuid))
        if not sure:
            return []
        said = f"{len(sure)} channels were still up after their attempts had ended; they were hung up."
        return [Finding("channel_after_end", f"switch {switch_id}", said, True)]


def _clean(now: int) -> None:
    prune_posted(now - KEEP_MS)
    forget_findings(now - KEEP_FINDINGS_MS)
    leases.forget_old(now)
    gateway_health.forget_old(now)
