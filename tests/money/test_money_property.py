"""Whatever happens in whatever order, the books agree, and every reservation is closed at the end."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AvanakError
from engine.services.campaigns import campaigns, quick_sends
from engine.services.money import ledger
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.store.settles import Settle, Settler
from engine.store.sql import execute
from engine.store.tables.core import Attempt, Campaign, CampaignCounts
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.money.world import CALL_MOBILE, MESSAGE_MS, World, settle_of
from tests.policies import ANYTHING

TABLES = (
    "ledger_txn", "ledger_entry", "ledger_balance", "reservation", "attempt", "recipient", "campaign_counts",
    "campaign_pulse", "campaign", "message", "quick_send", "ledger_day",
)  # fmt: skip
CALLS = st.integers(0, 5_000) | st.sampled_from([0, 1, 2_000, 2_001, MESSAGE_MS])

step = st.one_of(
    st.tuples(st.just("top_up"), st.sampled_from([1, 99, 200, 301, 700, 2_000]), st.integers(0, 4)),
    st.tuples(st.just("start"), st.integers(1, 6), st.integers(0, 4)),
    st.tuples(st.just("run"), st.integers(0, 3), st.integers(1, 4)),
    st.tuples(st.just("run"), st.integers(0, 3), st.integers(1, 8)),
    st.tuples(st.just("claim"), st.integers(0, 3), st.integers(1, 8)),
    st.tuples(st.just("settle"), st.integers(0, 3), st.lists(CALLS, min_size=1, max_size=4)),
    st.tuples(st.just("settle_and_fall"), st.integers(0, 3), CALLS),
    st.tuples(st.just("settle_again"), st.integers(0, 3), CALLS),
    st.tuples(st.just("release"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("stop"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("pause"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("resume"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("append"), st.integers(0, 3), st.integers(1, 4)),
    st.tuples(st.just("quick"), st.integers(1, 4_500), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    st.tuples(st.just("second"), st.just(0), st.just(0)),
)


def fall(won: Any) -> None:
    raise ValueError("killed")


class Play:
    """A world and the campaigns in it; `play` does one step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = world.account()
        self.campaigns: list[int] = []
        self.ended: list[Settle] = []
        self.paid_in = 0

    def pick(self, at: int) -> int | None:
        return self.campaigns[at % len(self.campaigns)] if self.campaigns else None

    def play(self, name: str, first: int, second: Any) -> None:
        world, campaign = self.world, self.pick(first)
        if name == "top_up":
            key = f"top_up/{second}/{first}"
            if world.top_up(self.account, first, key) is not None:
                self.paid_in += first
        elif name == "start" and first + second:
            made = world.campaign(self.account, first, second, start=False)
            self.campaigns.append(made)
            self.try_(lambda: campaigns.start(made, world.now, ANYTHING))
        elif name == "quick":
            number = normalise("09121112233")
            assert isinstance(number, NormalNumber)
            self.try_(
                lambda: quick_sends.send(
                    self.account, number, "p", quick_sends.QuickOptions(), world.now, ANYTHING, first
                )
            )
            standing = read(
                lambda: [int(row.id) for row in Campaign.select().where(Campaign.standing_key != "")]
            )
            self.campaigns += [made for made in standing if made not in self.campaigns]
        elif name == "second":
            world.second()
        elif name == "restart":
            world.money.__init__(lambda: world.now, ANYTHING)  # type: ignore[misc]
        elif campaign is not None:
            self.play_on(campaign, name, second)

    def play_on(self, campaign: int, name: str, second: Any) -> None:
        world = self.world
        live = world.live.get(campaign, [])
        if name == "claim":
            world.claim(campaign, second)
        elif name == "run":  # several rounds as the engine makes them
            for _ in range(second):
                self.ended += world.settle(world.claim(campaign, 3), MESSAGE_MS)
                world.second()
        elif name == "settle":
            for heard in second:
                if live:
                    self.ended += world.settle(live[:1], heard)
        elif name == "settle_and_fall" and live:
            item = settle_of(live[0], world.now, second)
            settler = Settler([*world.money.hooks, fall])
            self.try_(lambda: settler.write([item]), ValueError)
        elif name == "settle_again":
            again = [item for item in self.ended if item.campaign_id == campaign][:2]
            settler = Settler(world.money.hooks)
            assert write(lambda: settler.write(again)) == []
        elif name == "release":
            world.release(list(live))
        elif name in ("stop", "pause", "resume"):
            if read(lambda: Campaign.get_by_id(campaign).standing_key):
                return
            acts = {
                "stop": lambda: campaigns.stop(campaign, world.now),
                "pause": lambda: campaigns.pause(campaign, "by a person"),
                "resume": lambda: campaigns.resume(campaign, world.now, ANYTHING),
            }
            self.try_(acts[name])
        elif name == "append":
            row = world.row(campaign)
            if row.state in ("running", "finished", "paused") and not row.standing_key:
                world.append(campaign, second)

    def try_(self, work: Any, *errors: type[Exception]) -> None:
        try:
            write(work)
        except (AvanakError, *errors):
            pass

    def end(self) -> None:
        """Stop what does not end by itself, let the calls end, wait a second."""
        world = self.world
        for campaign in self.campaigns:
            if read(lambda campaign=campaign: Campaign.get_by_id(campaign).standing_key):
                self.ended += world.settle(world.claim(campaign, 500), 3_000)
            else:
                self.try_(lambda campaign=campaign: campaigns.stop(campaign, world.now))
            self.ended += world.settle(list(world.live.get(campaign, [])), 1_000)
        for _ in range(2):
            world.second()


def forget(world: World) -> None:
    """Empty the tables of the example before, past the triggers that keep the ledger."""
    for table in ("ledger_txn", "ledger_entry"):
        execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")
    for table in TABLES:
        execute(f"DELETE FROM {table}")


def test_the_books_agree_after_anything(sqlite: Writer) -> None:
    world = World()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([0, 250, 1_000, 3_000]), st.lists(step, min_size=10, max_size=40))
    def run(credit: int, steps: list[tuple[str, int, Any]]) -> None:
        write(lambda: forget(world))
        world.live.clear()
        world.settled.clear()
        world.money.__init__(lambda: world.now, ANYTHING)  # type: ignore[misc]
        play = Play(world)
        if credit:
            play.play("top_up", credit, "first")
        play.play("start", 4, 2)
        for name, first, second in steps:
            play.play(name, first, second)
            money = read(lambda: ledger.money_of(play.account))
            assert money.reserved >= 0
        world.second()  # what has ended is closed within it
        world.clean()
        play.end()
        found = world.clean()
        assert (found.open_reservations, found.reserved) == (0, 0)
        spent = read(lambda: sum(row.price for row in Attempt.select()))
        assert world.balance(play.account) == play.paid_in - spent
        live = read(lambda: sum(row.live for row in CampaignCounts.select()))
        assert live == 0
        # Only what was heard beyond the message (5 s of 4) can lead below zero: a pulse for each call.
        assert world.balance(play.account) >= -CALL_MOBILE * len(play.ended)

    run()
