"""A request sent twice is performed once: its answer is stored with its effect, for a day.

The answer is written in the transaction that does the work, so there is never one without the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import BadInput, Conflict
from engine.sealing import SecretBox
from engine.store.tables.programs import KeptAnswer

KEPT_MS = 24 * 3_600_000
MAX_KEY = 100
_CLEARED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key for one request of an operation; `sha256` is of what was asked for."""

    account_id: int
    operation: str
    key: str
    sha256: str

    def part(self, number: int, sha256: str) -> Key:
        """The key of a part of a request that is done in several transactions."""
        return Key(self.account_id, self.operation, f"{self.key}#{number}", sha256)


class KeyUsed(Conflict):
    """The key was used for another request."""


def check(key: str) -> str:
    """A client's key: 1 to 100 printable ASCII characters.  BadInput."""
    if not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise BadInput("«Idempotency-Key» has 1 to %(n)s printable ASCII characters.", n=MAX_KEY)
    return key


def once(
    key: Key | None, now: int, work: Callable[[], str], box: SecretBox | None = None
) -> tuple[str, bool]:
    """In a transaction: the answer (JSON) of `work`, or the one that was kept for the key; whether it was kept.

    With a `box` it is kept sealed: an answer with a secret in it.
    KeyUsed when the key was used for something else.  Without a key `work` is done.
    """
    if key is None:
        return work(), False
    name = f"{key.operation}/{key.key}"
    found = KeptAnswer.get_or_none(KeptAnswer.account_id == key.account_id, KeptAnswer.key == name)
    if found is not None and found.created_at > now - KEPT_MS:
        if found.sha256 != key.sha256:
            raise KeyUsed("The key «%(key)s» was used for another request.", key=key.key)
        answer = found.answer if box is None else box.unseal(found.answer, _purpose(key))
        if answer is None:  # the installation's secret key was replaced and is not known any more
            raise KeyUsed("The answer to the key «%(key)s» cannot be read any more.", key=key.key)
        return str(answer), True
    _forget(key.account_id, now)
    answer = work()
    kept = answer if box is None else box.seal(answer, _purpose(key))
    KeptAnswer.create(account_id=key.account_id, key=name, sha256=key.sha256, answer=kept, created_at=now)
    return answer, False


def _purpose(key: Key) -> str:
    return f"answer to {key.operation} {key.key} of account {key.account_id}"


def _forget(account_id: int, now: int) -> None:
    """Remove what is older than a day, of the account that asks: a few more than it adds."""
    old = (
        KeptAnswer.select(KeptAnswer.key)
        .where(KeptAnswer.account_id == account_id, KeptAnswer.created_at <= now - KEPT_MS)
        .limit(_CLEARED_AT_ONCE)
    )
    keys = [row.key for row in old]
    if keys:
        KeptAnswer.delete().where(KeptAnswer.account_id == account_id, KeptAnswer.key.in_(keys)).execute()
