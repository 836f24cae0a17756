"""Consent where calls are placed and end: asked at every claim, written with every settle.

The engine gives `Consent.rules` and `Consent.claim_hooks` to the claimer and
`Consent.hooks` to the settler; all run in the writer's transaction.  One look-up
of the campaign and one of the numbers serve a whole claim.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from engine.services.campaigns import campaigns, start_checks, why
from engine.services.compliance import traffic_caps
from engine.services.compliance.do_not_call import KEY, as_integer, list_of_key, lists_for
from engine.services.compliance.traffic_caps import HOUR_MS, CapReached, Caps, Destinations, Usage
from engine.services.numbering.reasons import Reason
from engine.store import do_not_call
from engine.store.claims import ClaimedCall, ClaimHook, Due, Hold, Rule, UndoHook
from engine.store.do_not_call import EVERYBODY, numbers_source, numbers_value
from engine.store.settles import Hook, Settle
from engine.store.sql import execute

log = logging.getLogger(__name__)

CAPS_MS = 1_000  # how long a cached usage of an account is used
NEAR_CAP = 5_000  # calls; with fewer left the usage is read at every claim: other engines may claim for the account too


class Consent:
    """Do-not-call, approval, destinations and caps of one engine process."""

    def __init__(self, clock: Callable[[], int], caps: Caps) -> None:
        self._clock = clock  # wall ms
        self._caps = caps
        self._destinations = Destinations()
        self._usages: dict[int, tuple[int, Usage]] = {}  # account -> when read (ms), what was read
        self._accounts: dict[int, tuple[int, str]] = {}  # campaign -> account, kind; they never change
        self.opted_out: list[int] = []  # numbers (E.164 digits) that pressed the key, for `take_opted_out`

    @property
    def rules(self) -> list[Rule]:
        """For the Claimer."""
        return [self.check_campaign, self.check_numbers]

    @property
    def claim_hooks(self) -> list[ClaimHook]:
        """For the Claimer: what is written with a claim."""
        return [self.count_claims]

    @property
    def undo_hooks(self) -> list[UndoHook]:
        """For claims that are released."""
        return [self.uncount_claims]

    @property
    def hooks(self) -> list[Hook]:
        """For the Settler."""
        return [self.enter_opted_out]

    # -- at a claim ---------------------------------------------------------------------

    def check_campaign(self, campaign_id: int, due: Sequence[Due], now: int) -> list[Hold]:
        """Pause a campaign whose message may not (or no longer) be sent, or whose account is at a cap.

        Of a claim that would pass the cap of calls an hour, what the cap still allows goes on.
        """
        account_id, title, state, reason, standing_key = execute(
            "SELECT c.account_id, m.title, m.state, m.reason, c.standing_key FROM campaign c"
            " LEFT JOIN message m ON m.id = c.message_id WHERE c.id = ?",
            [campaign_id],
        )[0]
        if standing_key:  # quick sends are checked when they are taken
            return []
        refused = start_checks.refusal(title, state, reason) if state is not None else None
        if refused is not None:
            campaigns.pause_unless_ended(campaign_id, refused.kept(), why.NOT_APPROVED)
            return [Hold(recipient, next_at=now) for recipient in due]
        usage = self._usage_of(account_id, now)
        try:
            usage.check()
        except CapReached as error:
            campaigns.pause_unless_ended(campaign_id, error.sentence.kept(), why.CAPPED)
            return [Hold(recipient, next_at=now) for recipient in due]
        room = len(due) if usage.calls_left is None else usage.calls_left
        return [Hold(recipient, next_at=now) for recipient in due[room:]]

    def check_numbers(self, campaign_id: int, due: Sequence[Due], now: int) -> list[Hold]:
        """Exclude numbers on a do-not-call list that the campaign heeds, and closed destinations."""
        self._destinations.refresh(now)
        is_open = self._destinations.is_open
        held = [
            Hold(item, reason=Reason.DESTINATION_CLOSED.value) for item in due if not is_open(item.number)
        ]
        account_id, kind = self._campaign(campaign_id)
        numbers = {as_integer(item.number): item for item in due}
        listed = do_not_call.find(lists_for(kind, account_id), numbers)
        if listed:
            closed = {hold.recipient.id for hold in held}
            held += [
                Hold(item, reason=Reason.DO_NOT_CALL.value)
                for item in due
                if as_integer(item.number) in listed and item.id not in closed
            ]
        return held

    def count_claims(self, campaign_id: int, claims: Sequence[ClaimedCall], now: int) -> None:
        """Note how many calls the account places, for its caps."""
        if claims:
            traffic_caps.count_calls(self._campaign(campaign_id)[0], len(claims), now)

    def uncount_claims(self, campaign_id: int, claims: Sequence[ClaimedCall]) -> None:
        """Uncount calls that were released, for the account's caps."""
        traffic_caps.uncount_calls(self._campaign(campaign_id)[0], [claim.at for claim in claims])

    # -- with a settle ------------------------------------------------------------------

    def enter_opted_out(self, won: Sequence[Settle]) -> None:
        """Enter the numbers that pressed the opt-out key: no claim of any campaign picks them from now on."""
        by_campaign: dict[int, list[int]] = {}
        for item in won:
            if item.end.opted_out:
                by_campaign.setdefault(item.campaign_id, []).append(item.recipient_id)
        now = self._clock()
        for campaign_id in sorted(by_campaign):
            rows = execute(
                f"SELECT number FROM recipient WHERE id IN {numbers_source()}",  # noqa: S608 - constants
                [numbers_value(by_campaign[campaign_id])],
            )
            numbers = [as_integer(row[0]) for row in rows]
            account_id, kind = self._campaign(campaign_id)
            list_id = list_of_key(kind, account_id)
            do_not_call.add(list_id, numbers, KEY, now, campaign_id)
            self.opted_out.extend(numbers)
            log.info(
                "action=opted_out campaign=%d numbers=%d list=%s",
                campaign_id, len(numbers), "advertising" if list_id == EVERYBODY else account_id,
            )  # fmt: skip

    def take_opted_out(self) -> set[str]:
        """Numbers (digits) that opted out since the last call of this, so that unsent calls to them are held back."""
        taken, self.opted_out = self.opted_out, []
        return {str(number) for number in taken}

    # -- what is remembered -------------------------------------------------------------

    def _usage_of(self, account_id: int, now: int) -> Usage:
        at, found = self._usages.get(account_id, (-CAPS_MS, None))
        is_near = found is not None and found.calls_left is not None and found.calls_left < NEAR_CAP
        if found is None or is_near or not at <= now < at + CAPS_MS or at // HOUR_MS != now // HOUR_MS:
            found = traffic_caps.usage(account_id, self._caps, now)
            self._usages[account_id] = (now, found)
        return found

    def _campaign(self, campaign_id: int) -> tuple[int, str]:
        found = self._accounts.get(campaign_id)
        if found is None:
            if len(self._accounts) > 50_000:
                self._accounts.clear()
            rows = execute("SELECT account_id, kind FROM campaign WHERE id = ?", [campaign_id])
            found = self._accounts[campaign_id] = (rows[0][0], rows[0][1])
        return found
