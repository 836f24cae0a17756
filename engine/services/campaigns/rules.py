"""How a campaign is to be called: its rules, their bounds, and how they lie in the store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from engine import bounds
from engine.errors import BadInput
from engine.sentences import Amount, Sentence
from engine.services.compliance.calling_windows import Windows, parse_days, parse_windows, windows_of
from engine.states import MessageKind, UnknownPolicy
from engine.store.tables.core import Campaign
from engine.text import one_line

_DIGITS = re.compile(r"\+?[0-9]{3,15}")
_KEYS = re.compile(r"[0-9]{1,10}")
_KEY = re.compile(r"[0-9*#]")


@dataclass(frozen=True, slots=True)
class CampaignRules:
    """The rules of a campaign: one value, replaced whole.  `check` says what is wrong with them."""

    name: str
    kind: str = MessageKind.SERVICE
    max_tries: int = 1
    retry_after_s: int = 600
    ring_timeout_s: int = 30
    max_length_s: int = 0  # 0: the message's length and a margin
    windows: str = ""
    weekdays: str = ""  # ISO, as in 67123; empty: every day
    caller_id: str = ""
    vote_keys: str = ""
    repeat_key: str = ""
    optout: bool = False
    delivered_share: float = 1.0
    record_s: int = 0  # longest recording of the callee after the message; 0: none
    gateways: tuple[str, ...] = ()
    cps: float | None = None
    channels: int | None = None
    unknown_policy: str = UnknownPolicy.LEAVE
    priority: int = 0
    weight: int = 1
    starts_at: int | None = None
    ends_at: int | None = None  # what was not called by then is cancelled

    def check(self, max_call_s: int) -> None:
        """Raise BadInput that names the rule and what is wrong."""
        for _, error in self.problems(max_call_s):
            raise error

    def problems(self, max_call_s: int) -> Iterator[tuple[str, BadInput]]:
        """All that is wrong with them: the rule's name, and what it is."""
        longest = bounds.Bounds(0, max_call_s)
        for name, what, within in (
            ("max_tries", Sentence("Tries"), bounds.TRIES),
            ("retry_after_s", Sentence("The wait between tries (s)"), bounds.RETRY_AFTER_S),
            ("ring_timeout_s", Sentence("The ring time-out (s)"), bounds.RING_TIMEOUT_S),
            ("max_length_s", Sentence("The longest call (s)"), longest),
            ("record_s", Sentence("The longest recording (s)"), longest),
            ("weight", Sentence("The weight"), bounds.WEIGHT),
            ("cps", Sentence("Calls a second"), bounds.CPS),
            ("channels", Sentence("Calls at once"), bounds.CHANNELS),
            ("delivered_share", Sentence("The share to be heard"), bounds.DELIVERED_SHARE),
        ):
            value = getattr(self, name)
            if value is not None and not within.hold(value):
                yield name, _out_of(what, value, within)
        if not one_line(self.name):
            yield "name", BadInput("The campaign needs a name.")
        if self.kind not in set(MessageKind):
            yield (
                "kind",
                BadInput(
                    "The kind '%(kind)s' is none of %(known)s.", kind=self.kind, known=list(MessageKind)
                ),
            )
        if self.unknown_policy not in set(UnknownPolicy):
            yield (
                "unknown_policy",
                BadInput(
                    "The policy '%(policy)s' is none of %(known)s.",
                    policy=self.unknown_policy,
                    known=list(UnknownPolicy),
                ),
            )
        if self.caller_id and not _DIGITS.fullmatch(self.caller_id):
            yield (
                "caller_id",
                BadInput("The caller id '%(number)s' is not 3 to 15 digits.", number=self.caller_id),
            )
        yield from self._problems_of_keys()
        for name, parse, text in (
            ("windows", parse_windows, self.windows),
            ("weekdays", parse_days, self.weekdays),
        ):
            try:
                parse(text)
            except BadInput as error:
                yield name, error
        if self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at:
            yield "ends_at", BadInput("The campaign would end before it starts.")

    def _problems_of_keys(self) -> Iterator[tuple[str, BadInput]]:
        if self.vote_keys and not _KEYS.fullmatch(self.vote_keys):
            yield (
                "vote_keys",
                BadInput("The vote keys '%(keys)s' are not digits, as in 1,2,3.", keys=self.vote_keys),
            )
        if len(set(self.vote_keys)) != len(self.vote_keys):
            yield "vote_keys", BadInput("The vote keys '%(keys)s' name a key twice.", keys=self.vote_keys)
        if self.repeat_key and not _KEY.fullmatch(self.repeat_key):
            yield (
                "repeat_key",
                BadInput("The repeat key '%(key)s' is not one of 0-9 * #.", key=self.repeat_key),
            )
        if self.repeat_key and self.repeat_key in self.vote_keys:
            yield (
                "repeat_key",
                BadInput("The key %(key)s cannot both vote and repeat the message.", key=self.repeat_key),
            )
        if self.optout and "1" in (self.vote_keys + self.repeat_key) and len(self.vote_keys) == 1:
            yield (
                "vote_keys",
                BadInput("With the opt-out key 11, a vote by the key 1 alone cannot be told from it."),
            )

    def hours(self) -> Windows:
        """When it may ring; BadInput for hours or days that are none."""
        return windows_of(self.windows, self.weekdays)

    def columns(self) -> dict[str, Any]:
        """The rules as the columns of `Campaign` have them."""
        return {
            **{each.name: getattr(self, each.name) for each in fields(self)},
            "name": one_line(self.name)[:200],
            "windows": str(parse_windows(self.windows)),
            "weekdays": parse_days(self.weekdays),
            "caller_id": self.caller_id.lstrip("+"),
            "gateways": " ".join(dict.fromkeys(self.gateways)),
        }

    @classmethod
    def of_document(cls, values: Mapping[str, Any]) -> CampaignRules:
        """The rules of what `dataclasses.asdict` gave, read back from JSON."""
        return cls(**{**values, "gateways": tuple(values.get("gateways", ()))})

    @classmethod
    def of(cls, row: Campaign) -> CampaignRules:
        """The rules of a campaign."""
        values = {each.name: getattr(row, each.name) for each in fields(cls)}
        return cls(**{**values, "gateways": tuple(row.gateways.split())})


def _out_of(what: Sentence, value: float, within: bounds.Bounds) -> BadInput:
    return BadInput(
        "%(what)s must be from %(low)s to %(high)s, not %(value)s.",
        what=what,
        low=Amount(within.least),
        high=Amount(within.most),
        value=Amount(value),
    )


def for_customer(rules: CampaignRules) -> CampaignRules:
    """The rules as a customer may set them: which trunks all share is the staff's to choose."""
    return replace(rules, gateways=(), priority=0, weight=1)


def call_length_s(rules: CampaignRules, message_ms: int, *, has_variables: bool, max_call_s: int) -> int:
    """The longest call of a campaign as it is made (s): what its rules say, or what its message needs."""
    needed = longest_call_s(rules, message_ms, has_variables=has_variables)
    return rules.max_length_s or min(needed, max_call_s)


def longest_call_s(rules: CampaignRules, message_ms: int, *, has_variables: bool) -> int:
    """How long a call of a campaign may last (s) when nobody said it: its message, a recording and a margin.

    Of a text with variables only an example has been spoken; names may be longer.
    """
    margin = 15 + (10 if rules.vote_keys else 0) + rules.record_s
    repeats = 3 if rules.repeat_key else 1
    return message_ms // 1000 * (2 if has_variables else 1) * repeats + margin
