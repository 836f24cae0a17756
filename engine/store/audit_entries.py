"""Writes the audit log: who changed what.  Entries are added, never changed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from engine.store.tables.customers import AuditEntry

log = logging.getLogger(__name__)

MAX_TEXT = 500  # characters of before and after that are kept


def record(
    person_id: int | None,
    account_id: int | None,
    action: str,
    subject: str,
    now: int,
    before: Mapping[str, Any] | str = "",
    after: Mapping[str, Any] | str = "",
) -> None:
    """Record an action, in the transaction that does it.

    `action` is a stable word (``account.suspend``), `subject` names what (``account 7``);
    `before` and `after` are short: the values that changed by their names, which pages put into words
    (webui/i18n/audit_words.py), or what somebody wrote; no secrets.  `person_id` None:
    the system or the command line.
    """
    AuditEntry.create(
        at=now,
        person_id=person_id,
        account_id=account_id,
        action=action[:40],
        subject=subject[:80],
        before=_short(before),
        after=_short(after),
    )
    log.info("action=audited what=%s subject=%r person=%s account=%s", action, subject, person_id, account_id)


def _short(value: Mapping[str, Any] | str) -> str:
    if isinstance(value, str):
        return _cut(value, MAX_TEXT)
    kept = {name: _cut(one, MAX_TEXT // 2) if isinstance(one, str) else one for name, one in value.items()}
    return json.dumps(kept, ensure_ascii=False, default=str)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
