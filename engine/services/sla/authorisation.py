"""Who may do what with the agreement's records, and the audit entry when they do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import BadInput, NotAllowed
from engine.sentences import Sentence, Word
from engine.services.accounts import audit_log
from engine.services.accounts.people import STAFF_ROLES
from engine.store.tables.core import User

# Who enters and corrects outages, exclusions, unknown time, maintenance.
RECORD_ROLES = frozenset(("operator", "administrator", "quality"))
# The technical and supervisory committee.
COMMITTEE_ROLES = frozenset(("operator", "administrator", "quality"))
# Who publishes a version of the agreement.
AGREEMENT_ROLES = frozenset(("administrator",))
MAX_REASON = 2_000


def require_staff(person_id: int, roles: Collection[str] = STAFF_ROLES) -> None:
    """NotAllowed unless that person is active staff with one of the roles."""
    person = User.get_or_none(User.id == person_id)
    if person is None or not person.is_active or person.role not in STAFF_ROLES or person.role not in roles:
        raise NotAllowed(
            "This needs a member of staff with one of the roles: %(roles)s.",
            roles=[Word(role) for role in sorted(roles)],
        )


def reason_of(text: str, what: Sentence) -> str:
    """A reason that somebody gave, trimmed; BadInput when it says nothing."""
    reason = " ".join(text.split())
    if len(reason) < 3:
        raise BadInput("%(what)s: a reason is needed.", what=what)
    if len(reason) > MAX_REASON:
        raise BadInput("%(what)s: the reason has more than %(n)s characters.", what=what, n=MAX_REASON)
    return reason


def note(
    person_id: int | None,
    action: str,
    subject: str,
    now: int,
    *,
    after: Mapping[str, Any] | str,
    before: Mapping[str, Any] | str = "",
    account_id: int | None = None,
) -> None:
    """Write an act of staff (None: the system) into the audit log; `after` says the reason as well."""
    audit_log.record(person_id, account_id, f"sla.{action}", subject, now, before, after)
