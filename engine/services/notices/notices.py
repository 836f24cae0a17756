"""Notices: drafts, publication on the panel's first page, receipts of readers, updates, withdrawal.

A published notice is never changed; updates are added to it with their time.  The time of publication is the evidence
that an announcement was made in time, so nobody can choose it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from engine.agreement.dates import duration_text
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Deadline, Instant, Sentence, Word
from engine.services.accounts import audit_log, permissions
from engine.services.accounts.permissions import NOTICE_ROLES, Actor, require_role
from engine.services.outbox import deliveries
from engine.services.outbox.wording import Bilingual, bilingual
from engine.services.sla import agreements
from engine.states import NoticeState
from engine.store.tables.core import Account, User
from engine.store.tables.support import Notice, NoticeAudience, NoticeRead, NoticeUpdate

log = logging.getLogger(__name__)

INFO, MAINTENANCE, OUTAGE = "info", "maintenance", "outage"
MAX_TITLE, MAX_TEXT = 200, 5_000


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of a notice; only the Persian title is required."""

    title_fa: str
    title_en: str = ""
    text_fa: str = ""
    text_en: str = ""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as one person sees it."""

    notice: Notice
    updates: list[NoticeUpdate]
    is_read: bool


@dataclass(frozen=True, slots=True)
class Receipts:
    """How many of its readers have seen a notice."""

    people: list[tuple[NoticeRead, str]]  # (receipt, user name)
    accounts_read: int
    accounts: int


# -- staff --------------------------------------------------------------------------------


def draft(
    person: Actor,
    words: Words,
    now: int,
    *,
    account_ids: Sequence[int] | None = None,
    ends_at: int | None = None,
) -> int:
    """Draft a notice for all accounts, or for `account_ids`, and return its id."""
    require_role(person, NOTICE_ROLES)
    if ends_at is not None and ends_at <= now:
        raise BadInput("A notice is shown until a time in the future.")
    row = Notice.create(
        kind=INFO,
        is_for_all=account_ids is None,
        author_id=person.id,
        created_at=now,
        ends_at=ends_at,
        **_checked(words),
    )
    _audience(int(row.id), account_ids)
    return int(row.id)


def edit(
    person: Actor,
    notice_id: int,
    words: Words,
    *,
    account_ids: Sequence[int] | None = None,
    ends_at: int | None = None,
) -> None:
    """Change a draft.  Raises Conflict once it is published.  The audience of an outage's notice does not change."""
    require_role(person, NOTICE_ROLES)
    row = get(notice_id)
    values = _checked(words)
    if row.kind != OUTAGE:
        values |= {"is_for_all": account_ids is None, "ends_at": ends_at}
    changed = (
        Notice.update(**values).where(Notice.id == notice_id, Notice.state == NoticeState.DRAFT).execute()
    )
    if not changed:
        raise Conflict("A published notice cannot be changed; add an update.")
    if row.kind != OUTAGE:
        _audience(notice_id, account_ids)


def publish(person: Actor | None, notice_id: int, now: int) -> None:
    """Publish a draft on the first page and send it on all channels; `person` None: automatically."""
    if person is not None:
        require_role(person, NOTICE_ROLES)
    row = get(notice_id)
    changed = (
        Notice.update(
            state=NoticeState.PUBLISHED, published_at=now, published_by=None if person is None else person.id
        )
        .where(Notice.id == notice_id, Notice.state == NoticeState.DRAFT)
        .execute()
    )
    if not changed:
        raise Conflict("Notice %(id)s is %(state)s, not a draft.", id=notice_id, state=Word(row.state))
    audit_log.record(
        None if person is None else person.id,
        None,
        "notice.publish",
        f"notice {notice_id}",
        now,
        after=row.title_fa,
    )
    told = send_out(row, f"notice/{notice_id}", _text_of(row), now)
    log.info("action=notice_published notice=%d kind=%s messages=%d", notice_id, row.kind, told)


def add_update(
    person: Actor | None, notice_id: int, text_fa: str, text_en: str, now: int, key: str | None = None
) -> None:
    """Add an update to a published notice, once for each `key` if it is given; it is shown, but not sent."""
    if person is not None:
        require_role(person, NOTICE_ROLES)
    if not text_fa.strip() or len(text_fa) > MAX_TEXT or len(text_en) > MAX_TEXT:
        raise BadInput("An update has 1 to %(most)s characters in Persian.", most=MAX_TEXT)
    if get(notice_id).state != NoticeState.PUBLISHED:
        raise Conflict("Updates can be added only to a published notice.")
    NoticeUpdate.insert(
        notice_id=notice_id,
        key=key,
        at=now,
        author_id=None if person is None else person.id,
        text_fa=text_fa.strip(),
        text_en=text_en.strip(),
    ).on_conflict_ignore().execute()


