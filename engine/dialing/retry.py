"""What follows an ended attempt: done, try again at …, or another gateway now.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dialing.causes import Fault, Verdict
from engine.states import Disposition, RecipientState, UnknownPolicy

# A trunk's fault rings nobody and spends no try, but it is counted, because some carriers answer 503 for a number that
# does not exist.  A number gets so many such tries on each gateway that could carry it while the gateway serves others,
# and on one that fails for everybody as many as fit into ten minutes.
FREE_TRIES_A_GATEWAY = 3
MAX_FREE_TRIES = 12
LONGEST_FREE_MS = 600_000
FREE_BACKOFF_FIRST_MS = 2_000
FREE_BACKOFF_GROWTH = 4
FREE_BACKOFF_CAP_MS = 120_000
OURS_WAIT_MS = 2_000
ACCOUNT_WAIT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Policy:
    """A campaign's rule for retries."""

    max_tries: int
    retry_after_ms: int
    unknown: UnknownPolicy = UnknownPolicy.LEAVE


@dataclass(frozen=True, slots=True)
class Ways:
    """The other routes: how many gateways carry the number, and whether this one fails for others too.

    `first_fault_at` is when the recipient's uncounted tries began (ms), None if now.
    """

    gateways: int = 1
    is_failing: bool = False
    first_fault_at: int | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of the recipient."""

    state: RecipientState
    next_at: int = 0
    spent_try: bool = True
    free_try: bool = False  # an uncounted try: it counts towards the limits above
    avoid_gateway: bool = False


def after(
    verdict: Verdict,
    delivered: bool,
    tries: int,
    uncounted_tries: int,
    policy: Policy,
    now: int,
    spread: float,
    ways: Ways,
) -> Next:
    """Decide for a recipient that has spent `tries` and `uncounted_tries` before this attempt.

    A phone that rang spends a try, whoever was at fault.  `spread` in [0, 1) keeps recipients that failed together from
    being due together.
    """
    if delivered:
        return Next(RecipientState.DELIVERED)
    if verdict.has_rung or verdict.fault in (Fault.NONE, Fault.CALLEE, Fault.NUMBER):
        if verdict.fault is Fault.NUMBER or tries + 1 >= policy.max_tries:
            return Next(RecipientState.EXHAUSTED)
        return Next(RecipientState.RETRY_WAIT, now + policy.retry_after_ms)
    if verdict.fault is Fault.OURS:
        return Next(RecipientState.RETRY_WAIT, now + _spread(OURS_WAIT_MS, spread), spent_try=False)
    if verdict.fault is Fault.ACCOUNT:
        wait = 0 if ways.gateways > 1 and uncounted_tries == 0 else _spread(ACCOUNT_WAIT_MS, spread)
        return Next(RecipientState.RETRY_WAIT, now + wait, spent_try=False, avoid_gateway=True)
    if _is_worn_out(uncounted_tries + 1, now, ways):
        return Next(RecipientState.EXHAUSTED, spent_try=False, free_try=True)
    # The first fault sends the call to another gateway at once, within the same try.
    at_once = uncounted_tries == 0 and ways.gateways > 1
    return Next(
        RecipientState.PENDING if at_once else RecipientState.RETRY_WAIT,
        now if at_once else now + free_backoff_ms(uncounted_tries, spread),
        spent_try=False,
        free_try=True,
        avoid_gateway=True,
    )


def _is_worn_out(uncounted_tries: int, now: int, ways: Ways) -> bool:
    if uncounted_tries >= MAX_FREE_TRIES:
        return True
    if ways.first_fault_at is not None and now - ways.first_fault_at >= LONGEST_FREE_MS:
        return True
    return not ways.is_failing and uncounted_tries >= FREE_TRIES_A_GATEWAY * ways.gateways


def after_unknown(tries: int, policy: Policy, now: int) -> Next:
    """Decide when the outcome of a call is unknown: the phone may have rung, so the try is spent.

    The message is played again only if the policy says so and a try is left.
    """
    if policy.unknown is UnknownPolicy.LEAVE or tries + 1 >= policy.max_tries:
        return Next(RecipientState.UNKNOWN)
    return Next(RecipientState.RETRY_WAIT, now + policy.retry_after_ms)


def free_backoff_ms(uncounted_tries: int, spread: float) -> int:
    """The wait before the next try when one was not counted: growing, capped, and spread over half its length."""
    return _spread(
        min(FREE_BACKOFF_CAP_MS, FREE_BACKOFF_FIRST_MS * FREE_BACKOFF_GROWTH ** min(uncounted_tries, 10)),
        spread,
    )


def _spread(wait_ms: int, spread: float) -> int:
    return int(wait_ms * (0.75 + 0.5 * spread))


LOST = Verdict(Disposition.LOST, Fault.OURS)
