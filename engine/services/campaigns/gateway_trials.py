"""One call by one gateway, to hear what its carrier makes of a number: a quick send of the house account.

Functions run inside a transaction, or a connection when they only read.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.services.accounts import accounts
from engine.services.campaigns import quick_sends, view
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.numbering.numbers import NormalNumber
from engine.states import LIVE_STATES, WAITING_STATES, RecipientState
from engine.store.tables.core import Attempt, Recipient

LONGEST_S = 60
RING_S = 30


@dataclass(frozen=True, slots=True)
class Trial:
    """How far the call has come; `attempt` is the first one, None while none was begun."""

    state: RecipientState
    attempt: Attempt | None
    set_aside: str  # why nobody is called, a word of `numbering.reasons.Reason`
    waits_for: str  # why no call was begun yet, in English

    @property
    def is_over(self) -> bool:
        """Whether a call has ended, or none will be made."""
        if self.attempt is not None:
            return self.attempt.ended_at is not None
        return self.state not in (*WAITING_STATES, *LIVE_STATES)


def place(gateway: str, number: NormalNumber, prompt: str, message_ms: int, now: int, policy: Policy) -> int:
    """Ring `number` by that gateway alone, at any hour; the quick send's id.  Raises as `quick_sends.send` does."""
    options = QuickOptions(
        priority=quick_sends.OTP_PRIORITY,
        gateways=(gateway,),
        ring_timeout_s=RING_S,
        max_length_s=LONGEST_S,
    )
    account_id = int(accounts.house().id)
    return quick_sends.send(
        account_id, number, prompt, options, now, policy, message_ms=message_ms, to_its_owner=True
    )


def look(recipient_id: int, now: int) -> Trial:
    """How far the call of `place` has come."""
    row = Recipient.get_by_id(recipient_id)
    first = Attempt.select().where(Attempt.recipient_id == recipient_id).order_by(Attempt.id).limit(1).first()
    why = "" if first is not None else str(view.view(int(row.campaign_id), now).sentence)
    return Trial(RecipientState(row.state), first, row.reason, why)


def end(recipient_id: int, now: int) -> bool:
    """No further call: what failed before anybody's phone rang would be tried again.  False while a call is up."""
    return quick_sends.withdraw(recipient_id, now)
