"""Pre-flight: what a list and its rules will lead to, before anybody is called.

Reads the whole list once, in flat memory, and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import tzinfo
from typing import Any

from engine.sentences import Sentence
from engine.services.accounts import accounts
from engine.services.campaigns.estimate import CallPlan, Limits, Remaining, estimate
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance import caller_ids, message_kinds, traffic_caps
from engine.services.compliance.calling_windows import Windows
from engine.services.compliance.do_not_call import as_integer
from engine.services.compliance.message_kinds import ANY_TIME
from engine.services.compliance.policy import Policy
from engine.services.compliance.traffic_caps import Outlook
from engine.services.lists.choices import facts_of
from engine.services.lists.counting import Example, ListCount
from engine.services.lists.reader import ListReader
from engine.services.lists.rows import Row
from engine.services.numbering.reasons import Reason
from engine.services.trunks.gateways import common_names
from engine.services.trunks.headroom import permitted_rate, permitted_sessions
from engine.store.tables.core import Account, Gateway, Switch

CPS, CHANNELS, OWN_CPS, OWN_CHANNELS = "cps", "channels", "own_cps", "own_channels"
SWITCH_CPS, SWITCH_CHANNELS = "switch_cps", "switch_channels"
ACCOUNT_CPS, ACCOUNT_CHANNELS = "account_cps", "account_channels"
CALLS_AN_HOUR, RIALS_A_DAY = "calls_an_hour", "rials_a_day"
WINDOW, RETRIES, NO_GATEWAY = "window", "retries", "no_gateway"
# Words of `Preflight.binding`, and what each means, in English and Persian.
BINDINGS: dict[str, Sentence] = {
    CPS: Sentence("the gateways' calls a second"),
    CHANNELS: Sentence("the gateways' channels"),
    SWITCH_CPS: Sentence("the switch's calls a second"),
    SWITCH_CHANNELS: Sentence("the switch's sessions"),
    OWN_CPS: Sentence("the campaign's own calls a second"),
    OWN_CHANNELS: Sentence("the campaign's own calls at once"),
    ACCOUNT_CPS: Sentence("the account's calls a second"),
    ACCOUNT_CHANNELS: Sentence("the account's calls at once"),
    CALLS_AN_HOUR: Sentence("the calls that the account may place in an hour"),
    RIALS_A_DAY: Sentence("what the account may be charged in a day"),
    WINDOW: Sentence("the calling window"),
    RETRIES: Sentence("the wait between tries"),
    NO_GATEWAY: Sentence("no gateway serves it"),
}

Listed = Callable[[Collection[int]], Collection[int]]


@dataclass(slots=True)
class Preflight(ListCount):
    """The outcome of a pre-flight.  `ends_at` in ms (None: not within a year, or never)."""

    starts_at: int = 0
    ends_at: int | None = None
    calls: int = 0  # expected, with retries
    calls_per_second: float = 0.0
    binding: str = NO_GATEWAY

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON holds it; `Preflight.of_dict` reads it back."""
        return {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "refused": {reason.value: count for reason, count in self.refused.items()},
            "examples": [asdict(example) for example in self.examples],
            "facts": self.facts.as_dict(),
        }

    @classmethod
    def of_dict(cls, values: dict[str, Any]) -> Preflight:
        """The pre-flight that `as_dict` wrote."""
        refused = Counter({Reason(word): count for word, count in values["refused"].items()})
        examples = [Example(**{**one, "reason": Reason(one["reason"])}) for one in values["examples"]]
        facts = facts_of(values["facts"])
        sample = [(line, cells) for line, cells in values.get("sample", ())]  # drafts of before have none
        changed = {"refused": refused, "examples": examples, "facts": facts, "sample": sample}
        return cls(**{**values, **changed})


@dataclass(frozen=True, slots=True)
class Ground:
    """What an estimate is based on: the gateways, the capacity of the switches, the limits of the account.

    `hours` are those of the campaign's kind.  Without an account (None) no limits of an account apply.
    """

    gateways: Sequence[Gateway]
    switch_limits: Limits | None = None
    account: Account | None = None
    hours: Windows = ANY_TIME
    caps: Outlook | None = None
    caller_range: str = ""  # of `caller_ids.range_of`


