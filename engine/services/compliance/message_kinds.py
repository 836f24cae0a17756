"""The hours in which each kind of message may be sent (the regulator's decision 3-357 of August 2024)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.config import Settings
from engine.errors import BadInput
from engine.sentences import Word
from engine.services.accounts import permissions
from engine.services.compliance.calling_windows import NEVER, Windows, parse_windows
from engine.states import MessageKind
from engine.store.tables.core import Account

ANY_TIME = Windows()


@dataclass(frozen=True, slots=True)
class KindHours:
    """The hours of each kind, local time; `KindHours()` allows any hour."""

    advertising: Windows = ANY_TIME
    service: Windows = ANY_TIME
    emergency: Windows = ANY_TIME

    @classmethod
    def of_settings(cls, settings: Settings) -> KindHours:
        """The installation's hours.  Raises BadInput for an impossible span."""
        return cls(
            parse_windows(settings.hours_advertising),
            parse_windows(settings.hours_service),
            parse_windows(settings.hours_emergency),
        )

    def allowed(self, kind: str, any_hour: bool = False) -> Windows:
        """The hours of a kind; staff can grant an account any hour for service messages, never for advertising."""
        if kind == MessageKind.ADVERTISING:
            return self.advertising
        if kind == MessageKind.EMERGENCY:
            return self.emergency
        return ANY_TIME if any_hour else self.service

    def windows(self, kind: str, own: Windows, any_hour: bool = False) -> Windows:
        """When a campaign may ring: inside its own windows and the hours of its kind."""
        return own.within(self.allowed(kind, any_hour))

    def check(self, kind: str, own: Windows, any_hour: bool = False) -> None:
        """Raise BadInput when the campaign's windows and the hours of its kind have no minute in common."""
        if self.windows(kind, own, any_hour) == NEVER:
            raise BadInput(
                "The calling windows %(own)s are outside the hours of %(kind)s messages "
                "(%(allowed)s), so nobody could be called.",
                own=own,
                kind=Word(kind),
                allowed=self.allowed(kind, any_hour),
            )


def may_any_hour(account: Account) -> bool:
    """Whether an account may send service messages at any hour; the house account may."""
    return bool(account.is_house or permissions.ANY_HOUR in account.permissions.split())
