"""The pulse of campaigns, once a second: start what is due, finish what is done, and report each one's progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.dialing.binding_limit import Said, reason_of, run_limits
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.lanes import Lanes
from engine.dialing.rules.billing import Billing, Todo
from engine.dialing.running_campaigns import RunningCampaigns, counts_of
from engine.services.campaigns import campaigns, estimate, go_on
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.compliance.traffic_caps import Caps, Outlook
from engine.services.messages.personal import UNPREPARED
from engine.services.money import reservations
from engine.states import CampaignState
from engine.store import leases, timeline
from engine.store.sql import WAITING, execute
from engine.store.tables.core import CampaignCounts, CampaignPulse
from engine.store.threads import read
from engine.store.writer import Writer

CAPS_MS = 10_000  # how long the outlook of an account's caps is kept


# Runs every second: plain SQL costs less than building the query each time.
_STOPPED_WITH_LEFTOVERS = (
    "SELECT k.campaign_id FROM campaign_counts k JOIN campaign c ON c.id = k.campaign_id"  # noqa: S608 - of ours
    f" WHERE c.state = '{CampaignState.STOPPED}' AND k.waiting + k.retry_wait > 0"
)
_DUE = f"SELECT id FROM campaign WHERE state = '{CampaignState.SCHEDULED}' AND starts_at <= ?"  # noqa: S608 - of ours


@dataclass(frozen=True, slots=True)
class PulseView:
    """What was read from the store in one second.

    `counts`, `waits`: of running campaigns, as in `_numbers_of`.  The others are ids of campaigns: stopped with
    recipients still waiting, due to start, paused by a cap that allows calls again, finished, approved.
    """

    counts: dict[int, CampaignCounts]
    waits: dict[int, tuple[int, int]]
    stopped: list[int]
    due: list[int]
    todo: Todo
    uncapped: list[int]
    over: list[int]
    approved: list[int]

    @property
    def is_anything(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.stopped or self.due or self.todo or self.uncapped or self.over or self.approved)


class Pulse:
    """`step` once a second.

    `unprepared`: campaign -> recipients whose own message is not ready yet.
    `share`: our part of all dialled switches, 0 to 1; None when there is one engine.
    """

    def __init__(
        self,
        engine: str,
        running_campaigns: RunningCampaigns,
        lanes: Lanes,
        policy: Policy,
        writer: Writer,
        money: Billing,
        unprepared: Callable[[], Mapping[int, int]],
        share: Callable[[], float | None],
    ) -> None:
        self._engine = engine
        self._board = running_campaigns
        self._lanes = lanes
        self._policy = policy
        self._writer = writer
        self._money = money
        self._unprepared = unprepared
        self._share = share
        self._caps: dict[int, Outlook] = {}  # of the accounts of running campaigns
        self._costs: dict[int, float] = {}  # of one call of a campaign, where a cap counts them
        self._caps_at = -CAPS_MS
        self._capped_ends: dict[int, int | None] = {}  # as calculated since

    def step(self, now: int, now_m: float) -> None:
        """1. read what is due, done or stopped; 2. work out each campaign's progress; 3. write all in one transaction."""
        runs = list(self._board.runs.values())
        if runs and not 0 <= now - self._caps_at < CAPS_MS:
            whose = {run.id: run.account_id for run in runs}
            self._caps, self._costs = read(lambda: _caps_of(whose, self._policy.caps, now))
            self._caps_at, self._capped_ends = now, {}
        found = read(lambda: self._look([run.id for run in runs], now))
        counts, waits, todo = found.counts, found.waits, found.todo
        says = [self._say(run, counts[run.id], waits[run.id], now, now_m) for run in runs if run.id in counts]

        def work() -> None:
            if found.due:
                campaigns.start_due(now, self._policy)
            if todo:
                self._money.act(todo, now)
            go_on.start_approved(found.approved, now, self._policy)
            go_on.resume_uncapped(found.uncapped, now, self._policy)
            go_on.end(found.over, now)
            for campaign_id in found.stopped:
                campaigns.cancel_waiting(campaign_id, now)
            for said in says:
                if campaigns.finish_if_done(said.campaign_id, now):
                    timeline.note(said.campaign_id, 0, now)
                else:
                    self._write(said, now)

        if runs or found.is_anything:
            self._writer.call(work)

    def _look(self, running: list[int], now: int) -> PulseView:
        """Read everything from the store in one go; runs in a reading thread."""
        counts, waits = _numbers_of(running) if running else ({}, {})
        return PulseView(
            counts,
            waits,
            _ids(_STOPPED_WITH_LEFTOVERS),
            _ids(_DUE, [now]),
            self._money.find(now),
            go_on.uncapped(now, self._policy),
            go_on.over(now),
            go_on.approved(),
        )

    def _say(
        self, run: CampaignRun, counts: CampaignCounts, due: tuple[int, int], now: int, now_m: float
    ) -> Said:
        """Work out a campaign's progress; runs on the hub, where its inputs do not change meanwhile."""
        rate = run.rate(now_m)
        left = self._unprepared().get(run.id, 0)
        reason, details = reason_of(run, self._lanes, counts, rate, due[0], left, now, now_m)
        ends_at = self._ends_at(run, counts, due[1], now)
        return Said(run.id, reason, details, run.live - run.waiting, rate, ends_at)

    def _write(self, said: Said, now: int) -> None:
        details = json.dumps(said.details, ensure_ascii=False)
        calls_up, rate, reason, speaker = said.calls_up, said.rate, said.reason, self._engine
        if self._share() is not None:
            calls_up, rate, reason, details, speaker = leases.note_pulse(
                said.campaign_id, self._engine, reason, details, calls_up, rate, now
            )
        told: dict[str, object] = {"engine": self._engine, "reason": reason, "details": details, "at": now}
        if (
            speaker == self._engine
        ):  # else keep the end that the reporting engine wrote: an engine that cannot dial knows none
            told["ends_at"] = said.ends_at
        CampaignPulse.update(**told, calls_up=calls_up, calls_per_second=rate).where(
            CampaignPulse.campaign == said.campaign_id
        ).execute()
        timeline.note(said.campaign_id, calls_up, now)

    def _ends_at(self, run: CampaignRun, counts: CampaignCounts, last_due: int, now: int) -> int | None:
        share = self._share()
        limits = run_limits(run, self._lanes, 1.0 if share is None else share)
        if limits is None:  # nothing can leave now, for an unknown time
            return None
        caps = self._caps.get(run.account_id)
        if run.id in self._capped_ends and last_due <= now:
            return self._capped_ends[run.id]
        found = estimate.estimate(
            estimate.Remaining(
                counts.waiting, counts.retry_wait, counts.live, counts.attempts, counts.answered, last_due
            ),
            estimate.CallPlan(
                run.rules.policy.max_tries,
                run.rules.policy.retry_after_ms // 1000,
                run.rules.message_ms / 1000,
                run.rules.windows,
                self._policy.zone,
            ),
            limits,
            now,
            caps=caps,
            rials_a_call=self._costs.get(run.id, 0.0),
        )
        if caps is not None and caps.is_capped:  # looks at all hours to come: too dear for every second
            self._capped_ends[run.id] = found.ends_at
        return found.ends_at