def ground_of(account_id: int, kind: str, inbound_share: float, now: int, policy: Policy) -> Ground:
    """The ground for a campaign of an account, of a kind; inside a connection."""
    account = accounts.get(account_id)
    return Ground(
        gateways=list(Gateway.select()),
        switch_limits=limits_of_switches(Switch.select(), inbound_share),
        account=account,
        hours=policy.hours.allowed(kind, message_kinds.may_any_hour(account)),
        caps=traffic_caps.outlook(account_id, policy.caps, now),
        caller_range=caller_ids.range_of(kind, policy),
    )


def count_list(
    reader: ListReader,
    listed: Listed | None = None,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Preflight:
    """Read the list to its end: how many are to be called, and how many are not, with the reasons.

    `listed` returns which of some numbers (as `do_not_call.as_integer`) are on a do-not-call list.
    """
    found = Preflight(reader.filename, reader.number_column)
    for chunk in reader:
        found.add(set_aside(chunk, listed) if listed else chunk)
        on_progress(found.total)
    found.conclude(reader)
    return found


def estimate_end(
    found: Preflight,
    rules: CampaignRules,
    message_ms: int,
    ground: Ground,
    now: int,
    zone: tzinfo,
    rials_a_call: float = 0.0,
) -> None:
    """Fill in when the calls would end and what limits them, as the engine estimates it for running campaigns.

    `rials_a_call` is what an answered call costs on average.
    """
    found.starts_at = max(now, rules.starts_at or 0)
    limits, words = _limits(rules, ground)
    if limits is None:
        found.ends_at, found.calls, found.calls_per_second, found.binding = None, 0, 0.0, NO_GATEWAY
        return
    result = estimate(
        Remaining(found.valid),
        CallPlan(
            rules.max_tries, rules.retry_after_s, message_ms / 1000, rules.hours().within(ground.hours), zone
        ),
        limits,
        found.starts_at,
        caps=ground.caps,
        rials_a_call=rials_a_call,
    )
    found.ends_at, found.calls = result.ends_at, result.calls
    found.calls_per_second = result.calls_per_second
    found.binding = words.get(result.binding, result.binding)


def limits_of_switches(switches: Iterable[Switch], inbound_share: float) -> Limits | None:
    """The calls that the switches that are up can carry together, less the reserve for inbound calls; None if none is up."""
    up = [row for row in switches if row.state == "up"]
    if not up:
        return None
    return Limits(
        sum(permitted_rate(row.sessions_per_second, inbound_share) for row in up),
        sum(permitted_sessions(row.max_sessions, inbound_share) for row in up),
    )


def set_aside(chunk: list[Row], listed: Listed) -> list[Row]:
    """The chunk, with the reason on those rows whose numbers are on a do-not-call list."""
    numbers = [as_integer(row.number.e164) if row.number and row.reason is None else 0 for row in chunk]
    aside = listed(set(numbers) - {0})
    if not aside:
        return chunk
    return [
        row._replace(reason=Reason.DO_NOT_CALL) if number in aside else row
        for row, number in zip(chunk, numbers, strict=True)
    ]


def _limits(rules: CampaignRules, ground: Ground) -> tuple[Limits | None, dict[str, str]]:
    """The tightest limits and where they come from; None when no gateway may be used."""
    account = ground.account
    named = common_names(" ".join(rules.gateways), account.gateways if account else "")
    own = rules.caller_id or (account.caller_id if account else "")
    usable = [
        row
        for row in ground.gateways
        if not row.is_draining
        and (named is None or row.name in named)
        and caller_ids.fits(own or row.caller_id, ground.caller_range)
    ]
    if not usable:
        return None, {}
    rates = [(sum(row.cps for row in usable), CPS)]
    seats = [(sum(row.channels for row in usable), CHANNELS)]
    if ground.switch_limits is not None:
        rates.append((ground.switch_limits.cps, SWITCH_CPS))
        seats.append((ground.switch_limits.channels, SWITCH_CHANNELS))
    if rules.cps is not None:
        rates.append((rules.cps, OWN_CPS))
    if rules.channels is not None:
        seats.append((rules.channels, OWN_CHANNELS))
    if account is not None and account.max_cps:
        rates.append((account.max_cps, ACCOUNT_CPS))
    if account is not None and account.max_channels is not None:
        seats.append((account.max_channels, ACCOUNT_CHANNELS))
    cps, cps_word = min(rates)
    channels, channels_word = min(seats)
    return Limits(cps, max(1, channels)), {"cps": cps_word, "channels": channels_word}
