"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import BadInput


def zone_of(name: str) -> ZoneInfo:
    """The zone; BadInput when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(f"AVANAK_TIMEZONE: there is no time zone {name!r}.") from error