def _caps_of(whose: Mapping[int, int], caps: Caps, now: int) -> tuple[dict[int, Outlook], dict[int, float]]:
    """The outlook of the accounts' caps, and the cost of one call of each campaign that counts towards a cap."""
    found = {account_id: traffic_caps.outlook(account_id, caps, now) for account_id in set(whose.values())}
    costs = {
        campaign_id: reservations.average_cost(campaign_id)
        for campaign_id, account_id in whose.items()
        if found[account_id].rials_a_day is not None
    }
    return found, costs


def _ids(statement: str, values: Sequence[object] = ()) -> list[int]:
    return [int(row[0]) for row in execute(statement, values)]


def _numbers_of(
    campaign_ids: list[int],
) -> tuple[dict[int, CampaignCounts], dict[int, tuple[int, int]]]:
    """The counts of campaigns, and when the next and the last of their recipients are due (ms; 0: nobody waits)."""
    waits = {}
    for campaign_id in campaign_ids:
        # One end of the index after the other: a single query for both would read all of it.
        first, last = (
            execute(
                f"SELECT {word}(next_at) FROM recipient WHERE campaign_id = ?"  # noqa: S608 - words of ours
                f" AND state IN {WAITING} AND next_at < ?",
                [campaign_id, UNPREPARED],
            )[0][0]
            or 0
            for word in ("MIN", "MAX")
        )
        waits[campaign_id] = (int(first), int(last))
    return counts_of(campaign_ids), waits
