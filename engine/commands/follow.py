"""Following one campaign from the command line until its end, an interruption, or the loss of all switches."""

from __future__ import annotations

from typing import Protocol

import gevent

from engine.clock import monotonic_s, wall_ms
from engine.commands.interrupts import Interrupts
from engine.runtime.controller import Engine
from engine.services.campaigns import campaigns, why
from engine.services.campaigns import view as campaign_view
from engine.services.campaigns.view import CampaignView
from engine.states import CampaignState
from engine.store.threads import read, write

LOOK_S = 0.5
NO_SWITCH_S = 60.0  # without any switch for so long, the campaign is paused and the command ends
HANG_UP_S = 10.0  # how long calls that were hung up may take to be settled
INTERRUPTED = why.BY_INTERRUPT.kept()
NO_SWITCH = why.NO_SWITCH_REACHED.kept()


class View(Protocol):
    """Shows the progress of a campaign."""

    def show(self, seen: CampaignView) -> None: ...

    def say(self, sentence: str) -> None: ...


def look(campaign_id: int) -> CampaignView:
    """The campaign as it is now."""
    return read(lambda: campaign_view.view(campaign_id, wall_ms()))


def follow(campaign_id: int, view: View, interrupts: Interrupts, engine: Engine | None) -> CampaignView:
    """Wait until the campaign no longer runs and none of its calls is up; the last look at it.

    1. While it runs, show it; at the first Ctrl-C pause it, which stops placing calls.
    2. When it was paused or stopped (by whomever), let the calls that are up finish.
    3. At the second Ctrl-C end them (with `engine`, the one in this process; otherwise leave them to theirs).
    """
    last_up = monotonic_s()
    while True:
        seen = look(campaign_id)
        view.show(seen)
        if seen.state != CampaignState.RUNNING and (not seen.counts.live or interrupts.second.is_set()):
            break
        if interrupts.first.is_set() and seen.state == CampaignState.RUNNING:
            write(lambda: campaigns.pause_unless_ended(campaign_id, INTERRUPTED))
            view.say(f"No further call is placed; {seen.counts.live:,} calls finish. Ctrl-C again ends them.")
            continue
        if engine is not None and seen.state == CampaignState.RUNNING:
            last_up = monotonic_s() if engine.switchboard.any_up else last_up
            if monotonic_s() - last_up > _patience_s(engine):
                write(lambda: campaigns.pause_unless_ended(campaign_id, NO_SWITCH))
                break
        (interrupts.second if interrupts.first.is_set() else interrupts.first).wait(LOOK_S)
    if interrupts.second.is_set() and engine is not None:
        _end_calls(campaign_id, engine)
    return look(campaign_id)


def _patience_s(engine: Engine) -> float:
    """How long to wait for a switch: not at all for embedded ones that have died."""
    running_campaigns = engine.switchboard
    all_dead = len(running_campaigns.embedded) == len(running_campaigns.supervisors) and not any(
        e.is_alive for e in running_campaigns.embedded.values()
    )
    return 1.0 if all_dead else NO_SWITCH_S


def _end_calls(campaign_id: int, engine: Engine) -> None:
    """Hang up until none of the campaign's calls is left: one may just have been on its way to the switch."""
    deadline = monotonic_s() + HANG_UP_S
    while monotonic_s() < deadline and look(campaign_id).counts.live:
        engine.dialer.hang_up_all()
        gevent.sleep(0.2)
