"""What this installation allows: hours of the kinds, caps, zone, range of caller ids, longest call.

Made from the settings once, when a process is composed, and passed to whatever makes, starts or claims a campaign.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.config import Settings, zone_of
from engine.services.compliance.message_kinds import KindHours
from engine.services.compliance.traffic_caps import Caps


@dataclass(frozen=True, slots=True)
class Policy:
    """`advertising_prefix` begins the caller ids of advertising; empty: any."""

    hours: KindHours
    caps: Caps
    zone: ZoneInfo
    advertising_prefix: str
    max_call_s: int
    code_calls_an_hour: int  # calls that speak a code, all accounts together

    @classmethod
    def of_settings(cls, settings: Settings) -> Policy:
        """The policy of an installation.  Raises BadInput for impossible hours."""
        return cls(
            KindHours.of_settings(settings),
            Caps.of_settings(settings),
            zone_of(settings.timezone),
            settings.advertising_caller_prefix,
            settings.max_call_s,
            settings.code_calls_an_hour,
        )
