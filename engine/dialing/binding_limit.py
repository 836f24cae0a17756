"""Which limit binds a campaign: the answer to «why is it not faster»."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.dialing.campaign_run import CampaignRun
from engine.dialing.health import CAMPAIGN, Breaker
from engine.dialing.lanes import Lanes, Trunk
from engine.services.campaigns import why
from engine.services.campaigns.estimate import Limits
from engine.services.trunks import registrations
from engine.store.tables.core import CampaignCounts

NOT_DUE_MS = 2_000  # recipients that no gateway had room for are due again before
REFUSED_LATELY_S = 5.0
Reason = tuple[str, dict[str, Any]]


def binding_limit(run: CampaignRun, lanes: Lanes, rate: float, now_m: float) -> Reason:
    """The limit that keeps `run` at its `rate` (calls a second): a code of `why` and its details."""
    named = [gateway for gateway in lanes.gateways.values() if run.may_use(gateway.name)]
    if not named:
        return why.NO_GATEWAY, {"names": sorted(run.rules.gateway_names or ()) or "—"}
    if not any(run.may_show(gateway.caller_id) for gateway in named):
        return why.CALLER_RANGE, {"range": run.rules.caller_range}
    hearing = [gateway for gateway in named if gateway.hears(run)]
    if not hearing:
        return why.NO_KEYS, {"names": [gateway.name for gateway in named]}
    usable = [gateway for gateway in hearing if not gateway.is_draining]
    if not usable:
        return why.DRAINING, {"names": [gateway.name for gateway in named]}
    ids = {gateway.id for gateway in usable}
    trunks = [trunk for trunk in lanes.trunks.values() if trunk.gateway.id in ids]
    up = [trunk for trunk in trunks if trunk.switch.is_up]
    if not up:
        names = sorted({trunk.switch.name for trunk in trunks} or {s.name for s in lanes.switches.values()})
        since = min((s.since_at for s in lanes.switches.values() if s.since_at), default=0)
        return why.SWITCH_DOWN, {"switches": names or "—", "since": since}
    taking = [trunk for trunk in up if not trunk.switch.is_draining]
    if not taking:
        return why.SWITCH_DRAINING, {"switches": sorted({trunk.switch.name for trunk in up})}
    awake = [trunk for trunk in taking if not trunk.switch.is_paused]
    if not awake:
        return why.SWITCH_PAUSED, {"switches": sorted({trunk.switch.name for trunk in taking})}
    taking = [trunk for trunk in awake if not trunk.switch.reports.are_late]
    if not taking:
        return why.SWITCH_RECORDS, {"switches": sorted({trunk.switch.name for trunk in awake})}
    unfound = _unfound(taking, now_m)
    if unfound:
        return unfound
    faulty = [trunk for trunk in taking if trunk.fault and not trunk.gateway.seats.used]
    if len(faulty) == len(taking):
        return why.GATEWAY_FAULT, {"gateway": faulty[0].gateway.name, "fault": faulty[0].fault}
    lost = {
        trunk.gateway.name: route
        for trunk in taking
        if (route := trunk.gateway.routes.lost((CAMPAIGN, run.id)))
    }
    if all(trunk.gateway.name in lost for trunk in taking):
        gateway, route = next(iter(lost.items()))
        return why.ROUTE_LOST, {"gateway": gateway, "cause": route.kind}
    taking = [trunk for trunk in taking if trunk.gateway.name not in lost]
    well = [trunk for trunk in taking if trunk.gateway.health.state is Breaker.CLOSED]
    ill = sorted({trunk.gateway.name for trunk in taking} - {trunk.gateway.name for trunk in well})
    if well and ill:
        others = sorted({trunk.gateway.name for trunk in well})
        return why.GATEWAY_DETOUR, {"gateway": ill, "others": others, "cps": f"{rate:.1f}"}
    if all(now_m - trunk.switch.refused_m < REFUSED_LATELY_S for trunk in taking):
        return why.SWITCH_REFUSES, {"switches": sorted({trunk.switch.name for trunk in taking})}
    return _of_trunk(run, max(well or taking, key=lambda trunk: trunk.gateway.limiter.cps), rate, now_m)


@dataclass(frozen=True, slots=True)
class Said:
    """The progress of a campaign: why it is not faster, calls up, calls a second, its expected end (ms)."""

    campaign_id: int
    reason: str
    details: dict[str, Any]
    calls_up: int
    rate: float
    ends_at: int | None


def reason_of(
    run: CampaignRun,
    lanes: Lanes,
    counts: CampaignCounts,
    rate: float,
    next_due: int,
    preparing: int,
    now: int,
    now_m: float,
) -> Reason:
    """Why a campaign that runs is not faster.

    `next_due` is when the next recipient may be called (ms), `preparing` how many wait for their message.
    """
    if run.reason in (why.WINDOW, why.DATABASE):
        return run.reason, run.details
    if not counts.waiting and (counts.retry_wait or counts.live):  # they wait because of it
        unfound = _unfound([t for t in lanes.up_trunks() if run.may_use(t.gateway.name)], now_m)
        if unfound:
            return unfound
    if not counts.waiting and not counts.retry_wait and counts.live:
        return why.LAST_CALLS, {"live": counts.live}
    if not counts.waiting and counts.retry_wait and next_due > now:
        return why.RETRY, {"at": next_due}
    if run.reason:
        return run.reason, run.details
    if preparing and not run.live:
        return why.PREPARING, {"left": preparing}
    if run.unserved and not rate:
        return why.UNSERVED, {"prefix": run.unserved}
    if next_due > now + NOT_DUE_MS and not run.live:
        return why.NOT_DUE, {"at": next_due}
    return binding_limit(run, lanes, rate, now_m)


def _unfound(trunks: list[Trunk], now_m: float) -> Reason | None:
    """The reason if none of these finds its carrier, because the carriers' names are not answered."""
    if not trunks or not all(one.name_fault or one.gateway.is_unresolved(now_m) for one in trunks):
        return None
    found = max(trunks, key=lambda one: bool(one.name_fault))
    fault = found.name_fault or registrations.UNRESOLVED
    told = registrations.sentence_of_fault(found.switch.name, "", fault, found.host)
    return why.GATEWAY_DNS, {"gateway": found.gateway.name, "fault": told.kept() if told else ""}