def withdraw(person: Actor | None, notice_id: int, reason: str, now: int) -> None:
    """Withdraw a notice, or discard a draft, with the reason."""
    if person is not None:
        require_role(person, NOTICE_ROLES)
    if not reason.strip():
        raise BadInput("Taking down a notice needs a reason.")
    changed = (
        Notice.update(state=NoticeState.WITHDRAWN, withdrawn_at=now, withdrawn_why=reason.strip())
        .where(Notice.id == notice_id, Notice.state != NoticeState.WITHDRAWN)
        .execute()
    )
    if not changed:
        raise Conflict("There is no notice %(id)s that could be taken down.", id=notice_id)
    audit_log.record(
        None if person is None else person.id,
        None,
        "notice.withdraw",
        f"notice {notice_id}",
        now,
        after=reason,
    )


def get(notice_id: int) -> Notice:
    """A notice.  Raises NotFound."""
    row: Notice | None = Notice.get_or_none(Notice.id == notice_id)
    if row is None:
        raise NotFound("There is no notice %(id)s.", id=notice_id)
    return row


def all_of(state: str = "", before_id: int | None = None, limit: int = 50) -> list[Notice]:
    """Notices for staff, newest first; only in `state` if it is given."""
    query = Notice.select().order_by(Notice.id.desc()).limit(limit)
    if state:
        query = query.where(Notice.state == state)
    if before_id is not None:
        query = query.where(Notice.id < before_id)
    return list(query)


# -- maintenance --------------------------------------------------------------------------


