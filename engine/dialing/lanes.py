"""Gateways and switches with their limits, and the calls that wait for each."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.call_end import CallEnd
from engine.dialing.calls import Call
from engine.dialing.campaign_run import CampaignRun
from engine.dialing.causes import Fault, Verdict
from engine.dialing.health import CAMPAIGN, QUIET_CALLS, GatewayHealth
from engine.dialing.pacing import RateLimiter, Seats
from engine.dialing.routes import Routes, keys_of
from engine.dialing.shares import Places, Way
from engine.dialing.switch_lane import SwitchLane
from engine.services.numbering import dialled

log = logging.getLogger(__name__)

FORBIDDEN = 403
UNRESOLVED_S = 60.0
QUIET_S = 0.75  # so many seconds' worth of calls may leave before a gateway has answered anything
SAID_BY_CARRIER = frozenset(("recv_refuse", "recv_bye"))
# How far ahead calls are claimed: a few commits' worth, to release little; slow gateways further, or all would be commits.
HORIZON_S = 0.8
SLOW_HORIZON_S = 1.5
SLOW_CPS = 100
SILENT_LOOK_S = 0.1  # between two looks whether a gateway that keeps calls back has been heard
URGENT_RESERVE = 0.05  # share of a gateway's and a switch's seats that only urgent calls may take


@dataclass(slots=True)
class GatewayLane:
    """A gateway's limits; shared by all switches that have it, as the carrier counts the trunk."""

    id: int
    name: str
    limiter: RateLimiter
    seats: Seats
    prefixes: tuple[str, ...]  # digits after the +; empty: all numbers
    priority: int
    weight: int
    caller_id: str
    ptime_ms: int
    is_draining: bool
    switch_name: str  # empty: every switch
    full_cps: float = 0.0  # our part of its rate when it is healthy
    keys: str = "events"  # how pressed keys arrive: events, voice, none
    codecs: tuple[str, ...] = ("PCMA",)  # in the order in which they are offered
    number_format: str = dialled.DEFAULT
    dial_prefix: str = ""
    cost: int = 0  # Rials a minute; at the same priority the cheaper one is used first
    unresolved_m: float = -math.inf  # when a switch last could not resolve its carrier's name
    health: GatewayHealth = field(default_factory=GatewayHealth)
    routes: Routes = field(init=False)

    def __post_init__(self) -> None:
        self.routes = Routes(self.health)

    def serves(self, digits: str) -> bool:
        """Whether numbers that begin like `digits` (E.164 without +) may use this gateway."""
        return not self.prefixes or digits.startswith(self.prefixes)

    def dialled(self, digits: str) -> str:
        """What is dialled on it for a number (E.164 without +)."""
        return dialled.dialled(digits, self.number_format, self.dial_prefix)

    def hears(self, run: CampaignRun) -> bool:
        """Whether the keys that callees press arrive, if the campaign offers any."""
        return self.keys != "none" or not run.has_keys

    def may_try(self, run: CampaignRun, now_m: float) -> bool:
        """Whether a campaign may use it now: not while all its numbers fail there without ringing."""
        lost = self.routes.lost((CAMPAIGN, run.id))
        return lost is None or lost.room(now_m) != 0

    def placed(self, call: Call, now_m: float) -> None:
        """A call was handed over for it."""
        keys = keys_of(call.run.id, call.digits)
        self.health.placed(call.digits, keys, now_m)
        self.routes.placed(keys)

    def is_unresolved(self, now_m: float) -> bool:
        """Whether a switch recently failed to resolve the carrier's name."""
        return now_m - self.unresolved_m < UNRESOLVED_S

    def rings(self, call: Call, now_m: float) -> None:
        """A call by it rings, or was answered, now."""
        self.health.sign(now_m)
        self.went_well(call, now_m)

    def went_well(self, call: Call, now_m: float, has_rung: bool = True) -> None:
        """Note that a phone rang, or (`has_rung` false) that the carrier refused a number in the usual way."""
        keys = keys_of(call.run.id, call.digits)
        if has_rung:
            if call.has_rung:
                return
            call.has_rung = True
            self.unresolved_m = -math.inf
            self.routes.good(keys, call.sent_m)
        self.health.good(call.digits, keys, now_m, call.sent_m)

    def ended(self, call: Call, end: CallEnd, found: Verdict, now_m: float) -> None:
        """Note the end of a call that was not our own fault; `found` is what the end alone means."""
        if end.closed_by in SAID_BY_CARRIER or (found.has_rung and self.health.wants_sign_of(call.sent_m)):
            self.health.sign(now_m)
        if end.is_unresolved:
            self.unresolved_m = now_m
        keys = keys_of(call.run.id, call.digits)
        if end.has_no_codec:
            self.health.fault(call.digits, keys, now_m, call.sent_m, has_no_codec=True)
            return
        if found.has_rung:
            self.went_well(call, now_m)
            return
        is_trunks = found.fault in (Fault.CARRIER, Fault.ACCOUNT)
        if is_trunks:
            self.health.fault(
                call.digits,
                keys,
                now_m,
                call.sent_m,
                found.fault is Fault.ACCOUNT,
                end.sip_status == FORBIDDEN,
            )
        else:
            self.went_well(call, now_m, has_rung=False)
        kind = f"{end.cause}/{end.sip_status or '-'}"
        for name, which in self.routes.bad(keys, call.digits, kind, now_m, call.sent_m, is_trunks):
            log.error("action=route_given_up gateway=%s %s=%s cause=%s", self.name, name, which, kind)


