"""The telephones that the support line rings: those of agents and of callers who are called back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.embedded.people import Fate
from engine.embedded.support.channels import Channel, HungUp, Task
from engine.embedded.support.persons import Telephone

if TYPE_CHECKING:
    from engine.embedded.support.house import SupportHouse

_REFUSED_MS = 100
_REFUSALS = {"busy": "USER_BUSY", "reject": "CALL_REJECTED"}


def telephone(house: SupportHouse, leg: Channel, phone: Telephone, timeout_ms: float) -> Task:
    """An agent's telephone."""
    if phone.does in _REFUSALS:
        yield house.quick(_REFUSED_MS)
        raise HungUp(_REFUSALS[phone.does])
    ring_ms = 1000 * phone.ring_s
    if phone.does == "silent" or ring_ms > timeout_ms:
        yield house.quick(timeout_ms)
        raise HungUp("NO_ANSWER")
    yield house.quick(ring_ms)
    leg.talk_s = phone.talk_s
    yield from _is_there(house, leg)


def callee(house: SupportHouse, leg: Channel, fate: Fate, timeout_ms: float) -> Task:
    """A number behind a gateway; with ``group_confirm_key`` it must be pressed before the call is connected."""
    refusal = fate.refusal
    if fate.is_silent:
        yield house.quick(timeout_ms)
        raise HungUp("NO_ANSWER")
    if refusal is None or refusal.rings:
        house.rang(leg)
    if refusal is not None:
        yield house.quick(fate.ring_ms)
        raise HungUp(refusal.cause)
    if not fate.answers or fate.ring_ms > timeout_ms:
        yield house.quick(timeout_ms)
        raise HungUp("NO_ANSWER")
    yield house.quick(fate.ring_ms)
    house.answered(leg)
    if leg.variables.get("group_confirm_key"):
        if (
            "1" not in fate.after + fate.during and fate.vote_index is None
        ):  # a voicemail, or somebody who does not press it
            yield house.quick(1000 * float(leg.variables.get("group_confirm_timeout") or 20))
            raise HungUp("NO_ANSWER")
        yield house.quick(fate.key_delay_ms)
    yield from _is_there(house, leg)


def _is_there(house: SupportHouse, leg: Channel) -> Task:
    """The telephone is answered: report it, and stay until the other side is gone."""
    house.answered(leg)
    house.report(leg, "SUCCESS")
    while (yield None) != "peer":
        pass
    raise HungUp("NORMAL_CLEARING")
