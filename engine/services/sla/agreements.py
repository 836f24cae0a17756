"""Versions of the agreement: those that ship with the program, and those that staff published."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from engine.agreement.terms import Difference, Terms, Versions, diff, published
from engine.errors import BadInput, Conflict
from engine.sentences import Instant, Sentence
from engine.services.sla import authorisation
from engine.store.tables.sla import AgreementVersion


def versions() -> Versions:
    """All versions, the earliest first."""
    rows = AgreementVersion.select(AgreementVersion.record).order_by(AgreementVersion.effective_at)
    return _versions(tuple(row.record for row in rows))


@lru_cache(maxsize=4)
def _versions(records: tuple[str, ...]) -> Versions:
    stored = [Terms.from_record(json.loads(record)) for record in records]
    return Versions.of([*published().terms, *stored])


def in_force(at: int) -> Terms:
    """The version in force at an instant (milliseconds)."""
    return versions().in_force(at // 1000)


def publish(record: dict[str, Any], author_id: int, reason: str, now: int) -> Terms:
    """Staff publish a version with an effect date in the future; the version.

    `record` is the JSON object of `Terms.from_record`; its figures are checked
    there.  BadInput for an effect date that is not in the future (what has
    happened keeps its version); Conflict for an id or a date that is taken.
    A version that is published is never changed.
    """
    authorisation.require_staff(author_id, authorisation.AGREEMENT_ROLES)
    reason = authorisation.reason_of(reason, Sentence("The new version"))
    terms = Terms.from_record(record)
    if terms.effective_from is None or terms.effective_from * 1000 <= now:
        raise BadInput(
            "A version of the agreement takes effect in the future: what has happened keeps the version of its time."
        )
    known = versions()
    if any(each.id == terms.id for each in known.terms):
        raise Conflict("There is a version %(id)s of the agreement already.", id=terms.id)
    if any(each.effective_from == terms.effective_from for each in known.terms):
        raise Conflict("Another version takes effect at %(at)s.", at=Instant(terms.effective_from * 1000))
    AgreementVersion.create(
        terms_id=terms.id,
        effective_at=terms.effective_from * 1000,
        record=json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        sha256=terms.sha256,
        reason=reason,
        author_id=author_id,
        published_at=now,
    )
    authorisation.note(
        author_id,
        "agreement_published",
        f"agreement {terms.id}",
        now,
        after={"effective_at": terms.effective_from * 1000, "reason": reason},
    )
    return terms


def changes(before_id: str, after_id: str) -> tuple[Difference, ...]:
    """What changed between two versions, by path; NotFound-like BadInput for an unknown id."""
    known = versions()
    return diff(known.by_id(before_id), known.by_id(after_id))


def draft_of(terms_id: str) -> dict[str, Any]:
    """A copy of a version's record, for staff to begin the next one from."""
    record: dict[str, Any] = json.loads(json.dumps(versions().by_id(terms_id).record))
    return record
