"""The running campaigns: which campaigns are to be dialled, read from the store again and again.

The UI and the command line write what is wanted; the engine reads it here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.dialing.campaign_run import AccountShare, CampaignRun, at_rate, build_run
from engine.dialing.shares import WHOLE, Portion
from engine.services.compliance import caller_ids
from engine.services.compliance.message_kinds import may_any_hour
from engine.services.compliance.policy import Policy
from engine.states import CampaignState
from engine.store.rows import row_of
from engine.store.sql import execute
from engine.store.tables.core import Account, Campaign, CampaignCounts, Gateway, Message


def read_running() -> list[Any]:
    """Rows of campaigns in the state `running`, messages and accounts joined; inside a connection."""
    return list(_with_message_and_account().where(Campaign.state == CampaignState.RUNNING))


def read_campaigns(ids: list[int]) -> list[Any]:
    """Rows of these campaigns, whatever their state, as `read_running` has them."""
    return list(_with_message_and_account().where(Campaign.id.in_(ids)))


def _with_message_and_account() -> Any:
    return (
        Campaign.select(Campaign, Message, Account)
        .join(Message, "LEFT OUTER JOIN")
        .switch(Campaign)
        .join(Account)
    )


def read_gateways() -> list[Gateway]:
    return list(Gateway.select().order_by(Gateway.id))


class Wanted:
    """What is wanted, as the store has it; made into objects only when it has changed.

    It is read twice a second, and nearly always the same.
    """

    _RUNNING = (
        "SELECT c.*, m.prompt, m.duration_ms, a.weight, a.max_cps, a.max_channels, a.permissions, a.gateways"  # noqa: S608 - constants
        " FROM campaign c LEFT JOIN message m ON m.id = c.message_id JOIN account a ON a.id = c.account_id"
        f" WHERE c.state = '{CampaignState.RUNNING}' ORDER BY c.id"
    )
    _GATEWAYS = "SELECT * FROM gateway ORDER BY id"
    _DRAINING = "SELECT id FROM switch WHERE is_draining"

    def __init__(self) -> None:
        self._seen: tuple[Any, ...] = ()
        self._rows: tuple[list[Any], list[Gateway]] = ([], [])

    def read(self) -> tuple[list[Any], list[Gateway], set[int]]:
        """Rows of `read_running` and of `read_gateways`, ids of switches that are drained; inside a connection."""
        seen = (execute(self._RUNNING), execute(self._GATEWAYS))
        if seen != self._seen:
            # Read again behind it: should it change in between, the next look sees that it has.
            self._rows = (read_running(), read_gateways())
            self._seen = seen
        return *self._rows, {int(row[0]) for row in execute(self._DRAINING)}


def counts_of(campaign_ids: list[int]) -> dict[int, CampaignCounts]:
    found = {each: row_of(CampaignCounts, campaign=each) for each in campaign_ids}
    return {each: row for each, row in found.items() if row is not None}


class RunningCampaigns:
    """Campaigns in memory, kept equal to the store's.

    `idle` are campaigns that are not dialled (any more) but have calls up: when they are resumed, the
    calls still count for them.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.runs: dict[int, CampaignRun] = {}
        self.idle: dict[int, CampaignRun] = {}
        self.accounts: dict[int, AccountShare] = {}
        self.portion = WHOLE  # of limits that several engines divide
        self._seen: dict[int, tuple[Any, ...]] = {}

    @property
    def are_urgent(self) -> bool:
        """Whether only quick sends are waited for, if anything."""
        return all(run.is_urgent for run in self.runs.values())

    def divide(self, portion: Portion) -> None:
        """From the next look on, this is our part of what campaigns and accounts may use."""
        if portion != self.portion:
            self.portion = portion
            self._seen.clear()

    def update(self, rows: list[Any]) -> list[CampaignRun]:
        """Take over what the store says; the runs that ended with it (paused, stopped, finished)."""
        now_running = {row.id for row in rows}
        ended = [run for run in self.runs.values() if run.id not in now_running]
        for run in ended:
            del self.runs[run.id]
            self._seen.pop(run.id, None)
            self.keep_idle(run)
        self.idle = {run.id: run for run in self.idle.values() if run.live}
        for row in rows:
            shape = _shape(row)
            if self._seen.get(row.id) == shape:
                continue
            self._seen[row.id] = shape
            fresh = self.build(row)
            known = self.runs.get(row.id) or self.idle.pop(row.id, None)
            if known is None:
                self.runs[row.id] = fresh
            else:
                _take_over(known, fresh)
                known.may_dial = True
                self.runs[row.id] = known
        return ended

    def build(self, row: Any) -> CampaignRun:
        """A run of a row of `read_running`, with the share that its account's campaigns have in common."""
        share = self.accounts.setdefault(row.account_id, AccountShare(row.account_id))
        share.set(row.account.weight, row.account.max_cps, row.account.max_channels, self.portion)
        run = build_run(row, share, self.portion)
        run.rules = replace(
            run.rules,
            caller_id=row.caller_id or row.account.caller_id,
            caller_range=caller_ids.range_of(row.kind, self._policy),
            windows=self._policy.hours.windows(row.kind, run.rules.windows, may_any_hour(row.account)),
        )
        return run

    def run_of(self, campaign_id: int) -> CampaignRun | None:
        """A campaign's rules, also when it is not being dialled but has calls up."""
        return self.runs.get(campaign_id) or self.idle.get(campaign_id)

    def keep_idle(self, run: CampaignRun) -> None:
        """Remember a campaign that is not dialled, for as long as it has calls."""
        run.may_dial = False
        self.idle[run.id] = run


def _shape(row: Any) -> tuple[Any, ...]:
    data = {name: value for name, value in row.__data__.items() if name not in ("state_reason",)}
    account = (
        row.account.weight, row.account.max_cps, row.account.max_channels, row.account.permissions,
        row.account.caller_id,
        row.account.gateways,
    )  # fmt: skip
    return (*data.values(), row.message.prompt if row.message else "", *account)


def _take_over(known: CampaignRun, fresh: CampaignRun) -> None:
    """Change the rules of a run that is being dialled; its calls keep pointing at it."""
    known.rules = fresh.rules
    known.limiter = at_rate(known.limiter, fresh.limiter.cps if fresh.limiter else None)
    known.forget_templates()
    known.next_look_m = 0.0
