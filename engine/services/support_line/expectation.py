"""Place and expected wait, as told to a caller: from the service times of the last hour, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.support_line import QUEUE
from engine.states import AgentState, CallBackState, SupportCallState
from engine.store.tables.support_line import CallBack, SupportAgent, SupportCall

HOUR_MS = 3_600_000
LEAST_CALLS = 3  # answered in the last hour; with fewer there is no estimate
MOST_S = 45 * 60  # beyond, «more than»


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a caller is told: the place (1: next), and the wait in seconds; None when it is unknown."""

    place: int
    wait_s: int | None


def of_place(place_at: int, now: int) -> Expectation:
    """For a caller who counts as waiting since `place_at`.

    The wait is the number of callers before, divided by the number of agents who take calls, times the
    length of a call in the last hour (wrap-up time included).  Callers and call-backs before count alike.
    """
    before = (
        SupportCall.select()
        .where(SupportCall.state == SupportCallState.WAITING, SupportCall.place_at < place_at)
        .count()
        + CallBack.select()
        .where(CallBack.state == CallBackState.WAITING, CallBack.place_at < place_at, CallBack.next_at <= now)
        .count()
    )
    agents = list(
        SupportAgent.select(SupportAgent.wrap_up_s).where(
            SupportAgent.is_active == True,  # noqa: E712 - SQL
            SupportAgent.state == AgentState.AVAILABLE,
            SupportAgent.departments.contains(QUEUE),
        )
    )
    times = [
        (row.ended_at or 0) - (row.answered_at or 0)
        for row in SupportCall.select(SupportCall.answered_at, SupportCall.ended_at).where(
            SupportCall.state == SupportCallState.ANSWERED, SupportCall.ended_at > now - HOUR_MS
        )
    ]
    if not agents or len(times) < LEAST_CALLS:
        return Expectation(before + 1, None)
    wrap_up_s = sum(row.wrap_up_s for row in agents) / len(agents)
    one_s = sum(times) / len(times) / 1000 + wrap_up_s
    return Expectation(before + 1, round((before + 1) * one_s / len(agents)))
