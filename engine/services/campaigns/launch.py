"""Turning a checked upload into a campaign with a message and recipients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import AvanakError, Conflict
from engine.services.accounts import audit_log, permissions
from engine.services.campaigns import campaigns, drafts, list_imports, repeats, view
from engine.services.campaigns.preflight import Preflight
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.uploads import Pending, Uploads, sha256_of
from engine.services.compliance.policy import Policy
from engine.services.lists.choices import choices_of
from engine.services.lists.reader import ListReader, open_list
from engine.services.numbering.numbers import NumberRules
from engine.store.tables.core import Campaign, User
from engine.store.threads import begin

Write = Callable[[Callable[[], Any]], Any]


def open_pending_list(path: Path, pending: Pending, accepted: NumberRules) -> ListReader:
    """The list of an upload, at `path`; `accepted` as `traffic_caps.number_rules` gives it."""
    return open_list(
        path,
        choices_of(pending.choices),
        accepted,
        filename=pending.list_name,
        account=pending.account_id,
    )


def launch(
    uploads: Uploads,
    pending: Pending,
    policy: Policy,
    *,
    starts: bool,
    awaits_approval: bool = False,
    is_jalali: bool = True,
    also: Callable[[int], None] = lambda made: None,
    write: Write,
    now: int,
) -> tuple[int, int]:
    """Make the draft campaign of a checked upload and note its import; (campaign's id, import's id).

    1. claim the upload, 2. see that its list is the one that was checked, 3. in one transaction make the
    draft and note that the list is to come in (engine.runtime.list_importer does it, and starts the campaign if
    it `starts`; if its message is not approved then and it `awaits_approval`, as soon as it is).  `also` is told the
    campaign's id in that transaction.  Raises NotFound when it was confirmed already; after any other error the upload
    can be confirmed again.
    """
    token = pending.token
    uploads.take(pending)
    try:
        found = begin(lambda: sha256_of(uploads.list_path(pending)))()
        if found != pending.list_sha256:
            raise Conflict("The list is not the one that was checked; check it again, then confirm.")
        expected = Preflight.of_dict(pending.checked).total if pending.checked else 0

        def work() -> tuple[int, int]:
            campaign_id = _make_draft(pending, now, policy)
            subject = f"campaign {campaign_id}"
            audit_log.by_staff(pending.person_id, pending.account_id, "campaign.create", subject, now)
            also(campaign_id)
            if pending.every:
                repeats.note(campaign_id, pending, now, policy.zone, is_jalali=is_jalali)
            drafts.forget(token)
            return campaign_id, list_imports.note(
                campaign_id, pending, now, expected=expected, starts=starts, awaits_approval=awaits_approval
            )

        made: tuple[int, int] = write(work)
    except AvanakError:
        uploads.release(pending)
        raise
    return made


def act(action: str, campaign_id: int, person: User, now: int, policy: Policy, reason: str = "") -> None:
    """Start, pause (`reason` is shown), resume or stop a campaign of one's own, or, for staff, of a customer.

    Inside a write.  What staff do is audited.  Raises as the services do.
    """
    scope = permissions.scope(person)
    before = campaigns.get(campaign_id, scope)
    if before.standing_key:
        raise Conflict("Campaign %(id)s holds quick sends: it always runs.", id=campaign_id)
    if action == "start":
        start(campaign_id, now, policy, scope)
    elif action == "pause":
        campaigns.pause(campaign_id, reason, scope)
    elif action == "resume":
        resume(campaign_id, now, policy, scope)
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


def start(campaign_id: int, now: int, policy: Policy, account_id: int | None = None) -> None:
    """Start a campaign; inside a write."""
    campaigns.start(campaign_id, now, policy, account_id)
    view.expect_pulse(campaign_id, now)


def resume(campaign_id: int, now: int, policy: Policy, account_id: int | None = None) -> None:
    """Resume a campaign; inside a write."""
    campaigns.resume(campaign_id, now, policy, account_id)
    view.expect_pulse(campaign_id, now)


def _make_draft(pending: Pending, now: int, policy: Policy) -> int:
    rules = CampaignRules.of_document(pending.rules)
    if rules.starts_at is not None and rules.starts_at <= now:
        rules = replace(rules, starts_at=None)  # its time came while the list was checked
    campaign_id = campaigns.create(pending.account_id, rules, pending.message_id, now, policy)
    Campaign.update(source_name=pending.list_name[:255]).where(Campaign.id == campaign_id).execute()
    return campaign_id
