"""One call by one gateway, to hear what its carrier makes of a number: a quick send of the house account.

Functions run inside a transaction, or a connection when they only read; `follow` brings its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.clock import monotonic_s, wall_ms
from engine.dialing.causes import ACCOUNT_STATUSES
from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.accounts import accounts
from engine.services.campaigns import quick_sends, view
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance.policy import Policy
from engine.services.numbering.dialled import dialled
from engine.services.numbering.numbers import NormalNumber
from engine.services.numbering.reasons import Reason
from engine.services.trunks import gateway_health, registrations
from engine.services.trunks.gateway_health import GatewayHealthSeen
from engine.services.trunks.registrations import TrunkSeen
from engine.states import LIVE_STATES, WAITING_STATES, Disposition, RecipientState
from engine.store.audit_entries import record
from engine.store.tables.core import Attempt, Campaign, Gateway, Recipient

SAID = "این یک تماس آزمایشی از سامانه پیام صوتی است. لازم نیست کاری بکنید."
"""What is spoken to whoever answers, unless another message is chosen."""
LONGEST_S = 60
RING_S = 30
BEGINS_S = 30
"""A call that was not begun by then is taken back."""
_LOOK_S = 0.2
_NO_SUCH = frozenset((404, 410, 484, 604))


@dataclass(frozen=True, slots=True)
class Dialling:
    """How a number is dialled on a gateway, and how switches and engines find that gateway."""

    dialled: str
    is_served: bool  # by the gateway's prefixes
    seen: list[TrunkSeen]
    found: list[GatewayHealthSeen]


@dataclass(frozen=True, slots=True)
class Trial:
    """How far the call has come; `attempt` is the first one, None while none was begun."""

    recipient_id: int
    number: str
    state: RecipientState
    attempt: Attempt | None
    set_aside: str  # why nobody is called, a word of `numbering.reasons.Reason`
    waits_for: Sentence | None  # why no call was begun yet

    @property
    def is_over(self) -> bool:
        """Whether a call has ended, or none will be made."""
        if self.attempt is not None:
            return self.attempt.ended_at is not None
        return self.state not in (*WAITING_STATES, *LIVE_STATES)

    @property
    def has_rung(self) -> bool:
        """Whether a telephone rang."""
        return self.attempt is not None and bool(self.attempt.rang_at or self.attempt.answered_at)


def dialling_of(row: Gateway, e164: str, now: int) -> Dialling:
    """What is known before anybody is called."""
    digits = e164.removeprefix("+")
    prefixes = tuple(row.prefixes.split())
    return Dialling(
        dialled(digits, row.number_format, row.dial_prefix),
        not prefixes or digits.startswith(prefixes),
        registrations.seen_of(now)[row.id],
        gateway_health.seen_of(now)[row.id],
    )


def place(
    row: Gateway,
    number: NormalNumber,
    prompt: str,
    message_ms: int,
    person_id: int | None,
    now: int,
    policy: Policy,
) -> int:
    """Ring `number` by that gateway alone, at any hour; the quick send's id.  Audited.

    Raises BadInput for a gateway that is being drained, else as `quick_sends.send` does.
    """
    if row.is_draining:
        raise BadInput("The gateway %(name)s is being drained: use it again before the test.", name=row.name)
    account_id = int(accounts.house().id)
    placed = quick_sends.send(
        account_id, number, prompt, _options(row), now, policy, message_ms=message_ms, to_its_owner=True
    )
    record(person_id, None, "gateway.test", f"gateway {row.name}", now, after={"number": number.e164})
    return placed


def _options(row: Gateway) -> QuickOptions:
    return QuickOptions(
        priority=quick_sends.OTP_PRIORITY,
        gateways=(row.name,),
        ring_timeout_s=RING_S,
        max_length_s=LONGEST_S,
    )


def look(recipient_id: int, now: int) -> Trial:
    """How far the call of `place` has come."""
    row = Recipient.get_by_id(recipient_id)
    first = Attempt.select().where(Attempt.recipient_id == recipient_id).order_by(Attempt.id).limit(1).first()
    why = None if first is not None else view.view(int(row.campaign_id), now).sentence
    return Trial(recipient_id, row.number, RecipientState(row.state), first, row.reason, why)


def is_of_gateway(recipient_id: int, row: Gateway) -> bool:
    """Whether that is a call of `place` by this gateway."""
    found = Recipient.select(Recipient.id).join(Campaign, on=(Campaign.id == Recipient.campaign_id))
    return bool(
        found.where(
            Recipient.id == recipient_id,
            Campaign.account == accounts.house().id,
            Campaign.standing_key == _options(row).key,
        ).exists()
    )


def end(recipient_id: int, now: int) -> bool:
    """No further call: what failed before anybody's phone rang would be tried again.  False while a call is up."""
    return quick_sends.withdraw(recipient_id, now)


