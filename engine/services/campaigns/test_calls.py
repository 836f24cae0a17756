"""«Call me with it»: a message is played to whoever asks, on a number that is shown to be theirs."""

from __future__ import annotations

from engine.errors import NotAllowed
from engine.services.campaigns import quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.numbering.reasons import Reason
from engine.store.tables.core import Message

_MARGIN_S, _STEP_S = 15, 60  # lengths by the minute: few standing campaigns serve all messages


def place(
    message: Message, account_id: int, number: str, own_numbers: list[str], now: int, policy: Policy
) -> int:
    """Ring `number` with a message, approved or not, at the account's price; the quick send's id.  Inside a write.

    Raises NotAllowed for a number that is none of `own_numbers` (E.164), and as `quick_sends.send` does.
    """
    found = normalise(number, allow_abroad=True)
    if isinstance(found, Reason) or found.e164 not in own_numbers:
        raise NotAllowed("A message is played to a number that you have verified, and to no other.")
    return quick_sends.send(
        account_id,
        NormalNumber(*found),
        message.prompt,
        _options(int(message.duration_ms), policy.max_call_s),
        now,
        policy,
        message_ms=int(message.duration_ms),
        to_its_owner=True,
    )


def _options(message_ms: int, max_call_s: int) -> QuickOptions:
    needed = message_ms // 1000 + _MARGIN_S
    return QuickOptions(max_length_s=min(max_call_s, -(-needed // _STEP_S) * _STEP_S))
