"""From an upload that was checked to a campaign with its message and its recipients."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.errors import AvanakError, Conflict, StoreUnavailable
from engine.services.accounts import audit_log, permissions
from engine.services.accounts.audit_log import is_of_staff
from engine.services.campaigns import campaigns, list_imports, view
from engine.services.campaigns.preflight import Preflight
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.uploads import Pending, Uploads, sha256_of
from engine.services.lists.choices import choices_of
from engine.services.lists.reader import ListReader, open_list
from engine.services.messages import library
from engine.store.tables.core import Campaign, Message, User
from engine.store.threads import begin

Write = Callable[[Callable[[], Any]], Any]


def open_pending_list(path: Path, pending: Pending, settings: Settings, allow_abroad: bool) -> ListReader:
    """The list of an upload, at `path`, read as this installation reads lists (`fraud_guard.opens_abroad`)."""
    return open_list(
        path,
        choices_of(pending.choices),
        filename=pending.list_name,
        default_area=settings.default_area_code or None,
        allow_abroad=allow_abroad,
        account=pending.account_id,
    )


def launch(
    uploads: Uploads, pending: Pending, settings: Settings, *, starts: bool, write: Write, now: int
) -> tuple[int, int]:
    """Make the draft campaign of a checked upload, its list to be brought in; (campaign's id, import's id).

    1. claim the upload, 2. see that its list is the one that was checked, 3. put the message where
    switches see it, 4. in one transaction make the draft and note that the list is to come in
    (engine.runtime.list_importer does it, and starts the campaign if it `starts`).  Raises NotFound when it was
    confirmed already; after any other error the upload can be confirmed again.
    """
    uploads.take(pending)
    try:
        found = begin(lambda: sha256_of(uploads.list_path(pending)))()
        if found != pending.list_sha256:
            raise Conflict("The list is not the one that was checked; check it again, then confirm.")
        _publish_prompt(uploads, pending, settings.prompts_dir)
        expected = Preflight.of_dict(pending.checked).total if pending.checked else 0

        def work() -> tuple[int, int]:
            campaign_id = _make_draft(pending, now, settings.max_call_s)
            subject = f"campaign {campaign_id}"
            audit_log.by_staff(pending.person_id, pending.account_id, "campaign.create", subject, now)
            return campaign_id, list_imports.note(campaign_id, pending, now, expected=expected, starts=starts)

        made: tuple[int, int] = write(work)
    except AvanakError:
        uploads.release(pending)
        raise
    return made


def act(action: str, campaign_id: int, person: User, now: int, reason: str = "") -> None:
    """Somebody starts, pauses (`reason` is shown), resumes or stops a campaign that is theirs, or of the staff's care.

    Inside a write.  What staff do is audited.  Raises as the services do.
    """
    scope = permissions.scope(person)
    before = campaigns.get(campaign_id, scope)
    if action == "start":
        start(campaign_id, now, scope)
    elif action == "pause":
        campaigns.pause(campaign_id, reason, scope)
    elif action == "resume":
        resume(campaign_id, now, scope)
    elif action == "stop":
        campaigns.stop(campaign_id, now, scope)
    else:
        raise ValueError(f"no such act: {action}")
    after = campaigns.get(campaign_id).state
    subject = f"campaign {campaign_id}"
    audit_log.by_staff(
        person.id,
        before.account_id,
        f"campaign.{action}",
        subject,
        now,
        {"state": before.state},
        {"state": after},
    )


def start(campaign_id: int, now: int, account_id: int | None = None) -> None:
    """Start a campaign; inside a write."""
    campaigns.start(campaign_id, now, account_id)
    view.expect_pulse(campaign_id, now)


def resume(campaign_id: int, now: int, account_id: int | None = None) -> None:
    """Resume a campaign; inside a write."""
    campaigns.resume(campaign_id, now, account_id)
    view.expect_pulse(campaign_id, now)


def _publish_prompt(uploads: Uploads, pending: Pending, prompts_dir: Path) -> None:
    if not pending.prompt:
        return
    folder = uploads.prompts_dir(pending)
    try:
        prompts_dir.mkdir(parents=True, exist_ok=True)
        # Copied under another name, then renamed: a switch never sees half a message.
        for suffix in (".json", ".wav", ".PCMA"):
            made = prompts_dir / f".{pending.prompt}{suffix}.part"
            shutil.copyfile(folder / (pending.prompt + suffix), made)
            made.replace(prompts_dir / (pending.prompt + suffix))
    except OSError as error:
        raise StoreUnavailable(
            "The message cannot be kept in %(where)s: %(why)s.", where=prompts_dir, why=error.strerror
        ) from error


def _make_draft(pending: Pending, now: int, max_call_s: int) -> int:
    message_id = pending.message_id
    if pending.prompt:
        title = Path(pending.sound_name).stem
        known = Message.get_or_none(
            Message.account == pending.account_id, Message.prompt == pending.prompt, Message.title == title
        )
        staff_id = pending.person_id if is_of_staff(pending.person_id) else None
        found = known or library.add(
            pending.account_id, title, pending.prompt, pending.duration_ms, now, staff_id=staff_id
        )
        message_id = int(found.id)
    rules = CampaignRules.of_document(pending.rules)
    campaign_id = campaigns.create(pending.account_id, rules, message_id, now, max_call_s)
    Campaign.update(source_name=pending.list_name[:255]).where(Campaign.id == campaign_id).execute()
    return campaign_id
