"""Imports uploaded lists into campaigns, outside the request that uploaded them.

A request keeps the file in its folder and notes the import; `run` does it, chunk by
chunk, wherever the folder is.  Each chunk is counted in its own transaction: an import that is interrupted at any
moment continues after the last chunk, and no row is imported twice.
"""

from __future__ import annotations

import fcntl
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import (
    AvanakError,
    BadInput,
    Conflict,
    EngineBusy,
    NotAllowed,
    NotFound,
    StoreUnavailable,
)
from engine.sentences import Sentence
from engine.services.accounts import audit_log
from engine.services.campaigns import campaigns, view
from engine.services.campaigns.recipients import Begin, Imported, import_list
from engine.services.campaigns.start_checks import NotApproved
from engine.services.campaigns.uploads import TAKEN, Pending, Uploads, sha256_of
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.lists.choices import choices_of
from engine.services.lists.reader import ListReader, open_list
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import NumberRules
from engine.states import CampaignState, ImportState, MessageState
from engine.store.database import db
from engine.store.tables.core import Campaign
from engine.store.tables.lists import ListImport
from engine.workers.job import Lane

log = logging.getLogger(__name__)

OPEN = (ImportState.WAITING, ImportState.RUNNING)
OUR_FAULT = Sentence(
    "The list could not be read to its end. That is a fault of ours and was noted; what is in stays."
)
MOST_TRIES = 3  # without a part that came in
TRIED_ENOUGH = Sentence(
    "This list ended the reading three times and is not tried again; save it as CSV and add it once more."
)
SHOWN = 20  # imports of a campaign that its page shows

Write = Callable[[Callable[[], Any]], Any]


def note(
    campaign_id: int,
    pending: Pending,
    now: int,
    *,
    expected: int = 0,
    starts: bool = False,
    awaits_approval: bool = False,
) -> int:
    """Inside a write: note that the list of a taken upload is to be imported into a campaign; the import's id."""
    row = ListImport.create(
        campaign_id=campaign_id,
        person_id=pending.person_id,
        token=pending.token,
        source_name=pending.list_name[:255],
        sha256=pending.list_sha256,
        choices=pending.choices,
        expected=expected,
        starts=starts,
        awaits_approval=starts and awaits_approval,
        created_at=now,
    )
    subject = f"campaign {campaign_id}"
    audit_log.by_staff(
        pending.person_id, pending.account_id, "campaign.list", subject, now, after=pending.list_name
    )
    log.info("action=import_noted import=%d campaign=%d", row.id, campaign_id)
    return int(row.id)


def get(import_id: int, account_id: int | None = None) -> ListImport:
    """An import, of an account's campaign if one is given.  Raises NotFound."""
    row = ListImport.get_or_none(ListImport.id == import_id)
    if row is None:
        raise NotFound("There is no import %(id)s.", id=import_id)
    campaigns.get(row.campaign_id, account_id)
    return row


def of_campaign(campaign_id: int) -> list[ListImport]:
    """The newest imports of a campaign."""
    return list(
        ListImport.select()
        .where(ListImport.campaign_id == campaign_id)
        .order_by(ListImport.id.desc())
        .limit(SHOWN)
    )


def unfinished() -> list[tuple[ListImport, int]]:
    """Imports that wait, with their account's id, in the order in which they came."""
    rows = list(ListImport.select().where(ListImport.state << OPEN).order_by(ListImport.id))
    campaign_ids = {row.campaign_id for row in rows}
    owner_of = {
        int(one.id): int(one.account_id)
        for one in Campaign.select(Campaign.id, Campaign.account).where(Campaign.id << campaign_ids)
    }
    return [(row, owner_of[row.campaign_id]) for row in rows if row.campaign_id in owner_of]


def of_upload(token: str, person_id: int) -> ListImport | None:
    """The import of an upload that somebody has confirmed, by the name that it had before; inside a connection."""
    query = ListImport.select().where(
        ListImport.token == f"{token}{TAKEN}", ListImport.person_id == person_id
    )
    found: ListImport | None = query.get_or_none()
    return found


def refused_of(row: ListImport) -> Counter[str]:
    """How many rows were set aside so far, by reason."""
    return Counter(json.loads(row.refused))


