"""Pre-flight: what a list and its rules would come to, before anybody is called.

Reads the whole list once, in flat memory, and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import tzinfo
from typing import Any

from engine.sentences import Sentence
from engine.services.campaigns.estimate import Estimate, Limits, estimate
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance.do_not_call import as_integer
from engine.services.lists.choices import facts_of
from engine.services.lists.counting import Example, ListCount
from engine.services.lists.reader import ListReader
from engine.services.lists.rows import Row
from engine.services.numbering.reasons import Reason
from engine.services.trunks.headroom import permitted_rate, permitted_sessions
from engine.store.tables.core import Gateway, Switch

CPS, CHANNELS, OWN_CPS, OWN_CHANNELS = "cps", "channels", "own_cps", "own_channels"
SWITCH_CPS, SWITCH_CHANNELS = "switch_cps", "switch_channels"
WINDOW, RETRIES, NO_GATEWAY = "window", "retries", "no_gateway"
# Words of `Preflight.binding`, and what each means, in English and Persian.
BINDINGS: dict[str, Sentence] = {
    CPS: Sentence("the gateways' calls a second"),
    CHANNELS: Sentence("the gateways' channels"),
    SWITCH_CPS: Sentence("the switch's calls a second"),
    SWITCH_CHANNELS: Sentence("the switch's sessions"),
    OWN_CPS: Sentence("the campaign's own calls a second"),
    OWN_CHANNELS: Sentence("the campaign's own calls at once"),
    WINDOW: Sentence("the calling window"),
    RETRIES: Sentence("the wait between tries"),
    NO_GATEWAY: Sentence("no gateway serves it"),
}

Listed = Callable[[Collection[int]], Collection[int]]


@dataclass(slots=True)
class Preflight(ListCount):
    """What a campaign would come to.  `ends_at` in ms (None: not within a year, or never)."""

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
        return cls(**{**values, "refused": refused, "examples": examples, "facts": facts})


def preflight(
    reader: ListReader,
    rules: CampaignRules,
    message_ms: int,
    gateways: Sequence[Gateway],
    now: int,
    zone: tzinfo,
    switch_limits: Limits | None = None,
) -> Preflight:
    """Read the list to its end and reckon until when its calls would take.

    The arguments are those of `count_list` and `reckon`.  Raises BadInput as the reader
    does, for a list without a single number too.
    """
    found = count_list(reader)
    reckon(found, rules, message_ms, gateways, now, zone, switch_limits)
    return found


def count_list(
    reader: ListReader,
    listed: Listed | None = None,
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Preflight:
    """Read the list to its end: how many are to be called, and how many are not, with the reasons.

    `listed` gives those of some numbers (as `suppression.as_integer`) that are on a do-not-call list.
    """
    found = Preflight(reader.filename, reader.number_column)
    for chunk in reader:
        found.add(_set_aside(chunk, listed) if listed else chunk)
        on_progress(found.total)
    found.conclude(reader)
    return found


def reckon(
    found: Preflight,
    rules: CampaignRules,
    message_ms: int,
    gateways: Sequence[Gateway],
    now: int,
    zone: tzinfo,
    switch_limits: Limits | None = None,
) -> None:
    """Fill in until when the calls would take, and what binds them.

    `gateways` are all that are known; the rules choose among them.
    `switch_limits` (see `limits_of_switches`) are those of the switches together;
    None leaves them out.
    """
    found.starts_at = max(now, rules.starts_at or 0)
    limits, words = _limits(rules, gateways, switch_limits)
    if limits is None:
        found.ends_at, found.calls, found.calls_per_second, found.binding = None, 0, 0.0, NO_GATEWAY
        return
    result = _estimate(found, rules, message_ms, limits, zone)
    found.ends_at, found.calls = result.ends_at, result.calls
    found.calls_per_second = result.calls_per_second
    found.binding = words.get(result.binding, result.binding)


def limits_of_switches(switches: Iterable[Switch], inbound_share: float) -> Limits | None:
    """What the switches that are up may carry together, head-room for inbound calls kept; None if none is."""
    up = [row for row in switches if row.state == "up"]
    if not up:
        return None
    return Limits(
        sum(permitted_rate(row.sessions_per_second, inbound_share) for row in up),
        sum(permitted_sessions(row.max_sessions, inbound_share) for row in up),
    )


def _set_aside(chunk: list[Row], listed: Listed) -> list[Row]:
    """The chunk, with the reason on those rows whose numbers are on a do-not-call list."""
    numbers = [as_integer(row.number.e164) if row.number and row.reason is None else 0 for row in chunk]
    aside = listed(set(numbers) - {0})
    if not aside:
        return chunk
    return [
        row._replace(reason=Reason.DO_NOT_CALL) if number in aside else row
        for row, number in zip(chunk, numbers, strict=True)
    ]


def _limits(
    rules: CampaignRules, gateways: Sequence[Gateway], switch_limits: Limits | None
) -> tuple[Limits | None, dict[str, str]]:
    """The tightest limits, and whose they are; None when no gateway may be used."""
    usable = [
        row for row in gateways if not row.is_draining and (not rules.gateways or row.name in rules.gateways)
    ]
    if not usable:
        return None, {}
    rates = [(sum(row.cps for row in usable), CPS)]
    seats = [(sum(row.channels for row in usable), CHANNELS)]
    if switch_limits is not None:
        rates.append((switch_limits.cps, SWITCH_CPS))
        seats.append((switch_limits.channels, SWITCH_CHANNELS))
    if rules.cps is not None:
        rates.append((rules.cps, OWN_CPS))
    if rules.channels is not None:
        seats.append((rules.channels, OWN_CHANNELS))
    cps, cps_word = min(rates)
    channels, channels_word = min(seats)
    return Limits(cps, channels), {"cps": cps_word, "channels": channels_word}


def _estimate(
    found: Preflight, rules: CampaignRules, message_ms: int, limits: Limits, zone: tzinfo
) -> Estimate:
    return estimate(
        waiting=found.valid,
        retrying=0,
        live=0,
        attempts=0,
        answered=0,
        max_tries=rules.max_tries,
        retry_after_s=rules.retry_after_s,
        message_s=message_ms / 1000,
        limits=limits,
        windows=rules.hours(),
        now=found.starts_at,
        zone=zone,
    )
