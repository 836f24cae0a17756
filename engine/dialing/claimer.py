"""Claims ahead of time: keeps as many committed calls ready as the limits will soon permit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from engine.dialing.calls import Call, CallTable
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.lanes import SLOW_HORIZON_S, Lanes, Trunk, horizon_s
from engine.dialing.routes import Route as LostRoute
from engine.dialing.routes import keys_of
from engine.dialing.running_campaigns import RunningCampaigns
from engine.dialing.shares import UNLIMITED, Demand, FairShares, Places, Way
from engine.errors import StoreUnavailable
from engine.services.campaigns import why
from engine.store.claims import NO_ROUTE_MS, ClaimedCall, ClaimHook, Due, Route, Router, Rule, claim
from engine.store.writer import Writer

PATIENCE_S = 0.2  # a few free places wait no longer than this for a larger claim
LONG_PATIENCE_S = 1.0  # the same while enough calls are waiting already
# Between two looks for calls to claim: while a quick send or a fast trunk may want some, else, and with no campaign
# (whoever finds one wakes the claimer).
LOOK_S = 0.05
SLOW_LOOK_S = 0.15
IDLE_LOOK_S = 5.0
FAST_CPS = 100
MAX_CLAIM = 1000
SHOWN_DIGITS = 5  # of a number that no gateway serves: country and area
EMPTY_WAIT_S = 0.2  # before a campaign without due recipients is checked again
QUICK_EMPTY_WAIT_S = 0.02
ROUTE_LOST_WAIT_MS = 10_000  # before a recipient whose destination was given up is tried again


class Claimer:
    """Chooses which campaigns get the next places, and claims for them."""

    def __init__(
        self,
        lanes: Lanes,
        calls: CallTable,
        running_campaigns: RunningCampaigns,
        writer: Writer,
        zone: ZoneInfo,
        rules: Sequence[Rule] = (),
        hooks: Sequence[ClaimHook] = (),
        release: Callable[[int], object] = lambda campaign_id: None,
    ) -> None:
        self.lanes = lanes
        self.calls = calls
        self.running_campaigns = running_campaigns
        self.writer = writer
        self.zone = zone
        self.rules = list(rules)
        self.hooks = list(hooks)
        self.release = release  # of a campaign that ended while its claim was being written
        self._fair = FairShares()
        self._claimed_m = 0.0

    def step(self, now: int, now_m: float) -> int:
        """Run one round and return how many calls were claimed: urgent campaigns first, then the others by their shares."""
        urgent = [run for run in self.running_campaigns.runs.values() if run.is_urgent]
        others = [run for run in self.running_campaigns.runs.values() if not run.is_urgent]
        claimed = 0
        for run in sorted(urgent, key=lambda run: -run.rules.priority):
            claimed += self._claim_for(run, MAX_CLAIM, now, now_m, urgent=True)
        for run, places in self._shares(others, now, now_m):
            claimed += self._claim_for(run, places, now, now_m, urgent=False)
        return claimed

    def next_in(self) -> float:
        """Seconds until the next round is worth making."""
        runs = self.running_campaigns.runs.values()
        if not runs:
            return IDLE_LOOK_S
        is_fast = any(lane.limiter.cps > FAST_CPS for lane in self.lanes.gateways.values())
        return LOOK_S if is_fast or any(run.is_urgent for run in runs) else SLOW_LOOK_S

    def _shares(self, runs: list[CampaignRun], now: int, now_m: float) -> list[tuple[CampaignRun, int]]:
        ready = [run for run in runs if self._may(run, now, now_m)]
        if not ready:
            return []
        ways = {run.id: tuple(trunk.way for trunk in self._trunks_of(run, now_m)) for run in ready}
        usable = {way for own in ways.values() for way in own}
        places = self.lanes.places(now_m, urgent=False)
        free = places.total(usable)
        # A claim costs a transaction: wait a little until it is worth one.
        limiters = [self.lanes.gateways[gateway_id].limiter for gateway_id in {way[0] for way in usable}]
        largest = max((limiter.cps * horizon_s(limiter) for limiter in limiters), default=0)
        is_small = free < max(1, min(50, int(largest * 2 / 3)))
        has_enough = self.lanes.waiting(usable) > largest / 4
        patience_s = LONG_PATIENCE_S if has_enough else PATIENCE_S
        if not free or (is_small and now_m < self._claimed_m + patience_s):
            return []
        self._claimed_m = now_m
        given = self._fair.divide(
            places, [self._demand(run, ways[run.id], places.total(ways[run.id]), now_m) for run in ready]
        )
        return [(run, given[run.id]) for run in ready if given.get(run.id)]

    def _trunks_of(self, run: CampaignRun, now_m: float) -> list[Trunk]:
        """The trunks that are up and that its calls may use."""
        return [
            trunk
            for trunk in self.lanes.up_trunks()
            if not trunk.is_draining and _may_leave(run, trunk) and trunk.gateway.may_try(run, now_m)
        ]

    def _may(self, run: CampaignRun, now: int, now_m: float) -> bool:
        """Whether a claim for `run` can be tried now; notes the reason if not."""
        if not run.may_dial or self.writer.fault:
            if self.writer.fault:
                why.say(run, why.DATABASE, error=self.writer.fault)
            return False
        if not run.rules.windows.is_open(now, self.zone):
            why.say(run, why.WINDOW, until=run.rules.windows.next_open(now, self.zone))
            return False
        why.clear(run)
        return now_m >= run.next_look_m

    def _demand(self, run: CampaignRun, ways: tuple[Way, ...], places: int, now_m: float) -> Demand:
        """What a campaign could use of the `places` on its trunks, and what its account may use."""
        want = min(places, MAX_CLAIM)
        if run.rules.our_channels is not None:
            want = min(want, max(0, run.rules.our_channels - run.live))
            if want == 0:
                why.say(run, why.OWN_CHANNELS, limit=run.rules.channels)
        account, of_account = run.account, UNLIMITED
        if account.our_channels is not None:
            of_account = max(0, account.our_channels - account.live)
            if of_account == 0:
                why.say(run, why.ACCOUNT_CHANNELS, limit=account.channels)
        for limiter in run.limiters:
            want = min(want, max(0, limiter.expected(now_m, SLOW_HORIZON_S) - run.waiting))
        return Demand(
            run.id, run.account_id, run.rules.weight, min(want, of_account), ways, account.weight, of_account
        )

    def _claim_for(self, run: CampaignRun, places: int, now: int, now_m: float, urgent: bool) -> int:
        if urgent and not self._may(run, now, now_m):
            return 0
        trunks = self._trunks_of(run, now_m)
        free = self.lanes.places(now_m, urgent)
        places = min(places, free.total(trunk.way for trunk in trunks), MAX_CLAIM)
        if urgent:
            places = min(places, self._demand(run, (), places, now_m).want)
        if places <= 0 or (urgent and run.is_empty and not run.changes.may_be_new(now_m)):
            return 0
        unserved: list[str] = []
        router = self._router(run, trunks, free, unserved, now_m)
        try:
            claims = self.writer.call(lambda: claim(run.id, places, now, router, self.rules, self.hooks))
        except StoreUnavailable as error:
            why.say(run, why.DATABASE, error=error.sentence.kept())
            return 0
        run.unserved = unserved[0] if unserved and not claims else ""
        for item in claims:
            self._admit(run, item, now, now_m)
        if claims and not run.may_dial:
            self.release(run.id)
            return 0
        run.is_empty = not claims
        if len(claims) < places:
            run.next_look_m = now_m + (QUICK_EMPTY_WAIT_S if urgent else EMPTY_WAIT_S)
        return len(claims)

    def _router(
        self, run: CampaignRun, trunks: Sequence[Trunk], free: Places, unserved: list[str], now_m: float
    ) -> Router:
        """A function that chooses a route and takes one of the free places; it runs in the writer's thread.

        The first digits of numbers that no gateway serves, full or not, are added to `unserved`.
        """
        permitted = [gateway for gateway in self.lanes.gateways.values() if run.may_use(gateway.name)]
        probed: list[LostRoute] = []  # given up, and tried by a call of this claim

        def choose(due: Due) -> Route | int:
            digits = due.number.removeprefix("+")
            keys, wait_ms = keys_of(run.id, digits), NO_ROUTE_MS
            able = [trunk for trunk in trunks if trunk.gateway.serves(digits)]
            if due.avoid_gateway_id:
                # The trunk that just failed this call comes last, and only if there is no other.
                others = [trunk for trunk in able if trunk.gateway.id != due.avoid_gateway_id]
                if any(not trunk.gateway.health.is_shut for trunk in others):
                    able = others
            best: Trunk | None = None
            best_key: tuple[float, ...] = ()
            for trunk in able:
                gateway, room = trunk.gateway, free.free(trunk.way)
                if room <= 0 or not gateway.health.takes(digits, now_m):
                    continue
                lost = [route for route in gateway.routes.of(keys) if route.is_lost]
                if any(route in probed or not route.room(now_m) for route in lost):
                    wait_ms = ROUTE_LOST_WAIT_MS
                    continue
                key = (gateway.priority, gateway.cost, -room * gateway.weight)
                if best is None or key < best_key:
                    best, best_key = trunk, key
            if best is None:
                if not any(gateway.serves(digits) for gateway in permitted):
                    unserved.append(digits[:SHOWN_DIGITS])
                return wait_ms
            probed.extend(route for route in best.gateway.routes.of(keys) if route.is_lost)
            free.take(best.way)
            return Route(best.switch.id, best.switch.core_uuid, best.gateway.id)

        return choose

    def _admit(self, run: CampaignRun, item: ClaimedCall, now: int, now_m: float) -> None:
        """Reserve seats for a committed claim and queue it at its trunk."""
        call = Call(
            uuid=item.uuid,
            attempt_id=item.attempt_id,
            recipient_id=item.recipient.id,
            digits=item.recipient.number.removeprefix("+"),
            prompt=item.recipient.prompt,
            tries=item.recipient.tries,
            uncounted_tries=item.recipient.uncounted_tries,
            first_fault_at=item.recipient.first_fault_at,
            recipient_state=item.recipient.state,
            run=run,
            switch_id=item.route.switch_id,
            gateway_id=item.route.gateway_id,
            created_at=now,
            core_uuid=item.route.core_uuid,
        )
        self.calls.add(call)
        self.lanes.take_seat(call)
        gateway = self.lanes.gateways[call.gateway_id]
        gateway.health.probe_sent(now_m)
        gateway.routes.claimed(keys_of(run.id, call.digits), now_m)
        run.waiting += 1
        self.lanes.trunks[(call.switch_id, call.gateway_id)].put(call)


def _may_leave(run: CampaignRun, trunk: Trunk) -> bool:
    """Whether calls of a campaign may go by a trunk: its switch and one of its gateways, and shows a number it may show."""
    gateway = trunk.gateway
    if run.rules.switch_name not in ("", trunk.switch.name):
        return False
    return run.may_use(gateway.name) and run.may_show(gateway.caller_id) and gateway.hears(run)