class Trunk:
    """A gateway on a switch, with the committed calls that wait to leave there.

    Each campaign has its own queue, served in turn, so that a large one does not hold up a small one; urgent calls go first.
    """

    def __init__(self, switch: SwitchLane, gateway: GatewayLane) -> None:
        self.switch = switch
        self.gateway = gateway
        self.fault = ""  # what the switch reports, a kept sentence; empty: no fault, or not asked yet
        self.host = ""  # the name of its carrier, as the switch has it; empty: an address, or not known
        self.name_fault = ""  # what is wrong with that name (engine.services.trunks.registrations)
        self._urgent: deque[Call] = deque()
        self._waiting: OrderedDict[int, deque[Call]] = OrderedDict()
        self.ready = 0

    def put(self, call: Call) -> None:
        if call.run.is_urgent:
            self._urgent.append(call)
        else:
            self._waiting.setdefault(call.run.id, deque()).append(call)
        self.ready += 1

    def pop(self, now: float) -> Call | None:
        """The next call that its campaign's rate permits at `now`; None if there is none."""
        if self._urgent and self._urgent[0].run.lets_go(now):
            self.ready -= 1
            return self._urgent.popleft()
        for campaign_id in list(self._waiting):
            queue = self._waiting[campaign_id]
            if not queue[0].run.lets_go(now):
                continue
            call = queue.popleft()
            del self._waiting[campaign_id]
            if queue:
                self._waiting[campaign_id] = queue  # it has had its turn
            self.ready -= 1
            return call
        return None

    def next_in(self, now_m: float) -> float:
        """Seconds until the rates of a campaign and of this trunk permit a waiting call; infinite if none waits."""
        heads = [queue[0] for queue in (self._urgent, *self._waiting.values()) if queue]
        by_campaign = min((call.run.next_in(now_m) for call in heads), default=math.inf)
        limiters = (self.gateway.limiter, self.switch.limiter)
        wanted = 1 if self._urgent else self.ready  # a quick send waits for no others to leave with it
        least_s = SILENT_LOOK_S if self.gateway.health.may_leave(now_m) == 0 else 0.0
        return max(by_campaign, least_s, *(limiter.next_in(now_m, wanted) for limiter in limiters))

    def permits(self, now_m: float) -> int:
        """How many calls may leave now: the rates of gateway and switch, and no more on a silent gateway."""
        rate = min(self.gateway.limiter.available(now_m), self.switch.limiter.available(now_m))
        unheard = self.gateway.health.may_leave(now_m) if rate else 0
        return rate if unheard is None else min(rate, unheard)

    def given_up(self) -> list[int]:
        """Campaigns for which the gateway was given up, of which more than a probe waits here."""
        lost = self.gateway.routes.lost
        return [each for each, queue in self._waiting.items() if len(queue) > 1 and lost((CAMPAIGN, each))]

    def take_out(self, campaign_id: int | None = None) -> list[Call]:
        """Remove the waiting calls of a campaign (None: of all), to be released."""
        out: list[Call] = []
        if campaign_id is None:
            out.extend(self._urgent)
            self._urgent.clear()
            for queue in self._waiting.values():
                out.extend(queue)
            self._waiting.clear()
        else:
            out.extend(call for call in self._urgent if call.run.id == campaign_id)
            self._urgent = deque(call for call in self._urgent if call.run.id != campaign_id)
            out.extend(self._waiting.pop(campaign_id, ()))
        self.ready -= len(out)
        return out

    def take_out_numbers(self, digits: set[str]) -> list[Call]:
        """Remove the waiting calls to these numbers (E.164 digits), to be released."""
        queues = [self._urgent, *self._waiting.values()]
        out = [call for queue in queues for call in queue if call.digits in digits]
        if out:
            self._urgent = deque(call for call in self._urgent if call.digits not in digits)
            for campaign_id, queue in list(self._waiting.items()):
                left = deque(call for call in queue if call.digits not in digits)
                if left:
                    self._waiting[campaign_id] = left
                else:
                    del self._waiting[campaign_id]
            self.ready -= len(out)
        return out

    @property
    def is_draining(self) -> bool:
        return self.gateway.is_draining or not self.switch.takes_calls

    @property
    def is_shut(self) -> bool:
        """Whether no call may leave here, not even a waiting one: drained, or the breaker is open."""
        return self.is_draining or self.gateway.health.is_shut

    @property
    def way(self) -> Way:
        return self.gateway.id, self.switch.id

    def waiting(self, urgent: bool) -> int:
        """How many calls wait here; with `urgent` only the urgent ones."""
        return len(self._urgent) if urgent else self.ready


