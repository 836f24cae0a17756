"""A running campaign in memory: its rules, and why it waits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any

from engine.codecs import offered
from engine.dialing.pacing import RateLimiter
from engine.dialing.retry import Policy
from engine.dialing.shares import WHOLE, Portion
from engine.esl.checks import BadCommand
from engine.esl.originate import OriginateTemplate
from engine.services.accounts import accounts, permissions
from engine.services.compliance import caller_ids
from engine.services.compliance.calling_windows import Windows, windows_of
from engine.services.trunks.gateways import common_names
from engine.states import UnknownPolicy
from engine.store.changes import Changes

EMPTY_S = 0.5  # quick sends that become due by time alone (retries) are looked for this often


@dataclass(slots=True, eq=False)
class AccountShare:
    """The limits of an account, shared by all its campaigns."""

    id: int
    weight: int = 1
    cps: float | None = None
    channels: int | None = None
    our_channels: int | None = None  # of these, as several engines divide them
    limiter: RateLimiter | None = None  # of our part of `cps`
    live: int = 0

    def set(self, weight: int, cps: float | None, channels: int | None, portion: Portion) -> None:
        """Set the account's limits.  Calls that are already counted stay counted."""
        self.weight, self.cps, self.channels = max(1, weight), cps, channels
        self.our_channels = portion.of_count(channels)
        self.limiter = at_rate(self.limiter, portion.of_rate(cps))


@dataclass(frozen=True, slots=True)
class CallRules:
    """A campaign's rules as stored: one value, replaced as a whole."""

    name: str
    priority: int
    weight: int
    policy: Policy
    windows: Windows
    ring_timeout_s: int
    max_length_s: int
    prompt: str
    message_ms: int
    share: float
    caller_id: str
    vote_keys: str
    repeat_key: str
    optout: bool
    cps: float | None
    channels: int | None
    our_channels: int | None  # of these, as several engines divide them
    gateway_names: frozenset[str] | None  # None: all
    record_s: int = 0  # longest recording; 0: none, or the account may not (any more)
    holds: bool = False  # the message goes on until the call is joined to another
    switch_name: str = ""  # the only switch by which its calls leave; empty: any
    caller_range: str = ""  # first digits that its caller id must have (advertising); empty: any


