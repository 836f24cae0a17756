"""Campaigns: making them and moving them between states.

Functions here run inside a transaction (`engine.store.threads.write`) or, when
they only read, inside a connection.  They store what is to be done; the engine does it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.sentences import Word
from engine.services.accounts import accounts, permissions, quotas
from engine.services.accounts.accounts import SendingRefused
from engine.services.accounts.ownership import owned
from engine.services.campaigns import start_checks, why
from engine.services.campaigns.rules import CampaignRules, call_length_s
from engine.services.campaigns.start_checks import NotApproved
from engine.services.campaigns.transitions import move, move_from
from engine.services.compliance import caller_ids, message_kinds
from engine.services.compliance.caller_ids import CallerIdNotAllowed
from engine.services.compliance.policy import Policy
from engine.services.compliance.traffic_caps import CapReached
from engine.services.messages import prompts
from engine.services.messages.personal import is_template
from engine.services.money import reservations
from engine.services.money.ledger import NoCredit
from engine.services.trunks import gateways
from engine.states import CampaignState, MessageKind, may_move
from engine.store.claims import cancel_waiting
from engine.store.database import db
from engine.store.ledger import execute_locked
from engine.store.sql import execute
from engine.store.tables.core import Campaign, CampaignCounts, CampaignPulse

log = logging.getLogger(__name__)


def check_new(account_id: int, rules: CampaignRules, policy: Policy) -> None:
    """Raise BadInput for rules that a campaign of the account cannot have; inside a connection.

    Raises SendingRefused when they ask for a recording and the account has no permission for it.
    """
    for _, error in problems_of_new(account_id, rules, policy):
        raise error


def problems_of_new(
    account_id: int, rules: CampaignRules, policy: Policy
) -> Iterator[tuple[str, BadInput | NotAllowed]]:
    """All reasons why the account cannot have a campaign with these rules: (the rule's name, what is wrong with it)."""
    account, wrong = accounts.get(account_id), dict(rules.problems(policy.max_call_s))
    yield from wrong.items()

    def of_hours() -> None:
        any_hour = message_kinds.may_any_hour(account)
        policy.hours.check(rules.kind, rules.hours(), any_hour)

    def of_gateways() -> None:
        permitted = account.gateways.split()
        refused = [name for name in gateways.known(rules.gateways) if permitted and name not in permitted]
        if refused:
            raise BadInput(
                "The account may not use the gateway '%(name)s'; it has: %(known)s.",
                name=refused[0],
                known=permitted,
            )

    checks: list[tuple[str, tuple[str, ...], Callable[[], None]]] = [
        ("windows", ("windows", "weekdays", "kind"), of_hours),
        ("gateways", ("gateways",), of_gateways),
        (
            "caller_id",
            ("caller_id", "kind"),
            lambda: caller_ids.check(account_id, rules.kind, rules.caller_id, rules.gateways, policy),
        ),
    ]
    if rules.record_s:
        checks.append(
            ("record_s", ("record_s",), lambda: accounts.require_grant(account_id, permissions.RECORDING))
        )
    for name, needs, check in checks:
        if wrong.keys().isdisjoint(needs):
            try:
                check()
            except (BadInput, NotAllowed) as error:
                yield name, error


def create(account_id: int, rules: CampaignRules, message_id: int | None, now: int, policy: Policy) -> int:
    """Make a draft campaign; its id.  Advertising always takes the opt-out key."""
    if rules.kind == MessageKind.ADVERTISING:
        rules = replace(rules, optout=True)
    check_new(account_id, rules, policy)
    if account_id != accounts.house().id:
        quotas.check_drafts(account_id)
    message = prompts.get(message_id, account_id) if message_id is not None else None
    text = message.text if message is not None and is_template(message.text) else ""
    message_ms = message.duration_ms if message else 60_000
    length = call_length_s(rules, message_ms, has_variables=bool(text), max_call_s=policy.max_call_s)
    row = Campaign.create(
        account=account_id,
        message=message,
        text=text,
        voice=message.voice if message is not None and text else "",
        created_at=now,
        **replace(rules, max_length_s=length).columns(),
    )
    CampaignCounts.create(campaign=row)
    CampaignPulse.create(campaign=row)
    log.info("action=campaign_created campaign=%d account=%d", row.id, account_id)
    return int(row.id)


def get(campaign_id: int, account_id: int | None = None) -> Campaign:
    """A campaign, of the account if one is given; NotFound otherwise."""
    query = Campaign.select().where(Campaign.id == campaign_id)
    missing = NotFound("There is no campaign %(id)s.", id=campaign_id)
    return owned(query, Campaign.account, account_id, missing)


def start(campaign_id: int, now: int, policy: Policy, account_id: int | None = None) -> None:
    """Start a campaign now, or at its `starts_at`.

    Raises SendingRefused when the account may not send it, NoCredit when it cannot pay one call.
    """
    row = get(campaign_id, account_id)
    counts = CampaignCounts.get_by_id(row.id)
    if counts.total - counts.excluded == 0:
        raise Conflict("Campaign %(id)s has no recipient that can be called.", id=campaign_id)
    if row.message_id is None:
        raise Conflict("Campaign %(id)s has no message.", id=campaign_id)
    if row.pause_code == why.COPYING:
        raise Conflict("The numbers of campaign %(id)s are still being copied.", id=campaign_id)
    if row.starts_at and row.starts_at > now and row.state == CampaignState.DRAFT:
        accounts.may_send(row.account_id, row.kind, now)
        start_checks.check_campaign(row, now, policy)
        move(row, CampaignState.SCHEDULED, awaits_approval=False)
        return
    if may_move(CampaignState(row.state), CampaignState.RUNNING):  # for any other state `move` raises
        _admit(row, now, policy)
    move(
        row,
        CampaignState.RUNNING,
        started_at=row.started_at or now,
        finished_at=None,
        awaits_approval=False,
    )


def _admit(row: Campaign, now: int, policy: Policy) -> None:
    """Raise unless the account may send the campaign; reserve its money."""
    accounts.may_send(row.account_id, row.kind, now)
    start_checks.check_campaign(row, now, policy)
    reservations.open_for(row.id, now)


def pause(campaign_id: int, reason: str, account_id: int | None = None, code: str = "") -> None:
    """Stop placing calls of a campaign; calls in progress continue.  `reason` is shown.

    `code` (of `why`) marks an automatic pause, for example for lack of credit, which ends by itself.  A manual pause
    replaces an automatic one.
    """
    row = get(campaign_id, account_id)
    if row.state == CampaignState.PAUSED and row.pause_code and not code:
        Campaign.update(state_reason=reason, pause_code="").where(
            Campaign.id == row.id, Campaign.state == CampaignState.PAUSED
        ).execute()
        return
    move(row, CampaignState.PAUSED, reason, pause_code=code)


def pause_unless_ended(campaign_id: int, reason: str, code: str = "") -> bool:
    """As `pause`, for callers that cannot know whether the campaign has ended meanwhile; whether it was paused."""
    try:
        pause(campaign_id, reason, code=code)
    except Conflict:
        log.info("action=pause_not_needed campaign=%d", campaign_id)
        return False
    return True


def resume(campaign_id: int, now: int, policy: Policy, account_id: int | None = None) -> None:
    """Resume a paused campaign where it stopped."""
    row = get(campaign_id, account_id)
    if row.state == CampaignState.RUNNING:
        return
    if row.state not in (CampaignState.PAUSED, CampaignState.SCHEDULED):
        raise Conflict(
            "Campaign %(id)s is %(state)s; only a paused one can be resumed.",
            id=campaign_id,
            state=Word(row.state),
        )
    _admit(row, now, policy)
    move(row, CampaignState.RUNNING, started_at=row.started_at or now)


def stop(campaign_id: int, now: int, account_id: int | None = None) -> None:
    """End a campaign for good; recipients not called yet are cancelled."""
    row = get(campaign_id, account_id)
    if row.state == CampaignState.STOPPED:
        return
    move(row, CampaignState.STOPPED, finished_at=now)
    cancel_waiting(campaign_id, now)
    if campaign_id in reservations.to_close():
        reservations.close(campaign_id, now)  # else the engine closes it after the last call


def finish_if_done(campaign_id: int, now: int) -> bool:
    """Move a running campaign to finished when none of its recipients waits or is live."""
    if not _is_done(execute, campaign_id) or not _is_done(execute_locked, campaign_id):
        return False
    if not move_from(campaign_id, CampaignState.RUNNING, CampaignState.FINISHED, finished_at=now):
        return False
    reservations.close(campaign_id, now)
    return True


def _is_done(read: Callable[[str, list[int]], list[Any]], campaign_id: int) -> bool:
    """Whether none of its recipients waits or is live; read again with the counts locked, so that no import comes between."""
    return bool(
        read(
            "SELECT 1 FROM campaign_counts WHERE waiting = 0 AND retry_wait = 0 AND live = 0 AND campaign_id ="
            " (SELECT id FROM campaign WHERE id = ? AND standing_key = '')",
            [campaign_id],
        )
    )


def hold_under_cap(campaign_id: int, error: CapReached) -> None:
    """Pause a draft that was to start by itself while its account is at a cap; it goes on when the cap allows."""
    move(get(campaign_id), CampaignState.SCHEDULED, awaits_approval=False)
    move(get(campaign_id), CampaignState.PAUSED, error.sentence.kept(), pause_code=why.CAPPED)


def start_due(now: int, policy: Policy) -> list[int]:
    """Start the scheduled campaigns that are due; their ids.  A campaign that cannot start is paused."""
    due = Campaign.select().where(Campaign.state == CampaignState.SCHEDULED, Campaign.starts_at <= now)
    out = []
    for row in due:
        try:
            with db.atomic():  # its reservation is undone if it may not start
                _admit(row, now, policy)
        except NoCredit:
            move(row, CampaignState.PAUSED, why.sentence(why.NO_CREDIT, {}).kept(), pause_code=why.NO_CREDIT)
            continue
        except SendingRefused as error:
            move(row, CampaignState.PAUSED, error.sentence.kept(), pause_code=why.NOT_ALLOWED)
            continue
        except NotApproved as error:
            move(row, CampaignState.PAUSED, error.sentence.kept(), pause_code=why.NOT_APPROVED)
            continue
        except CallerIdNotAllowed as error:
            move(row, CampaignState.PAUSED, error.sentence.kept(), pause_code=why.CALLER_ID)
            continue
        except CapReached as error:
            move(row, CampaignState.PAUSED, error.sentence.kept(), pause_code=why.CAPPED)
            continue
        move(row, CampaignState.RUNNING, started_at=now)
        out.append(int(row.id))
    return out


def columns_of(row: Campaign) -> list[str]:
    """The list's own columns, in their order."""
    return list(json.loads(row.columns))