class Lanes:
    """All gateways, switches and their trunks."""

    def __init__(self) -> None:
        self.gateways: dict[int, GatewayLane] = {}
        self.switches: dict[int, SwitchLane] = {}
        self.trunks: dict[tuple[int, int], Trunk] = {}

    def connect(self) -> None:
        """Make the trunks that gateways and switches now form (existing ones stay)."""
        for switch in self.switches.values():
            for gateway in self.gateways.values():
                key = (switch.id, gateway.id)
                if gateway.switch_name in ("", switch.name):
                    self.trunks.setdefault(key, Trunk(switch, gateway))

    def take_over(
        self, rows: Sequence[Any], part_of: Callable[[Any], tuple[float, int]], now_m: float
    ) -> list[int]:
        """Bring the gateways up to date with their rows; the ids of those that show another number now.

        `part_of` gives our part of a row's rate and channels; (0, 0): none now.
        """
        is_new = False
        changed: list[int] = []
        for row in rows:
            lane = self.gateways.get(row.id)
            reserve = int(row.channels * URGENT_RESERVE)
            if lane is None:
                lane = self.gateways[row.id] = GatewayLane(
                    row.id, row.name, RateLimiter(row.cps), Seats(row.channels, reserve),
                    (), 0, 1, "", 20, False, "",
                )  # fmt: skip
                is_new = True
            lane.health.tick(now_m)
            cps, channels = part_of(row)
            lane.health.quiet_calls = max(QUIET_CALLS, int(cps * QUIET_S))
            lane.full_cps, rate = cps, cps * lane.health.factor
            if cps and lane.limiter.cps != rate:
                lane.limiter.set_rate(rate)
            lane.seats.limit, lane.seats.reserve = channels, min(reserve, max(0, channels - 1))
            lane.prefixes = tuple(row.prefixes.split())
            lane.priority, lane.cost, lane.weight = row.priority, row.cost_rials_a_minute, max(1, row.weight)
            lane.switch_name = row.switch_name
            lane.number_format, lane.dial_prefix = row.number_format, row.dial_prefix
            shown = (row.caller_id, row.ptime_ms, row.keys, tuple(row.codecs.split(",")))
            if (lane.caller_id, lane.ptime_ms, lane.keys, lane.codecs) != shown:
                lane.caller_id, lane.ptime_ms, lane.keys, lane.codecs = shown
                changed.append(row.id)
            lane.is_draining = row.is_draining or not cps
        if is_new:
            self.connect()
        return changed

    def up_trunks(self) -> Iterator[Trunk]:
        return (trunk for trunk in self.trunks.values() if trunk.switch.is_up)

    def carrying(self, call: Call) -> list[GatewayLane]:
        """The gateways that could carry a call now, including its own."""
        usable = {trunk.gateway.id for trunk in self.up_trunks() if not trunk.is_draining}
        return [
            gateway
            for gateway in self.gateways.values()
            if gateway.id == call.gateway_id
            or (gateway.id in usable and call.run.may_use(gateway.name) and gateway.serves(call.digits))
        ]

    def places(self, now: float, urgent: bool) -> Places:
        """How many further calls are worth claiming now.

        As many as the limits permit within the horizon, minus those that wait already, and never more than there are
        free seats.
        """
        of_gateway: dict[int, int] = {}
        of_switch: dict[int, int] = {}
        waiting: dict[int, int] = {}
        for trunk in self.up_trunks():
            there = trunk.waiting(urgent)
            waiting[trunk.gateway.id] = waiting.get(trunk.gateway.id, 0) + there
            of_switch[trunk.switch.id] = of_switch.get(trunk.switch.id, 0) - there
        for gateway_id, count in waiting.items():
            gateway = self.gateways[gateway_id]
            if gateway.is_draining:
                continue
            places = min(_soon(gateway.limiter, now, urgent) - count, gateway.seats.free(urgent))
            ready = sum(t.ready for t in self.up_trunks() if t.gateway is gateway)
            ahead = gateway.health.ahead(now, ready)
            of_gateway[gateway_id] = max(0, places if ahead is None else min(places, ahead))
        for switch_id, less in of_switch.items():
            switch = self.switches[switch_id]
            if not switch.takes_calls:
                of_switch[switch_id] = 0
                continue
            soon = _soon(switch.limiter, now, urgent) + less
            of_switch[switch_id] = max(0, min(soon, switch.seats.free(urgent)))
        return Places(of_gateway, of_switch)

    def waiting(self, ways: Container[Way]) -> int:
        """How many calls wait on these trunks."""
        return sum(trunk.ready for trunk in self.trunks.values() if trunk.way in ways)

    def take_seat(self, call: Call) -> None:
        self.gateways[call.gateway_id].seats.take()
        self.switches[call.switch_id].seats.take()
        call.run.live += 1
        call.run.account.live += 1

    def give_seat(self, call: Call) -> None:
        self.gateways[call.gateway_id].seats.give()
        self.switches[call.switch_id].seats.give()
        call.run.live -= 1
        call.run.account.live -= 1


def horizon_s(limiter: RateLimiter) -> float:
    """How far ahead calls are claimed for a gateway or a switch (s)."""
    return SLOW_HORIZON_S if limiter.cps < SLOW_CPS else HORIZON_S


def _soon(limiter: RateLimiter, now: float, urgent: bool) -> int:
    """Permits within the horizon; for urgent calls one more than the campaigns' calls that wait already."""
    return limiter.expected(now, horizon_s(limiter)) + urgent
