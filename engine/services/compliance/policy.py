"""What this installation allows, as its settings say: hours of the kinds, caps, zone, range of caller ids.

Set once, when a process opens the store (`engine.runtime.opening.open_store`), and
asked wherever a campaign is made, started or claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from engine.config import Settings, zone_of
from engine.services.compliance.message_kinds import KindHours
from engine.services.compliance.traffic_caps import Caps


@dataclass(frozen=True, slots=True)
class Policy:
    """Until settings are given (a test of one service): any hour, no caps."""

    hours: KindHours
    caps: Caps
    zone: tzinfo
    advertising_prefix: str = ""  # of caller ids of advertising; empty: any


_policy = Policy(KindHours(), Caps(10**9, 1000.0, 0), UTC)


def use(settings: Settings) -> None:
    """From now on the policy is that of `settings`; BadInput for hours that no day has."""
    global _policy
    _policy = Policy(
        KindHours.of_settings(settings),
        Caps.of_settings(settings),
        zone_of(settings.timezone),
        settings.advertising_caller_prefix,
    )


def current() -> Policy:
    """The policy in force."""
    return _policy
