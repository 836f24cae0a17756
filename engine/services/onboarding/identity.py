"""Who a customer is: submitted by its owner, accepted or returned with a reason by staff."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence, Word
from engine.services.accounts import account_states, accounts, audit_log, documents
from engine.services.accounts.documents import StoredFile
from engine.services.accounts.ownership import owned
from engine.services.onboarding.national_numbers import national_code, national_id
from engine.states import AccountState, ReviewState
from engine.store.paging import page_of
from engine.store.tables.core import Account
from engine.store.tables.customers import Document, IdentityReview
from engine.text import one_line

log = logging.getLogger(__name__)

PERSON, FIRM = "person", "firm"


def submit(
    account_id: int,
    kind: str,
    name: str,
    national_number: str,
    files: Sequence[StoredFile],
    person_id: int | None,
    now: int,
) -> int:
    """Submit an identity for review; the review's id.  Inside a transaction.

    `kind` is person (national code) or firm (national id, and at least one document).
    The mobile must have been verified; one review is open at a time (Conflict).
    """
    row = accounts.get(account_id)
    if row.state != AccountState.MOBILE_VERIFIED:
        raise Conflict(_not_now(AccountState(row.state)))
    if kind not in (PERSON, FIRM):
        raise BadInput("An account is a person or a firm.")
    name = one_line(name)
    if not 2 <= len(name) <= 200:
        raise BadInput("The name has 2 to 200 characters.")
    number = national_code(national_number) if kind == PERSON else national_id(national_number)
    if kind == FIRM and not files:
        raise BadInput("A firm submits at least one document (its registration notice).")
    if open_review(account_id) is not None:
        raise Conflict("The identity has been submitted already; staff are looking at it.")
    review = IdentityReview.create(
        account_id=account_id,
        kind=kind,
        name=name,
        national_number=number,
        submitted_at=now,
        submitted_by=person_id,
    )
    for stored in files:
        documents.note(account_id, stored, now, review.id)
    log.info("action=identity_submitted account=%d review=%d kind=%s", account_id, review.id, kind)
    return int(review.id)


def _not_now(state: AccountState) -> Sentence:
    if state == AccountState.REGISTERED:
        return Sentence("Verify the mobile first; then the identity can be submitted.")
    return Sentence("The account is %(state)s: no identity is asked for.", state=state)


def open_review(account_id: int) -> IdentityReview | None:
    """The review of an account that staff have not decided yet."""
    return IdentityReview.get_or_none(
        IdentityReview.account_id == account_id, IdentityReview.state == ReviewState.SUBMITTED
    )


def reviews(
    account_id: int | None = None,
    *,
    state: str = "",
    from_id: int | None = None,
    is_queue: bool = False,
    limit: int = 50,
) -> list[IdentityReview]:
    """A page of reviews (`paging.page_of`): of the account (customers see only theirs), in a state."""
    query = IdentityReview.select()
    if account_id is not None:
        query = query.where(IdentityReview.account_id == account_id)
    if state:
        query = query.where(IdentityReview.state == state)
    return page_of(query, IdentityReview.id, from_id=from_id, is_queue=is_queue, limit=limit)


def get(review_id: int, account_id: int | None = None) -> IdentityReview:
    """A review, of the account if one is given; NotFound otherwise."""
    query = IdentityReview.select().where(IdentityReview.id == review_id)
    missing = NotFound("There is no identity review %(id)s.", id=review_id)
    return owned(query, IdentityReview.account_id, account_id, missing)


def documents_of(review_id: int) -> list[Document]:
    """The documents that were submitted with a review."""
    return list(Document.select().where(Document.review_id == review_id).order_by(Document.id))


def others_with(review: IdentityReview) -> list[int]:
    """Other accounts whose accepted identity has the same number, for staff to look at."""
    rows = IdentityReview.select(IdentityReview.account_id).where(
        IdentityReview.national_number == review.national_number,
        IdentityReview.state == ReviewState.ACCEPTED,
        IdentityReview.account_id != review.account_id,
    )
    return sorted({int(row.account_id) for row in rows})


def accept(review_id: int, person_id: int, now: int) -> None:
    """Staff accept: the account takes the name, and may pay its subscription.  Audited."""
    row = _decide(review_id, ReviewState.ACCEPTED, "", person_id, now)
    account_states.advance(row.account_id, AccountState.IDENTITY_VERIFIED)
    Account.update(name=row.name, kind=row.kind).where(Account.id == row.account_id).execute()


def return_(review_id: int, reason: str, person_id: int, now: int) -> None:
    """Staff return it with a reason that the customer sees; it may be submitted again.  Audited."""
    if not reason.strip():
        raise BadInput("Say why the identity is returned; the customer sees it.")
    _decide(review_id, ReviewState.RETURNED, reason.strip()[:500], person_id, now)


def _decide(review_id: int, new: ReviewState, reason: str, person_id: int, now: int) -> IdentityReview:
    row = get(review_id)
    moved = (
        IdentityReview.update(state=new, reason=reason, decided_at=now, decided_by=person_id)
        .where(IdentityReview.id == review_id, IdentityReview.state == ReviewState.SUBMITTED)
        .execute()
    )
    if not moved:
        raise Conflict(
            "Identity review %(id)s was decided already: %(state)s.",
            id=review_id,
            state=Word(get(review_id).state),
        )
    audit_log.record(
        person_id,
        row.account_id,
        f"identity.{new.value}",
        f"identity review {review_id}",
        now,
        {"state": row.state},
        {"state": new, "reason": reason} if reason else {"state": new},
    )
    log.info("action=identity_decided review=%d %s -> %s", review_id, row.state, new)
    return row