def rows_of(row: ListImport) -> int:
    """How many rows have been read so far."""
    return int(row.added) + refused_of(row).total()


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Lock a list against other processes during its import; False: another process has it, or the file is not here.

    The operating system releases the lock when the process ends, however it ends.
    """
    try:
        file = path.open("rb")
    except OSError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def run(
    import_id: int,
    uploads: Uploads,
    default_area: str,
    policy: Policy,
    *,
    read: Write,
    write: Write,
    begin: Begin,
    clock: Callable[[], int],
) -> None:
    """Import a list that is `held`, from where it was interrupted; then start the campaign, if that is wanted.

    A list that cannot be used ends as `failed` with the sentence, and so does one over which the process
    ended `MOST_TRIES` times before a part of it was in.  Raises StoreUnavailable when the
    database does not answer, EngineBusy when another process was faster; then call it again.
    """
    row: ListImport
    row, accepted, account_id = read(lambda: _known(import_id, default_area))
    if row.state not in OPEN:
        return
    if uploads.begun_again(row.token) > MOST_TRIES:
        write(lambda: _end(row, ImportState.FAILED, TRIED_ENOUGH.kept(), clock()))
        uploads.discard(row.token)
        return
    write(lambda: _begin(row, clock()))
    done = row.chunks

    def chunk_is_in(_rows: int) -> None:
        nonlocal done
        done += 1
        uploads.has_gone_on(row.token)

    try:
        with begin(lambda: _open(uploads, row, accepted, account_id))() as reader:
            import_list(
                row.campaign_id,
                reader,
                write,
                clock(),
                chunk_is_in,
                skip=row.chunks,
                note=lambda brought: _count(row, done, brought),
                begin=begin,
            )
    except (StoreUnavailable, EngineBusy):
        uploads.has_gone_on(row.token)  # not the list's fault
        raise
    except AvanakError as error:
        sentence = error.sentence.kept()
        write(lambda: _end(row, ImportState.FAILED, sentence, clock()))
    else:
        _conclude(row, write, clock(), policy)
    uploads.discard(row.token)


def _known(import_id: int, area: str) -> tuple[ListImport, NumberRules, int]:
    """The import, how its numbers are read, and whose it is."""
    row = get(import_id)
    return row, traffic_caps.number_rules(area), int(campaigns.get(row.campaign_id).account_id)


def _open(uploads: Uploads, row: ListImport, accepted: NumberRules, account_id: int) -> ListReader:
    path = uploads.taken_list(row.token)
    if row.sha256 and sha256_of(path) != row.sha256:
        raise BadInput("The list is not the one that was checked and confirmed; nothing more of it comes in.")
    return open_list(
        path,
        choices_of(row.choices),
        accepted,
        filename=row.source_name,
        account=account_id,
        lane=Lane.BEHIND,
    )


def _begin(row: ListImport, now: int) -> None:
    began = row.began_at or now
    ListImport.update(state=ImportState.RUNNING, began_at=began).where(ListImport.id == row.id).execute()
    log.info("action=import_begins import=%d campaign=%d chunks=%d", row.id, row.campaign_id, row.chunks)


def _count(row: ListImport, chunk: int, brought: Imported) -> None:
    """In a chunk's transaction: note that it was imported.  Raises Conflict or EngineBusy when it may no longer be."""
    state = Campaign.select(Campaign.state).where(Campaign.id == row.campaign_id).scalar()
    if state == CampaignState.STOPPED:
        raise Conflict("Campaign %(id)s was stopped and takes no more recipients.", id=row.campaign_id)
    now = ListImport.get_by_id(row.id)
    refused = json.dumps(refused_of(now) + brought.refused)
    known = (
        ListImport.update(chunks=chunk + 1, added=now.added + brought.added, refused=refused)
        .where(ListImport.id == row.id, ListImport.chunks == chunk, ListImport.state == ImportState.RUNNING)
        .execute()
    )
    if not known:
        raise EngineBusy("This list is being brought in by another process.")


def _conclude(row: ListImport, write: Write, now: int, policy: Policy) -> None:
    """Finish an import whose rows are all in: start the campaign, or note for its page why it cannot start."""

    def work() -> None:
        if not _end(row, ImportState.DONE, "", now) or not row.starts:
            return
        try:
            with db.atomic():
                campaigns.start(row.campaign_id, now, policy)
        except traffic_caps.CapReached as error:
            campaigns.hold_under_cap(row.campaign_id, error)
        except NotApproved as error:
            # The engine starts it when the message is approved, also if that is this very moment.
            awaits = ListImport.get_by_id(row.id).awaits_approval
            if not awaits or error.state == MessageState.REJECTED:
                raise
            Campaign.update(awaits_approval=True).where(Campaign.id == row.campaign_id).execute()
        else:
            view.expect_pulse(row.campaign_id, now)

    try:
        write(work)
    except (BadInput, NotAllowed, NoCredit) as error:
        sentence = error.sentence.kept()
        write(lambda: _end(row, ImportState.DONE, sentence, now))


def do_not_wait(import_id: int, person_id: int | None, now: int, account_id: int | None = None) -> None:
    """Inside a write: the campaign of an import does not start by itself when its message is approved; audited."""
    row = get(import_id, account_id)
    campaign = campaigns.get(row.campaign_id)
    ListImport.update(awaits_approval=False).where(ListImport.id == row.id).execute()
    Campaign.update(awaits_approval=False).where(Campaign.id == campaign.id).execute()
    subject = f"campaign {campaign.id}"
    audit_log.by_staff(person_id, campaign.account_id, "campaign.do_not_wait", subject, now)


def fail_by_our_fault(row: ListImport, now: int) -> None:
    """Inside a write: note that an error of ours ended the import; the page shows it."""
    _end(row, ImportState.FAILED, OUR_FAULT.kept(), now)


def _end(row: ListImport, state: ImportState, sentence: str, now: int) -> bool:
    """Whether this call ended the import."""
    ended = (
        ListImport.update(state=state, sentence=sentence, finished_at=now)
        .where(ListImport.id == row.id, ListImport.state << OPEN)
        .execute()
    )
    if ended:
        log.info(
            "action=import_ended import=%d campaign=%d state=%s why=%r",
            row.id, row.campaign_id, state.value, sentence,
        )  # fmt: skip
    return bool(ended)