def announce_maintenance(
    person: Actor, maintenance_id: int, start_at: int, end_at: int, words: Words, now: int
) -> bool:
    """Publish planned maintenance on the first page and all channels; whether that was in time.

    Call it in the transaction in which `sla.maintenance.announce` records it, so that both have the same time.
    Raises Conflict if this maintenance was announced before.
    """
    require_role(person, NOTICE_ROLES)
    if Notice.select().where(Notice.maintenance_id == maintenance_id).exists():
        raise Conflict("Maintenance %(id)s was announced before.", id=maintenance_id)
    span = bilingual(
        Sentence("From %(start)s to %(end)s (Tehran)"), start=Instant(start_at), end=Deadline(end_at)
    )
    values = _checked(words)
    for language in ("fa", "en"):
        values[f"text_{language}"] = f"{span[language]}\n{values[f'text_{language}']}".strip()
    row = Notice.create(
        kind=MAINTENANCE,
        author_id=person.id,
        created_at=now,
        ends_at=end_at,
        starts_at=start_at,
        maintenance_id=maintenance_id,
        **values,
    )
    publish(person, int(row.id), now)
    lead_ms = start_at - now
    in_time = lead_ms >= agreements.in_force(start_at).limits["maintenance_notice_s"] * 1000
    if not in_time:
        log.warning("action=announced_late notice=%d lead=%r", row.id, duration_text(max(0, lead_ms // 1000)))
    return in_time


def cancel_maintenance(person: Actor, maintenance_id: int, now: int) -> None:
    """Announce on the notice and on all channels that maintenance is cancelled."""
    require_role(person, NOTICE_ROLES)
    row = Notice.get_or_none(Notice.maintenance_id == maintenance_id, Notice.state == NoticeState.PUBLISHED)
    if row is None:
        raise NotFound("Maintenance %(id)s has no notice.", id=maintenance_id)
    words = bilingual(Sentence("This maintenance is cancelled; the service stays available."))
    add_update(person, row.id, words["fa"], words["en"], now, key=f"maintenance/{maintenance_id}/cancelled")
    send_out(row, f"notice/{row.id}/cancelled", words, now)


# -- customers ----------------------------------------------------------------------------


def first_page(person: Actor, now: int, limit: int = 20) -> list[NoticeView]:
    """The notices on a person's first page, outages first, then the newest."""
    account_id = permissions.scope(person)
    query = Notice.select().where(
        Notice.state == NoticeState.PUBLISHED, Notice.ends_at.is_null() | (Notice.ends_at > now)
    )
    if account_id is not None:
        mine = NoticeAudience.select(NoticeAudience.notice_id).where(NoticeAudience.account_id == account_id)
        query = query.where((Notice.is_for_all == True) | Notice.id.in_(mine))  # noqa: E712 - SQL
    rows = list(query.order_by(Notice.published_at.desc(), Notice.id.desc()).limit(limit))
    rows.sort(key=lambda row: row.kind != OUTAGE)
    ids = [row.id for row in rows]
    read = {
        row.notice_id
        for row in NoticeRead.select().where(NoticeRead.person_id == person.id, NoticeRead.notice_id.in_(ids))
    }
    return [NoticeView(row, updates(row.id), row.id in read) for row in rows]


def updates(notice_id: int) -> list[NoticeUpdate]:
    """The updates of a notice, oldest first."""
    return list(NoticeUpdate.select().where(NoticeUpdate.notice_id == notice_id).order_by(NoticeUpdate.id))


def mark_read(person: Actor, notice_id: int, now: int) -> None:
    """Record that a person has seen a notice of its audience; the first time counts."""
    row = get(notice_id)
    account_id = permissions.scope(person)
    is_meant = (
        account_id is None
        or row.is_for_all
        or NoticeAudience.get_or_none(
            NoticeAudience.notice_id == notice_id, NoticeAudience.account_id == account_id
        )
        is not None
    )
    if row.state != NoticeState.PUBLISHED or not is_meant:
        raise NotFound("There is no notice %(id)s.", id=notice_id)
    NoticeRead.insert(
        notice_id=notice_id, person_id=person.id, account_id=account_id, at=now
    ).on_conflict_ignore().execute()


def receipts(notice_id: int, limit: int = 500) -> Receipts:
    """Who has seen a notice, for staff; newest receipts first."""
    row = get(notice_id)
    read = list(
        NoticeRead.select()
        .where(NoticeRead.notice_id == notice_id)
        .order_by(NoticeRead.at.desc())
        .limit(limit)
    )
    people = User.select(User.id, User.username).where(User.id.in_([each.person_id for each in read]))
    names = {each.id: each.username for each in people}
    counted = (
        NoticeRead.select(fn.COUNT(NoticeRead.account_id.distinct()))
        .where(NoticeRead.notice_id == notice_id)
        .scalar()
    )
    meant = (
        Account.select().where(Account.is_house == False).count()  # noqa: E712 - SQL
        if row.is_for_all
        else NoticeAudience.select().where(NoticeAudience.notice_id == notice_id).count()
    )
    return Receipts([(each, names.get(each.person_id, "")) for each in read], int(counted or 0), meant)


# -- inside -------------------------------------------------------------------------------


def send_out(row: Notice, key: str, text: Bilingual, now: int) -> int:
    """Send a text about a notice to its audience, to the addresses for notices; returns how many messages."""
    subject = {"fa": row.title_fa, "en": row.title_en}
    about: dict[str, Any] = {"now": now, "notice_id": int(row.id), "is_urgent": row.kind == OUTAGE}
    if row.is_for_all:
        told = deliveries.to_customers("notices", key, subject=subject, text=text, **about)
        return told + deliveries.to_staff("public", key, subject=subject, text=text, **about)
    return sum(
        deliveries.to_account(account_id, "notices", key, subject=subject, text=text, **about)
        for account_id in audience(int(row.id))
    )


def audience(notice_id: int) -> list[int]:
    """The accounts of a notice that is not for all."""
    rows = NoticeAudience.select().where(NoticeAudience.notice_id == notice_id)
    return [row.account_id for row in rows.order_by(NoticeAudience.account_id)]


def _text_of(row: Notice) -> dict[str, str]:
    return {"fa": row.text_fa or row.title_fa, "en": row.text_en or row.title_en}


def _audience(notice_id: int, account_ids: Sequence[int] | None) -> None:
    NoticeAudience.delete().where(NoticeAudience.notice_id == notice_id).execute()
    if account_ids is None:
        return
    wanted = sorted(set(account_ids))
    known = Account.select().where(Account.id.in_(wanted)).count()
    if not wanted or known != len(wanted):
        raise BadInput("A notice for some accounts needs accounts that exist.")
    for account_id in wanted:
        NoticeAudience.create(notice_id=notice_id, account_id=account_id)


def _checked(words: Words) -> dict[str, str | bool | int | None]:
    title_fa, title_en = " ".join(words.title_fa.split()), " ".join(words.title_en.split())
    if not title_fa:
        raise BadInput("A notice needs a Persian title.")
    if max(len(title_fa), len(title_en)) > MAX_TITLE:
        raise BadInput("The title of a notice has at most %(n)s characters.", n=MAX_TITLE)
    if max(len(words.text_fa), len(words.text_en)) > MAX_TEXT:
        raise BadInput("The text of a notice has at most %(n)s characters.", n=MAX_TEXT)
    return {
        "title_fa": title_fa,
        "title_en": title_en,
        "text_fa": words.text_fa.strip(),
        "text_en": words.text_en.strip(),
    }
