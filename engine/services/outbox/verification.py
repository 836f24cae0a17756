"""Proof of contact addresses: a code is sent there, and whoever added the address enters it.

A telephone is called; the other channels get a message.  The caps are those of all codes
(`campaigns.codes`), so that nobody has us write or ring to strangers.
"""

from __future__ import annotations

import hashlib

from engine.errors import Conflict
from engine.sentences import Sentence
from engine.services.accounts.permissions import Actor
from engine.services.campaigns import codes
from engine.services.compliance.policy import Policy
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.services.outbox import addresses, deliveries
from engine.services.outbox.wording import bilingual
from engine.store.tables.support import ContactAddress

SUBJECT = Sentence("Code for this address")
TEXT = Sentence("The code for this address at Avanak is %(code)s. If you did not ask for it, do nothing.")


def subject_of(row: ContactAddress) -> codes.Subject:
    """What the codes of an address are about."""
    return codes.Subject(codes.Purpose.ADDRESS, int(row.account_id or 0), int(row.id))


def send(
    row: ContactAddress, asker: codes.Asker, now: int, speak: codes.Speak, write: codes.Write, policy: Policy
) -> codes.Sent | None:
    """Send a new code to an address; the call, None for a message.  Not inside a transaction.

    Raises TooSoon, Conflict for an address that is verified.
    """
    if row.verified_at is not None:
        raise Conflict("This address is verified already.")
    if row.channel == "voice":
        number = numbers.normalise(row.address)
        if isinstance(number, Reason):
            raise Conflict("This number cannot be called any more.")
        language = str(row.language)
        return codes.send(subject_of(row), number, asker, now, speak, write, policy, language)

    def enqueue() -> None:
        code_id, code = codes.note(subject_of(row), _mark(row), asker, now, policy)
        deliveries.enqueue(
            f"verify/{row.id}/{code_id}",
            deliveries.Addressee(row.channel, row.address, row.language),
            bilingual(SUBJECT)[row.language],
            bilingual(TEXT, code=code)[row.language],
            now,
            account_id=row.account_id,
        )

    write(enqueue)
    return None


def verify(person: Actor, address_id: int, code: str, now: int) -> bool:
    """Whether the code is the one that was sent; then the address is used from now on.  As `codes.take`."""
    row = addresses.get(person, address_id)
    known_as = row.address if row.channel == "voice" else _mark(row)
    if not codes.take(subject_of(row), known_as, code, now):
        return False
    # Whoever heard the code holds the telephone, whoever typed the number.
    ContactAddress.update(verified_at=now, person_id=person.id).where(ContactAddress.id == row.id).execute()
    return True


def _mark(row: ContactAddress) -> str:
    """What stands for an address among the numbers that codes were sent to."""
    return hashlib.sha256(f"{row.channel} {row.address.lower()}".encode()).hexdigest()[:20]
