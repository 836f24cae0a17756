"""Money and permissions in the dialling: what is done at each settle, at each claim and once a second.

The engine gives `Money.hooks` to the settler and `Money.rules` to the claimer
(both run in the writer's transaction), and calls `find` and `act` once a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.errors import BadInput, NotAllowed
from engine.services.accounts import account_states, accounts
from engine.services.accounts.accounts import Standing
from engine.services.campaigns import campaigns, view, why
from engine.services.compliance.policy import Policy
from engine.services.money import charges, reservations
from engine.services.money.ledger import NoCredit
from engine.services.money.reservations import Terms
from engine.states import CampaignState
from engine.store.claims import Due, Hold, Rule
from engine.store.database import db
from engine.store.settles import Hook, Settle
from engine.store.sql import execute
from engine.store.tables.core import Campaign
from engine.store.tables.money import Reservation

log = logging.getLogger(__name__)

STANDING_MS = 1_000  # how long claims use a cached standing of an account
WAIT_MS = 1_000  # before a recipient that cannot be paid for is tried again while calls are up
MAX_KEPT = 50_000  # campaigns whose terms are kept in memory


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done this second: campaigns to close and to resume, quick sends to release."""

    close: list[int] = field(default_factory=list)
    resume: list[int] = field(default_factory=list)
    release: list[tuple[int, int]] = field(default_factory=list)
    expire: bool = False

    def __bool__(self) -> bool:
        return bool(self.close or self.resume or self.release or self.expire)


@dataclass(frozen=True, slots=True)
class _Sender:
    account_id: int
    kind: str
    is_standing: bool


class Billing:
    """Charges, limits and permissions of one engine process; keeps what never changes in memory."""

    def __init__(self, clock: Callable[[], int], policy: Policy) -> None:
        self._clock = clock  # wall ms, for bookings of settles
        self._policy = policy
        self._terms: dict[int, Terms | None] = {}
        self._senders: dict[int, _Sender] = {}
        self._standings: dict[int, tuple[int, Standing]] = {}

    @property
    def hooks(self) -> list[Hook]:
        """For the Settler."""
        return [self.charge]

    @property
    def rules(self) -> list[Rule]:
        """For the Claimer: first whether the account may send at all, then whether it can pay."""
        return [self.check_standing, self.check_credit]

    # -- with a settle ------------------------------------------------------------------

    def charge(self, won: Sequence[Settle]) -> None:
        """Charge the calls that were just settled: one booking for each campaign."""
        by_campaign: dict[int, list[Settle]] = {}
        for item in won:
            if charges.is_charged(item):
                by_campaign.setdefault(item.campaign_id, []).append(item)
        now = self._clock()
        for campaign_id in sorted(by_campaign):
            terms = self._terms_of(campaign_id, now)
            if terms is None:
                continue
            charge = charges.charge_quick if terms.is_standing else charges.charge_group
            charge(terms, by_campaign[campaign_id], now)

    # -- at a claim ---------------------------------------------------------------------

    def check_standing(self, campaign_id: int, due: Sequence[Due], now: int) -> list[Hold]:
        """Hold all recipients while the account may not send; the campaign pauses and says why."""
        sender = self._sender_of(campaign_id)
        at, standing = self._standings.get(sender.account_id, (0, None))
        if standing is None or not at <= now < at + STANDING_MS:
            standing = accounts.standing_of(accounts.get(sender.account_id))
            self._standings[sender.account_id] = (now, standing)
        refused = standing.refusal(sender.kind, now)
        if refused is None:
            return []
        refusal, detail = refused
        if sender.is_standing:
            return [Hold(recipient, reason=refusal.value) for recipient in due]
        campaigns.pause_unless_ended(campaign_id, refusal.sentence(detail).kept(), why.NOT_ALLOWED)
        return [Hold(recipient, next_at=now) for recipient in due]

    def check_credit(self, campaign_id: int, due: Sequence[Due], now: int) -> list[Hold]:
        """Hold the recipients that the account cannot pay for; pause the campaign if no call is up that could release money."""
        terms = self._terms_of(campaign_id, now)
        if terms is None or terms.is_standing or not due:
            return []
        allowed, live = reservations.affordable(terms, [recipient.id for recipient in due], now)
        if len(allowed) == len(due):
            return []
        is_over = not allowed and not live
        if is_over:
            campaigns.pause_unless_ended(campaign_id, why.sentence(why.NO_CREDIT, {}).kept(), why.NO_CREDIT)
        next_at = now if is_over else now + WAIT_MS
        return [Hold(recipient, next_at=next_at) for recipient in due if recipient.id not in allowed]

    # -- once a second ------------------------------------------------------------------

    def find(self, now: int) -> Todo:
        """What there is to do; reads only, inside a connection."""
        paused = execute(
            "SELECT id FROM campaign WHERE state = ? AND pause_code = ?",
            [CampaignState.PAUSED.value, why.NO_CREDIT],
        )
        return Todo(
            close=reservations.to_close(),
            resume=[int(row[0]) for row in paused if reservations.can_go_on(int(row[0]))],
            release=charges.ended_quick(),
            expire=account_states.is_any_due(now),
        )

    def act(self, todo: Todo, now: int) -> None:
        """Do it, inside a transaction; safe to repeat."""
        for campaign_id in todo.close:
            # Checked again in this transaction: recipients may have been added since.
            if campaign_id in reservations.to_close():
                reservations.close(campaign_id, now)
        by_campaign: dict[int, list[int]] = {}
        for campaign_id, recipient_id in todo.release:
            by_campaign.setdefault(campaign_id, []).append(recipient_id)
        for campaign_id in sorted(by_campaign):
            charges.release_quick(campaign_id, by_campaign[campaign_id], now)
        for campaign_id in todo.resume:
            try:
                with db.atomic():  # what it set aside goes back if it cannot go on
                    campaigns.resume(campaign_id, now, self._policy)
                view.expect_pulse(campaign_id, now)
                log.info("action=resumed_with_credit campaign=%d", campaign_id)
            except (NoCredit, NotAllowed, BadInput) as error:
                log.info("action=resume_not_possible campaign=%d reason=%r", campaign_id, str(error))
        if todo.expire:
            account_states.expire_due(now)

    # -- what never changes -------------------------------------------------------------

    def _terms_of(self, campaign_id: int, now: int) -> Terms | None:
        if campaign_id not in self._terms:
            if len(self._terms) > MAX_KEPT:
                self._terms.clear()
            # Terms that are frozen only now could be undone with this transaction: kept from the next time on.
            is_frozen = Reservation.select().where(Reservation.campaign_id == campaign_id).exists()
            terms = reservations.terms_of(campaign_id, now)
            if not is_frozen and terms is not None:
                return terms
            self._terms[campaign_id] = terms
        return self._terms[campaign_id]

    def _sender_of(self, campaign_id: int) -> _Sender:
        found = self._senders.get(campaign_id)
        if found is None:
            if len(self._senders) > MAX_KEPT:
                self._senders.clear()
            row = Campaign.get_by_id(campaign_id)
            found = self._senders[campaign_id] = _Sender(row.account_id, row.kind, bool(row.standing_key))
        return found
