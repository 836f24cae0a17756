"""What follows an ended attempt: done, try again at …, or another gateway now.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dialing.causes import Fault, Verdict
from engine.states import Disposition, RecipientState, UnknownPolicy

# A trunk's fault costs no try, but on a trunk that serves others well it may not
# go on for ever: some carriers say 503 of a number that does not exist.  With
# the back-off below 12 of them take about ten minutes.
MAX_FREE_TRIES = 12
FREE_BACKOFF_FIRST_MS = 1_000
FREE_BACKOFF_CAP_MS = 120_000
FAILING_TRUNK_MS = 2_000


@dataclass(frozen=True, slots=True)
class Policy:
    """A campaign's rule for retries."""

    max_tries: int
    retry_after_ms: int
    unknown: UnknownPolicy = UnknownPolicy.LEAVE


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of the recipient."""

    state: RecipientState
    next_at: int = 0
    spent_try: bool = True
    free_try: bool = False  # counts against MAX_FREE_TRIES
    avoid_gateway: bool = False


def after(
    verdict: Verdict,
    delivered: bool,
    tries: int,
    free_tries: int,
    policy: Policy,
    now: int,
    spread: float,
    trunk_is_failing: bool = False,
) -> Next:
    """Decide for a recipient that has spent `tries` and `free_tries` before this attempt.

    `spread` in [0, 1) keeps recipients that failed together from coming back together.
    While the trunk fails for everybody, its faults count against nobody.
    """
    if delivered:
        return Next(RecipientState.DELIVERED)
    if verdict.fault is Fault.OURS:
        wait = free_backoff_ms(free_tries, spread)
        return Next(RecipientState.RETRY_WAIT, now + wait, spent_try=False, free_try=free_tries < 8)
    if verdict.fault is Fault.CARRIER:
        if trunk_is_failing:
            wait = FAILING_TRUNK_MS + free_backoff_ms(free_tries, spread)
            return Next(RecipientState.RETRY_WAIT, now + wait, spent_try=False, avoid_gateway=True)
        if free_tries + 1 >= MAX_FREE_TRIES:
            return Next(RecipientState.EXHAUSTED, spent_try=False, free_try=True)
        # The first fault sends the call to another gateway at once, within the same try.
        at_once = free_tries == 0
        return Next(
            RecipientState.PENDING if at_once else RecipientState.RETRY_WAIT,
            now if at_once else now + free_backoff_ms(free_tries, spread),
            spent_try=False,
            free_try=True,
            avoid_gateway=True,
        )
    if verdict.fault is Fault.NUMBER or tries + 1 >= policy.max_tries:
        return Next(RecipientState.EXHAUSTED)
    return Next(RecipientState.RETRY_WAIT, now + policy.retry_after_ms)


def after_unknown(free_tries: int, policy: Policy, now: int) -> Next:
    """Decide when what happened to a call cannot be known.

    Called again, it costs the recipient no try: the fault was not theirs.
    """
    if policy.unknown is UnknownPolicy.LEAVE:
        return Next(RecipientState.UNKNOWN, spent_try=False)
    if free_tries + 1 >= MAX_FREE_TRIES:
        return Next(RecipientState.EXHAUSTED, spent_try=False, free_try=True)
    return Next(RecipientState.RETRY_WAIT, now + policy.retry_after_ms, spent_try=False, free_try=True)


def after_cut_off(tries: int, policy: Policy, now: int) -> Next:
    """Decide when somebody answered, and how much was heard cannot be known.

    The whole message may have been heard, so it is played again only if the policy says so; the try was spent.
    """
    if policy.unknown is UnknownPolicy.LEAVE:
        return Next(RecipientState.UNKNOWN)
    if tries + 1 >= policy.max_tries:
        return Next(RecipientState.EXHAUSTED)
    return Next(RecipientState.RETRY_WAIT, now + policy.retry_after_ms)


def free_backoff_ms(free_tries: int, spread: float) -> int:
    """Wait before a try that is not counted: doubling, capped, spread over half its length."""
    full = min(FREE_BACKOFF_CAP_MS, FREE_BACKOFF_FIRST_MS * 2 ** min(free_tries, 20))
    return int(full * (0.75 + 0.5 * spread))


LOST = Verdict(Disposition.LOST, Fault.OURS)
