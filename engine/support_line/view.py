"""What one step of the support line reads from the store, at once."""

from __future__ import annotations

from engine.services.support_line import agents, call_backs, calls, routes, settings, transfers
from engine.services.support_line.settings import LineSettings
from engine.states import SupportCallState
from engine.store.tables.core import Gateway
from engine.store.tables.support_line import CallBack, CallBackTry, SupportAgent
from engine.support_line.answers import QueueMember


class StoreView:
    """What a step needs of the store."""

    def __init__(self) -> None:
        self.rules = LineSettings()
        self.agents: list[SupportAgent] = []
        self.gateways: list[Gateway] = []
        self.due: list[CallBack] = []
        self.tries: list[CallBackTry] = []
        self.handed: dict[int, bool] = {}  # agents with a call that was handed to them: whether they talk
        self.places: dict[str, int] = {}  # channel of a waiting caller: since when it counts

    @classmethod
    def of_store(cls, now: int) -> StoreView:
        view = cls()
        view.rules = settings.current()
        view.agents = [row for row in agents.everybody() if row.is_active]
        view.gateways = routes.all_gateways()
        view.due = call_backs.due(now)
        view.tries = call_backs.open_tries()
        view.handed = transfers.on_agents(now)
        view.places = calls.places()
        return view

    @property
    def first_place_at(self) -> int | None:
        """Since when the first waiting caller has waited; None when nobody waits."""
        return min(self.places.values(), default=None)


def catch_up(
    switch_id: int, core_uuid: str, alive: set[str], served: set[str], members: list[QueueMember], now: int
) -> list[tuple[str, str, int]]:
    """Catch up after a time without a connection: end calls that are gone, take in new ones; in a transaction.

    `served` calls were put through to an agent before they ended, by the switch's own record.  Returns the waiting callers:
    channel, language and milliseconds since the call joined.
    """
    calls.end_those_gone(switch_id, alive, served, now)
    waiting = []
    for member in members:
        if member.uuid not in alive:
            continue
        calls.came(member.uuid, switch_id, core_uuid, member.number, member.joined_s * 1000)
        calls.joined(member.uuid, member.joined_s * 1000)
        if member.state == "Answered":
            calls.answered(member.uuid, member.serving, now)
        found = calls.of_uuid(member.uuid)
        if found is not None and found.state == SupportCallState.WAITING:
            waiting.append((found.uuid, found.language, now - (found.joined_at or now)))
    return waiting