@dataclass(slots=True, eq=False)
class CampaignRun:
    """What the dialer knows of a campaign that is in the state `running`."""

    id: int
    account_id: int
    rules: CallRules
    limiter: RateLimiter | None  # of our part of `cps`
    account: AccountShare
    may_dial: bool = True  # false as soon as it is no longer running
    live: int = 0  # claimed and not ended
    waiting: int = 0  # of these, not handed to a switch yet
    next_look_m: float = 0.0  # no claim is worth trying before (monotonic)
    cut_recordings: int = 0  # in a row, because a switch could not write them
    is_empty: bool = False  # nobody was due at the last claim
    changes: Changes = field(default_factory=lambda: Changes(EMPTY_S))
    unserved: str = ""  # how the numbers begin that no gateway serves, at the last claim
    reason: str = ""  # code of engine.services.campaigns.why
    details: dict[str, Any] = field(default_factory=dict)
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=20_000))  # instants of the last minute
    _templates: dict[tuple[int, str], OriginateTemplate] = field(default_factory=dict)

    @property
    def is_urgent(self) -> bool:
        """Quick sends and OTP go before campaigns and may use the reserve."""
        return self.rules.priority >= 10

    def may_use(self, gateway: str) -> bool:
        """Whether calls may use a gateway: the campaign or its account may restrict them."""
        return self.rules.gateway_names is None or gateway in self.rules.gateway_names

    @property
    def has_keys(self) -> bool:
        """Whether pressed keys mean something in its calls."""
        return bool(self.rules.vote_keys or self.rules.repeat_key or self.rules.optout)

    def lets_go(self, now_m: float) -> bool:
        """Whether a call may leave at `now_m`: the campaign still runs, and its own and its account's rate permit it."""
        return self.may_dial and all(limiter.available(now_m) > 0 for limiter in self.limiters)

    def next_in(self, now_m: float) -> float:
        """Seconds until its own and its account's rate permit a call; infinite while it does not run."""
        if not self.may_dial:
            return math.inf
        return max((limiter.next_in(now_m) for limiter in self.limiters), default=0.0)

    @property
    def limiters(self) -> list[RateLimiter]:
        """The campaign's own rate limiter and its account's, if they exist."""
        return [limiter for limiter in (self.limiter, self.account.limiter) if limiter is not None]

    @property
    def shows_its_own(self) -> bool:
        """Whether the campaign may still show its own caller id; True without one."""
        return not self.rules.caller_id or self.may_show("")

    def may_show(self, gateway_caller_id: str) -> bool:
        """Whether its caller-id rules allow a gateway that shows this number."""
        return caller_ids.fits(self.rules.caller_id or gateway_caller_id, self.rules.caller_range)

    def template(
        self,
        gateway_id: int,
        gateway_name: str,
        ptime_ms: int,
        caller_id: str,
        prompt: str,
        keys_in_voice: bool = False,
        codecs: tuple[str, ...] = ("PCMA",),
        kept: Callable[[str], Container[str]] = lambda prompt: (),
    ) -> OriginateTemplate:
        """The compiled originate for a gateway and a prompt (a recipient's own, or the campaign's).

        `kept` names the codecs besides PCMA and PCMU that a prompt is kept in.
        """
        key = (gateway_id, prompt)
        found = self._templates.get(key)
        if found is None:
            if not self.may_show(caller_id):  # the claimer checked it, but a number has changed since
                raise BadCommand(
                    "the caller id is none of those that begin with %(caller_range)s",
                    caller_range=self.rules.caller_range,
                )
            if len(self._templates) > 5_000:  # prompts of single recipients
                self._templates.clear()
            message = prompt or self.rules.prompt
            found = self._templates[key] = OriginateTemplate(
                gateway=gateway_name,
                message=message,
                account_id=self.account_id,
                campaign_id=self.id,
                ring_timeout_s=self.rules.ring_timeout_s,
                max_s=self.rules.max_length_s,
                caller_id=self.rules.caller_id or caller_id or None,
                ptime_ms=ptime_ms,
                codecs=offered(codecs, kept(message), self.has_keys or bool(self.rules.record_s)),
                vote_keys=self.rules.vote_keys or None,
                repeat_key=self.rules.repeat_key or None,
                opt_out=self.rules.optout,
                record_s=self.rules.record_s or None,
                holds=self.rules.holds,
                keys_in_voice=keys_in_voice,
            )
        return found

    def forget_templates(self) -> None:
        """Drop the compiled templates, because gateways have changed."""
        self._templates.clear()

    def rate(self, now_m: float, span_s: float = 10.0) -> float:
        """Calls a second over the last `span_s`."""
        while self.sent and self.sent[0] < now_m - 60:
            self.sent.popleft()
        recent = sum(1 for at in self.sent if at > now_m - span_s)
        return recent / span_s


def at_rate(limiter: RateLimiter | None, cps: float | None) -> RateLimiter | None:
    """A limiter for that rate (None: no limiter) that remembers what the previous one let out."""
    if not cps:
        return None
    if limiter is None:
        return RateLimiter(cps)
    if limiter.cps != cps:
        limiter.set_rate(cps)
    return limiter


def build_run(row: Any, account: AccountShare | None = None, portion: Portion = WHOLE) -> CampaignRun:
    """A CampaignRun of a Campaign row with its message joined; `account` is shared by an account's campaigns."""
    may_record = accounts.is_granted(row.account, permissions.RECORDING)
    rules = CallRules(
        name=row.name,
        priority=row.priority,
        weight=max(1, row.weight),
        policy=Policy(row.max_tries, row.retry_after_s * 1000, UnknownPolicy(row.unknown_policy)),
        windows=windows_of(row.windows, row.weekdays),
        ring_timeout_s=row.ring_timeout_s,
        max_length_s=row.max_length_s,
        prompt=row.message.prompt if row.message else "",
        message_ms=row.message.duration_ms if row.message else 0,
        share=row.delivered_share,
        caller_id=row.caller_id,
        vote_keys=row.vote_keys,
        repeat_key=row.repeat_key,
        optout=row.optout,
        record_s=row.record_s if may_record else 0,
        holds=row.holds_calls,
        switch_name=row.switch_name,
        cps=row.cps,
        channels=row.channels,
        our_channels=portion.of_count(row.channels),
        gateway_names=common_names(row.gateways, row.account.gateways),
    )
    return CampaignRun(
        id=row.id,
        account_id=row.account_id,
        rules=rules,
        limiter=at_rate(None, portion.of_rate(row.cps)),
        account=account or AccountShare(row.account_id),
    )
