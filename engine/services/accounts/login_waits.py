"""Growing waits for a network from which passwords are guessed; other networks never wait.

Failures are counted for each name from a network, and for each network as a whole.  A successful login
clears the count of the name but not of the network; otherwise anybody with an account could guess other
passwords without limit.  The counts are in the database, so that several web processes share them.
"""

from __future__ import annotations

import hashlib
import logging

from engine.services.accounts import audit_log
from engine.store.tables.core import User
from engine.store.tables.people import LoginWait

log = logging.getLogger(__name__)

FREE_BY_NAME, FREE_IN_ALL = 5, 20
FREE_OF_SECOND_FACTOR = (
    10  # codes of one person, from everywhere: who types them has shown the right password
)
LONGEST_MS = 15 * 60_000
FORGOTTEN_MS = 60 * 60_000  # after so long without a failure
KEPT = 100_000  # rows; beyond them the oldest are forgotten


def closed_until(network: str, name: str, now: int, second_factor_of: int | None = None) -> int | None:
    """Until when passwords from this network (for this name) are refused unread; None if one may be tried.  Only reads.

    `second_factor_of`: codes of that person, which wait for each other from all networks: a million are guessed soon by
    somebody who has the password and many addresses.
    """
    keys = [key for key, _ in _keys(network, name, second_factor_of)]
    rows = LoginWait.select(LoginWait.until_at).where(LoginWait.name.in_(keys), LoginWait.until_at > now)
    return max((int(row.until_at) for row in rows), default=None)


def failed(
    network: str, name: str, person: User | None, now: int, second_factor_of: int | None = None
) -> None:
    """Count a wrong password (or code, `closed_until`), and write it into the audit log; inside a transaction."""
    for key, free in _keys(network, name, second_factor_of):
        row = LoginWait.get_or_none(LoginWait.name == key)
        failures = 1 if row is None or row.at <= now - FORGOTTEN_MS else row.failures + 1
        values = {"failures": failures, "until_at": now + wait_ms(failures - free), "at": now}
        LoginWait.insert(name=key, **values).on_conflict(
            conflict_target=[LoginWait.name], update=values
        ).execute()
    audit_log.record(
        None,
        person.account_id if person else None,
        "login.failed",
        f"person {person.id}" if person else "nobody",
        now,
        after={"from": network},
    )
    log.warning("action=login_failed person=%s from=%s", person.id if person else "-", network)


def wait_ms(over: int) -> int:
    """The wait after this many excess failures: 2 s, 4, 8 … up to a quarter of an hour."""
    return min(LONGEST_MS, 1000 * 2 ** min(over, 20)) if over > 0 else 0


def succeeded(network: str, name: str, second_factor_of: int | None = None) -> None:
    """Forget the failures of a name from a network; inside a transaction."""
    by_name, _in_all, *of_person = (key for key, _ in _keys(network, name, second_factor_of))
    LoginWait.delete().where(LoginWait.name.in_([by_name, *of_person])).execute()


def sweep(now: int) -> int:
    """Remove expired rows, and the oldest ones beyond the limit; how many.  A job; safe to repeat."""
    gone = LoginWait.delete().where(LoginWait.at <= now - FORGOTTEN_MS).execute()
    over = LoginWait.select().count() - KEPT
    if over > 0:
        oldest = LoginWait.select(LoginWait.name).order_by(LoginWait.at).limit(over)
        gone += LoginWait.delete().where(LoginWait.name.in_(oldest)).execute()
    return int(gone)


def _keys(network: str, name: str, second_factor_of: int | None) -> list[tuple[str, int]]:
    """How a name from a network, and the network in all, are kept, and how often they fail freely.

    Names that people typed are not kept.
    """
    hashed = hashlib.sha256(name.strip().lower().encode()).hexdigest()[:32]
    keys = [(f"{network[:64]} {hashed}", FREE_BY_NAME), (network[:64], FREE_IN_ALL)]
    if second_factor_of is not None:
        keys.append((f"second factor of {second_factor_of}", FREE_OF_SECOND_FACTOR))
    return keys
