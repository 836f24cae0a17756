"""Accounts, campaigns and calls without a switch: what claims and settles do to the money."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.call_end import CallEnd
from engine.dialing.rules.billing import Billing
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import reopen
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages import prompts
from engine.services.money import ledger, ledger_check, pricing
from engine.services.onboarding import first_start
from engine.services.trunks import gateways
from engine.states import CampaignState
from engine.store.claims import ClaimedCall, Due, Route, cancel_waiting, claim, release
from engine.store.counts import add_counts
from engine.store.settles import Settle, Settler
from engine.store.tables.core import Campaign, CampaignCounts, Recipient
from engine.store.threads import read, write
from tests.policies import ANYTHING

NOW = 1_750_000_000_000
MONTH_MS = 30 * 86_400_000
MESSAGE_MS = 4_000
LANDLINE, MOBILE, PULSE_S = 100, 150, 2  # 4 s are two pulses: 200 and 300 Rials
CALL_LANDLINE, CALL_MOBILE = 200, 300


@dataclass
class World:
    """A store with a gateway, a price list, and a clock."""

    now: int = NOW
    money: Billing = field(init=False)
    live: dict[int, list[ClaimedCall]] = field(default_factory=dict)
    settled: list[Settle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.money = Billing(lambda: self.now, ANYTHING)
        write(self._setup)

    def _setup(self) -> None:
        first_start.ensure_first(self.now, "a long password")
        gateways.ensure("gw", 100, 100, self.now)
        pricing.set_price(
            pricing.default_group_id(),
            landline=LANDLINE,
            mobile=MOBILE,
            pulse_s=PULSE_S,
            synthesis=50,
            person_id=None,
            now=self.now,
        )

    # -- customers ----------------------------------------------------------------------

    def account(self, credit: int = 0, name: str = "firm") -> int:
        made = write(lambda: accounts.open_by_staff(name, self.now + MONTH_MS, None, self.now))
        if credit:
            self.top_up(made, credit)
        return made

    def top_up(self, account_id: int, amount: int, key: str = "") -> int | None:
        name = key or f"test/{account_id}/{self.now}/{amount}/{len(self.settled)}/{id(object())}"
        return write(lambda: ledger.top_up(account_id, amount, name, self.now))

    def campaign(
        self, account_id: int, mobiles: int, landlines: int = 0, start: bool = True, **rules: object
    ) -> int:
        def work() -> int:
            message = prompts.add(account_id, "m", "prompt", MESSAGE_MS, self.now)
            made = CampaignRules(name="c", **rules)  # type: ignore[arg-type]
            campaign_id = campaigns.create(account_id, made, message, self.now, ANYTHING)
            self._recipients(campaign_id, mobiles, landlines)
            if start:
                campaigns.start(campaign_id, self.now, ANYTHING)
            return campaign_id

        return write(work)

    def append(self, campaign_id: int, mobiles: int, landlines: int = 0) -> None:
        def work() -> None:
            self._recipients(campaign_id, mobiles, landlines)
            reopen(campaign_id, mobiles + landlines)

        write(work)

    def _recipients(self, campaign_id: int, mobiles: int, landlines: int) -> None:
        first = CampaignCounts.get_by_id(campaign_id).total + 1
        rows = []
        for at in range(mobiles + landlines):
            is_mobile = at < mobiles
            number = f"+98{'912' if is_mobile else '218'}{campaign_id % 100:02d}{first + at:05d}"
            rows.append(
                {
                    "campaign_id": campaign_id,
                    "line": first + at,
                    "number": number,
                    "is_mobile": is_mobile,
                    "state": "pending",
                }
            )
        Recipient.insert_many(rows).execute()
        count = mobiles + landlines
        add_counts(campaign_id, {"waiting": count, "total": count, "mobiles": mobiles})

    # -- calls --------------------------------------------------------------------------

    def claim(self, campaign_id: int, limit: int = 100) -> list[ClaimedCall]:
        """Claim as the engine does, if the campaign runs."""
        if self.state(campaign_id) != CampaignState.RUNNING:
            return []
        made = write(lambda: claim(campaign_id, limit, self.now, route, self.money.rules))
        self.live.setdefault(campaign_id, []).extend(made)
        return made

    def settle(
        self, claims: list[ClaimedCall], heard_ms: int = MESSAGE_MS, hooks: bool = True, **changes: object
    ) -> list[Settle]:
        """End calls: answered and heard so long, or not answered with 0."""
        items = [settle_of(item, self.now, heard_ms, **changes) for item in claims]
        settler = Settler(self.money.hooks if hooks else ())
        won = write(lambda: settler.write(items))
        gone = {item.attempt_id for item in won}
        for calls in self.live.values():
            calls[:] = [item for item in calls if item.attempt_id not in gone]
        self.settled += won
        return won

    def release(self, claims: list[ClaimedCall]) -> int:
        gone = {item.attempt_id for item in claims}
        for calls in self.live.values():
            calls[:] = [item for item in calls if item.attempt_id not in gone]
        return len(write(lambda: release(claims)))

    def second(self) -> None:
        """What the engine does each second."""
        self.now += 1_000
        stopped = read(lambda: [row.id for row in Campaign.select().where(Campaign.state == "stopped")])
        for campaign_id in stopped:  # what was given back after the stop
            write(lambda campaign_id=campaign_id: cancel_waiting(campaign_id, self.now))
        running = read(lambda: [row.id for row in Campaign.select().where(Campaign.state == "running")])
        for campaign_id in running:
            write(lambda campaign_id=campaign_id: campaigns.finish_if_done(campaign_id, self.now))
        todo = read(lambda: self.money.find(self.now))
        if todo:
            write(lambda: self.money.act(todo, self.now))

    def run_out(self, campaign_id: int, heard_ms: int = MESSAGE_MS) -> None:
        """Call everybody that can be called, to the end."""
        for _ in range(200):
            made = self.claim(campaign_id, 7)
            self.settle(made, heard_ms)
            self.second()
            if self.state(campaign_id) != CampaignState.RUNNING:
                return
        raise AssertionError("the campaign does not come to an end")

    # -- what is seen -------------------------------------------------------------------

    def state(self, campaign_id: int) -> str:
        return read(lambda: Campaign.get_by_id(campaign_id).state)

    def row(self, campaign_id: int) -> Campaign:
        return read(lambda: Campaign.get_by_id(campaign_id))

    def balance(self, account_id: int) -> int:
        return read(lambda: ledger.money_of(account_id)).balance

    def reserved(self, account_id: int) -> int:
        return read(lambda: ledger.money_of(account_id)).reserved

    def check(self) -> ledger_check.Check:
        found = read(ledger_check.check)
        assert found.sum == 0
        return found

    def clean(self) -> ledger_check.Check:
        found = self.check()
        assert found.is_clean, found.findings
        return found


def route(due: Due) -> Route:
    return Route(1, "11111111-1111-4111-8111-111111111111", 1)


def settle_of(item: ClaimedCall, now: int, heard_ms: int, **changes: object) -> Settle:
    end: dict = {
        "cause": "NORMAL_CLEARING" if heard_ms else "NO_ANSWER",
        "ended_at": now,
        "answered_at": now - heard_ms if heard_ms else None,
        "sip_status": 200,
        "heard_ms": heard_ms,
        **{name: changes[name] for name in CallEnd.__slots__ if name in changes},
    }
    values: dict = {
        "attempt_id": item.attempt_id,
        "recipient_id": item.recipient.id,
        "campaign_id": item.campaign_id,
        "end": CallEnd(item.uuid, **end),
        "disposition": "answered" if heard_ms else "no_answer",
        "spent_try": True,
        "free_try": False,
        "settled_by": "event",
        "next_state": "delivered" if heard_ms else "exhausted",
        "next_at": now,
        "avoid_gateway_id": 0,
        **changes,
    }
    fields = Settle.__slots__
    return Settle(**{name: value for name, value in values.items() if name in fields})


def set_price(world: World, **values: int | None) -> int:
    """Another price of everybody, from now on."""
    given = {"landline": 1, "mobile": 1, "pulse_s": 1, "synthesis": 1, **values}
    return write(
        lambda: pricing.set_price(
            pricing.default_group_id(),
            person_id=None,
            now=world.now,
            **given,  # type: ignore[arg-type]
        )
    )
