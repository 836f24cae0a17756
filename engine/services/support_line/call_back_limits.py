"""Limits of call-backs, so that a caller cannot have strangers' telephones rung again and again."""

from __future__ import annotations

from engine.services.accounts import accounts
from engine.services.compliance import do_not_call
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.services.support_line.settings import current
from engine.states import OPEN_CALL_BACKS, CallBackState, MessageKind
from engine.store.tables.support_line import CallBack, SupportCall

DAY_MS = 86_400_000
MOST_OPEN = 500  # a day's work of many agents; more only when somebody lets machines ask


def may_be_rung(caller: str, number: str, now: int) -> bool:
    """Whether a caller (E.164; empty: withheld) may ask for a call-back to a number (E.164).

    In 24 hours a number is rung for at most `call_backs_a_day` call-backs, of them `call_backs_in_vain_a_day` in which
    nobody pressed 1 (the number that a caller shows may be forged) and `call_backs_to_others_a_day` that somebody else
    asked for; beyond MOST_OPEN open ones there is none for a further number.  A caller may ask for as many of other
    people's numbers, and none that is on the list of all advertising or our own account's.  Callers who withhold their
    number count as one.
    """
    rules, since = current(), now - DAY_MS
    rung = (
        CallBack.select()
        .where(
            CallBack.number == number,
            CallBack.asked_at > since,
            CallBack.state.not_in(OPEN_CALL_BACKS),  # to ask for an open one again adds none
            (CallBack.tries > 0) | (CallBack.state == CallBackState.DONE),
        )
    )  # fmt: skip
    in_vain = rung.where(CallBack.state != CallBackState.DONE)
    if rung.count() >= rules.call_backs_a_day or in_vain.count() >= rules.call_backs_in_vain_a_day:
        return False
    still_open = CallBack.select(CallBack.id).where(CallBack.state.in_(OPEN_CALL_BACKS))
    if not still_open.where(CallBack.number == number).exists() and still_open.count() >= MOST_OPEN:
        return False
    if number == caller:
        return True
    found = numbers.normalise(number)
    if isinstance(found, Reason) or do_not_call.is_listed(
        MessageKind.ADVERTISING, int(accounts.house().id), found
    ):
        return False
    by_others = rung.join(SupportCall, on=(SupportCall.id == CallBack.call_id)).where(
        SupportCall.number != number
    )
    asked = (
        SupportCall.select()
        .join(CallBack, on=(CallBack.id == SupportCall.call_back_id))
        .where(SupportCall.number == caller, SupportCall.came_at > since, CallBack.number != caller)
    )
    most = rules.call_backs_to_others_a_day
    return by_others.count() < most and asked.count() < most
