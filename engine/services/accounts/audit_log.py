"""The audit log: what staff did to a customer's data.  Entries are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.services.accounts.permissions import STAFF_ROLES
from engine.store.audit_entries import record
from engine.store.tables.core import User
from engine.store.tables.customers import AuditEntry

__all__ = ["acted_since", "by_staff", "entries", "is_of_staff", "record"]


def by_staff(
    person_id: int | None,
    account_id: int | None,
    action: str,
    subject: str,
    now: int,
    before: Mapping[str, Any] | str = "",
    after: Mapping[str, Any] | str = "",
) -> None:
    """As `record`, but only if the person is staff: what customers do with their own data is not audited."""
    if is_of_staff(person_id):
        record(person_id, account_id, action, subject, now, before, after)


def acted_since(person_id: int, action: str, subject: str, since: int) -> bool:
    """Whether the person did this to it at `since` or later."""
    query = AuditEntry.select().where(
        AuditEntry.person_id == person_id,
        AuditEntry.action == action,
        AuditEntry.subject == subject,
        AuditEntry.at >= since,
    )
    return bool(query.exists())


def is_of_staff(person_id: int | None) -> bool:
    """Whether the person is staff; the command line and the system are not."""
    return User.select(User.role).where(User.id == person_id).scalar() in STAFF_ROLES


def entries(
    account_id: int | None = None,
    *,
    person_id: int | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Acts, newest first: on the account's data, by the person, older than `before_id`."""
    query = AuditEntry.select().order_by(AuditEntry.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(AuditEntry.account_id == account_id)
    if person_id is not None:
        query = query.where(AuditEntry.person_id == person_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(query)
