"""Which limit binds a campaign: the answer to «why is it not faster»."""

from __future__ import annotations

from engine.dialing.lanes import Lanes, Trunk
from engine.dialing.run import CampaignRun
from engine.services import why
from engine.services.estimate import Limits


def say_limit(run: CampaignRun, lanes: Lanes) -> None:
    """Note on `run` what keeps it from getting a place: switch, gateway, rate or seats."""
    named = [
        gateway
        for gateway in lanes.gateways.values()
        if not run.gateway_names or gateway.name in run.gateway_names
    ]
    if not named:
        why.say(run, why.NO_GATEWAY, names=" ".join(sorted(run.gateway_names)) or "—")
        return
    usable = [gateway for gateway in named if not gateway.is_draining]
    if not usable:
        why.say(run, why.DRAINING, names=" ".join(gateway.name for gateway in named))
        return
    ids = {gateway.id for gateway in usable}
    trunks = [trunk for trunk in lanes.trunks.values() if trunk.gateway.id in ids]
    up = [trunk for trunk in trunks if trunk.switch.is_up]
    if not up:
        names = sorted({trunk.switch.name for trunk in trunks} or {s.name for s in lanes.switches.values()})
        why.say(
            run,
            why.SWITCH_DOWN,
            switches=" ".join(names) or "—",
            since=min((s.since_at for s in lanes.switches.values() if s.since_at), default=0),
        )
        return
    _say_trunk(run, max(up, key=lambda trunk: trunk.gateway.limiter.cps))


def run_limits(run: CampaignRun, lanes: Lanes) -> Limits:
    """The rate and the calls at once that a campaign could have if it were alone."""
    gateways = [
        gateway
        for gateway in lanes.gateways.values()
        if not gateway.is_draining and (not run.gateway_names or gateway.name in run.gateway_names)
    ]
    switches = [switch for switch in lanes.switches.values() if switch.is_up]
    cps = min(sum(g.limiter.cps for g in gateways), sum(s.limiter.cps for s in switches))
    channels = min(sum(g.seats.limit for g in gateways), sum(s.seats.limit for s in switches))
    if run.limiter is not None:
        cps = min(cps, run.limiter.cps)
    if run.channels is not None:
        channels = min(channels, run.channels)
    return Limits(max(0.001, cps), max(1, channels))


def _say_trunk(run: CampaignRun, trunk: Trunk) -> None:
    gateway, switch = trunk.gateway, trunk.switch
    urgent = run.is_urgent
    if gateway.seats.free(urgent) == 0:
        why.say(run, why.GATEWAY_CHANNELS, gateway=gateway.name, channels=gateway.seats.limit)
    elif switch.seats.free(urgent) == 0:
        why.say(run, why.SWITCH_SESSIONS, switch=switch.name, sessions=switch.seats.limit)
    elif run.channels is not None and run.live >= run.channels:
        why.say(run, why.OWN_CHANNELS, limit=run.channels)
    elif run.limiter is not None and run.limiter.cps <= min(gateway.limiter.cps, switch.limiter.cps):
        why.say(run, why.OWN_RATE, cps=f"{run.limiter.cps:g}")
    elif switch.limiter.cps < gateway.limiter.cps:
        why.say(run, why.SWITCH_RATE, switch=switch.name, cps=f"{switch.limiter.cps:g}")
    else:
        why.say(run, why.GATEWAY_RATE, gateway=gateway.name, cps=f"{gateway.limiter.cps:g}")