def follow(
    recipient_id: int,
    read: Callable[[Callable[[], Any]], Any],
    write: Callable[[Callable[[], Any]], Any],
    sleep: Callable[[float], None],
) -> Trial:
    """Wait for the end of the call of `place`, and see that there is no second one.

    `read` and `write` are those of the store, `sleep` waits for some seconds.
    """
    begun_by_m = monotonic_s() + BEGINS_S
    while True:
        trial: Trial = read(lambda: look(recipient_id, wall_ms()))
        is_late = trial.attempt is None and monotonic_s() > begun_by_m
        # One that began just now is not taken back, and is followed.
        if (trial.is_over or is_late) and (write(lambda: end(recipient_id, wall_ms())) or trial.is_over):
            return trial if trial.is_over else read(lambda: look(recipient_id, wall_ms()))
        sleep(_LOOK_S)


def sentence_of(trial: Trial) -> Sentence:
    """What came of the call, or how far it is."""
    call = trial.attempt
    if call is None:
        if not trial.is_over and not trial.set_aside:
            return Sentence(
                "No call was begun yet. %(why)s", why=trial.waits_for or Sentence("It is called soon.")
            )
        why = (
            Reason(trial.set_aside).sentence
            if trial.set_aside
            else Sentence("No call could be begun in time.")
        )
        return Sentence("Nobody was called. %(why)s", why=why)
    if call.ended_at is None:
        if call.answered_at is not None:
            return Sentence("Somebody picked up and hears the message.")
        return Sentence("It rings.") if call.rang_at is not None else Sentence("The carrier was asked.")
    if call.answered_at is not None:
        return Sentence(
            "Answered after %(after)s s; %(heard)s s of the message were heard."
            " The carrier takes numbers in this form.",
            after=f"{(call.answered_at - call.created_at) / 1000:.1f}",
            heard=f"{call.heard_ms / 1000:.1f}",
        )
    code = " ".join(str(part) for part in (call.sip_status or "", call.hangup_cause) if part)
    if call.rang_at is not None:
        return Sentence("It rang. %(why)s (%(code)s)", why=_why(call), code=code)
    return Sentence("It did not ring. %(why)s (%(code)s)", why=_why(call), code=code)


def _why(call: Attempt) -> Sentence:
    """Why a call was not answered."""
    if call.sip_status in ACCOUNT_STATUSES:
        return Sentence(
            "The carrier does not accept this gateway's account: user name, password, address or caller id"
        )
    if call.disposition == Disposition.UNREACHABLE and call.sip_status in _NO_SUCH:
        return Sentence(
            "The carrier knows no such number: it is wrong, or the carrier wants another form of it"
        )
    if call.rang_at is None and call.sip_status is None and call.hangup_cause == "NO_ANSWER":
        return Sentence("Nothing came back from the carrier: its address, or a firewall on the way")
    return _WHY.get(Disposition(call.disposition), Sentence("The call failed"))


_NOT_PUT_THROUGH = Sentence("The carrier, or the switch, did not put the call through")
_WHY = {
    Disposition.CONGESTION: _NOT_PUT_THROUGH,
    Disposition.FAILED: _NOT_PUT_THROUGH,
    Disposition.LOST: _NOT_PUT_THROUGH,
    Disposition.BUSY: Sentence("The line is busy"),
    Disposition.NO_ANSWER: Sentence("Nobody answered"),
    Disposition.REJECTED: Sentence("The call was refused"),
    Disposition.UNREACHABLE: Sentence("The telephone cannot be reached"),
    Disposition.CANCELLED: Sentence("The call was ended by hand"),
}
