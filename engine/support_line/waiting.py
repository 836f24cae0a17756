"""Callers in the queue of one connection: when each hears the place, and when a call-back is offered.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

FIRST_PLACE_S = 3.0  # after joining: the music has begun, the caller listens
APART_S = 12.0  # between two announcements of any kind


class Say(Enum):
    PLACE = auto()
    OFFER = auto()


@dataclass(slots=True)
class Waiter:
    """One caller; monotonic seconds."""

    uuid: str
    language: str
    joined_m: float  # the first time: kept when the caller leaves to key a number and comes back
    place_m: float  # the next announcement of the place
    offer_m: float  # the next offer
    saying: str = ""  # what is played over the music at present
    quiet_m: float = 0.0  # no announcement before this
    is_away: bool = False  # is keying a number, or talking

    @classmethod
    def of(cls, uuid: str, language: str, now_m: float, waited_s: float, offer_after_s: int) -> Waiter:
        """A caller who joined `waited_s` ago."""
        joined_m = now_m - waited_s
        return cls(uuid, language, joined_m, now_m + FIRST_PLACE_S, max(now_m, joined_m + offer_after_s))

    def due(self, now_m: float, place_every_s: int, offer_every_s: int) -> Say | None:
        """What to say now, and set its next time; the offer goes before the place."""
        if self.is_away or now_m < self.quiet_m:
            return None
        said = Say.OFFER if now_m >= self.offer_m else Say.PLACE if now_m >= self.place_m else None
        if said is Say.OFFER:
            self.offer_m = now_m + offer_every_s
        elif said is Say.PLACE:
            self.place_m = now_m + place_every_s
        if said is not None:
            self.quiet_m = now_m + APART_S
        return said