def run_limits(run: CampaignRun, lanes: Lanes, share: float = 1.0) -> Limits | None:
    """The rate and the number of simultaneous calls that a campaign could have if it ran alone; None while nothing can leave.

    `share` (0 to 1) is this engine's part of all switches; other engines dial the campaign too.
    """
    ways = [
        trunk
        for trunk in lanes.up_trunks()
        if not trunk.is_shut and run.may_use(trunk.gateway.name) and run.may_show(trunk.gateway.caller_id)
    ]
    if not ways or share <= 0:
        return None
    gateways = {trunk.gateway.id: trunk.gateway for trunk in ways}.values()
    switches = {trunk.switch.id: trunk.switch for trunk in ways}.values()
    cps = min(sum(g.limiter.cps for g in gateways), sum(s.limiter.cps for s in switches)) / share
    channels = min(sum(g.seats.limit for g in gateways), sum(s.seats.limit for s in switches)) / share
    cps = min([cps, *(own for own in (run.rules.cps, run.account.cps) if own)])
    own = [limit for limit in (run.rules.channels, run.account.channels) if limit is not None]
    return Limits(max(0.001, cps), max(1, int(min([channels, *own]))))


# A limit is not what binds while less than this share of it is used.
_AT_THE_RATE = 0.8


def _of_trunk(run: CampaignRun, trunk: Trunk, rate: float, now_m: float) -> Reason:
    gateway, switch = trunk.gateway, trunk.switch
    urgent = run.is_urgent
    if gateway.health.state is Breaker.REFUSED:
        return why.GATEWAY_REFUSED, {"gateway": gateway.name}
    if gateway.health.state is Breaker.NO_CODEC:
        return why.GATEWAY_CODECS, {"gateway": gateway.name, "codecs": ", ".join(gateway.codecs)}
    if gateway.health.state is not Breaker.CLOSED:
        return why.GATEWAY_FAILING, {"gateway": gateway.name}
    if gateway.seats.free(urgent) == 0:
        return why.GATEWAY_CHANNELS, {"gateway": gateway.name, "channels": gateway.seats.limit}
    if switch.seats.free(urgent) == 0:
        return why.SWITCH_SESSIONS, {"switch": switch.name, "sessions": switch.seats.limit}
    if run.rules.our_channels is not None and run.live >= run.rules.our_channels:
        return why.OWN_CHANNELS, {"limit": run.rules.channels}
    own = run.limiter.cps if run.limiter is not None else None
    of_account = run.account.limiter.cps if run.account.limiter is not None else None
    limiters = [*run.limiters, gateway.limiter, switch.limiter]
    used_up = [limiter.cps for limiter in limiters if limiter.use(now_m) >= _AT_THE_RATE]
    if not used_up:
        return why.DIALLING, {"cps": f"{rate:.1f}"}
    tightest = min(used_up)
    if gateway.health.factor < 1.0 and gateway.limiter.cps <= tightest:
        cps, full = gateway.full_cps * gateway.health.factor, gateway.full_cps
        return why.GATEWAY_SLOWED, {"gateway": gateway.name, "cps": f"{cps:.1f}", "full": f"{full:g}"}
    if switch.idle_factor < 1.0 and switch.limiter.cps <= tightest:
        return why.SWITCH_BUSY, {"switch": switch.name, "idle": f"{switch.idle_cpu:.0f}"}
    if own is not None and own == tightest:
        return why.OWN_RATE, {"cps": f"{run.rules.cps:g}"}
    if of_account is not None and of_account == tightest:
        return why.ACCOUNT_RATE, {"cps": f"{run.account.cps:g}"}
    if switch.limiter.cps == tightest and switch.limiter.cps < gateway.limiter.cps:
        return why.SWITCH_RATE, {"switch": switch.name, "cps": f"{switch.limiter.cps:g}"}
    return why.GATEWAY_RATE, {"gateway": gateway.name, "cps": f"{gateway.limiter.cps:g}"}
