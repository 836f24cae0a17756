"""Campaigns: make with rules, look, change, start, pause, resume, stop, clone, and how they go, live."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from engine import bounds
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import idempotency
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import campaigns, clone, edit, launch, view
from engine.services.campaigns.rules import CampaignRules, for_customer
from engine.services.campaigns.view import CampaignView
from engine.store.threads import read, write
from webui.api.conditions import changed
from webui.api.models import At, Id, Instant, Paged, PageQuery, RequestBody, at, ms_of, page_of
from webui.api.operations import created, key_of, operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Campaigns"
STATES = Literal["draft", "scheduled", "running", "paused", "finished", "stopped"]
KINDS = Literal["service", "advertising", "emergency"]


class CampaignPath(BaseModel):
    campaign_id: Id


class Counts(BaseModel):
    """Numbers of recipients by state, and of calls by outcome."""

    total: int
    waiting: int
    retry_wait: int
    live: int
    delivered: int
    exhausted: int
    excluded: int
    cancelled: int
    unknown: int
    attempts: int
    answered: int
    busy: int
    no_answer: int
    rejected: int
    unreachable: int
    congestion: int
    failed: int
    lost: int
    heard_s: float


class CampaignAnswer(BaseModel):
    """A campaign with its rules and counters."""

    id: Id
    name: str
    state: STATES
    why: str = Field(description="The reason of its state, one sentence.")
    kind: KINDS
    message_id: Id | None
    max_tries: int
    retry_after_s: int
    ring_timeout_s: int
    max_length_s: int
    windows: str
    weekdays: str
    caller_id: str
    vote_keys: str
    repeat_key: str
    optout: bool
    delivered_share: float
    record_s: int
    cps: float | None
    channels: int | None
    starts_at: At | None
    ends_at: At | None = Field(description="Recipients not called by then are cancelled.")
    created_at: At
    started_at: At | None
    finished_at: At | None
    expected_end_at: At | None = Field(description="Estimated from its present speed.")
    calls_per_second: float
    counts: Counts


def answer_of(one: CampaignView) -> CampaignAnswer:
    row, rules = one.row, CampaignRules.of(one.row)
    told = {name: getattr(one.counts, name) for name in Counts.model_fields if name != "heard_s"}
    shown = {
        name: getattr(rules, name)
        for name in CampaignAnswer.model_fields
        if hasattr(rules, name) and name not in ("starts_at", "ends_at")
    }
    return CampaignAnswer(
        **shown,
        id=one.id,
        state=one.state.value,
        why=str(one.sentence),
        message_id=row.message_id,
        starts_at=at(row.starts_at),
        ends_at=at(rules.ends_at),
        created_at=at(row.created_at) or "",
        started_at=at(row.started_at),
        finished_at=at(row.finished_at),
        expected_end_at=at(one.ends_at),
        calls_per_second=one.calls_per_second,
        counts=Counts(**told, heard_s=one.counts.heard_ms / 1000),
    )


def look(campaign_id: int, account_id: int, now: int) -> CampaignAnswer:
    """A campaign of the account in the form of an answer; inside a connection.  NotFound, also for one that holds quick sends."""
    return answer_of(own(campaign_id, account_id, now))


def own(campaign_id: int, account_id: int, now: int) -> CampaignView:
    """A campaign of the account; inside a connection.  NotFound, also for one that holds quick sends."""
    found = view.view(campaign_id, now, account_id)
    if found.row.standing_key:
        raise NotFound("There is no campaign %(id)s.", id=campaign_id)
    return found


class CampaignsQuery(PageQuery):
    state: STATES | None = None
    name: str = Field("", max_length=200, description="Part of the name.")


@operation("get", "/campaigns", Scope.CAMPAIGNS_READ, TAG, Paged[CampaignAnswer], right="campaign.view")
def list_campaigns(query: CampaignsQuery) -> Paged[CampaignAnswer]:
    """The campaigns of the account, the newest first."""
    account_id, before, now = caller().account_id, query.after, wall_ms()
    states = (query.state,) if query.state else ()
    rows = read(
        lambda: view.views(
            now, account_id, states=states, text=query.name, before_id=before, limit=query.limit + 1
        )
    )
    found, cursor = page_of(rows, query.limit, lambda one: one.id)
    return Paged[CampaignAnswer](data=[answer_of(one) for one in found], next_cursor=cursor)


class CampaignRequest(RequestBody):
    """A campaign with its rules; it stays a draft until it is started."""

    name: str = Field(min_length=1, max_length=200)
    message_id: Id | None = None
    kind: KINDS = "service"
    max_tries: int = Field(1, ge=bounds.TRIES.least, le=bounds.TRIES.most)
    retry_after_s: int = Field(600, ge=0, le=bounds.RETRY_AFTER_S.most)
    ring_timeout_s: int = Field(30, ge=bounds.RING_TIMEOUT_S.least, le=bounds.RING_TIMEOUT_S.most)
    max_length_s: int = Field(
        0, ge=0, le=bounds.RECORD_S.most, description="0: the message's length and a margin."
    )
    windows: str = Field(
        "", max_length=200, description="Local hours, as `09:30-14:00,16:30-22:00`; empty: any."
    )
    weekdays: str = Field("", max_length=20, description="ISO days, as 67123; empty: every day.")
    caller_id: str = Field("", max_length=20)
    vote_keys: str = Field("", max_length=10, description="Keys that answer, as `12`.")
    repeat_key: str = Field("", max_length=1)
    optout: bool = Field(False, description="The key 11 puts the number on the do-not-call list.")
    delivered_share: float = Field(
        1.0,
        ge=bounds.DELIVERED_SHARE.least,
        le=bounds.DELIVERED_SHARE.most,
        description="Share of the message that counts as delivered.",
    )
    record_s: int = Field(
        0, ge=0, le=bounds.RECORD_S.most, description="Longest recording of the callee's answer; 0: none."
    )
    cps: float | None = Field(
        None, ge=bounds.CPS.least, le=bounds.CPS.most, description="Calls a second at most."
    )
    channels: int | None = Field(
        None, ge=bounds.CHANNELS.least, le=bounds.CHANNELS.most, description="Calls at once at most."
    )
    starts_at: Instant | None = None
    ends_at: Instant | None = None

    def rules(self) -> CampaignRules:
        values = self.model_dump(exclude={"message_id", "starts_at", "ends_at"})
        return for_customer(
            CampaignRules(**values, starts_at=ms_of(self.starts_at), ends_at=ms_of(self.ends_at))
        )


@operation(
    "post",
    "/campaigns",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    CampaignAnswer,
    status=201,
    right="campaign.change",
    creates=True,
)
def create_campaign(body: CampaignRequest) -> Response:
    """Make a draft campaign; add recipients, then start it."""
    account_id, now, policy = caller().account_id, wall_ms(), web().policy
    rules = body.rules()

    def work() -> CampaignAnswer:
        made = campaigns.create(account_id, rules, body.message_id, now, policy)
        return look(made, account_id, now)

    return created(work)


@operation(
    "get", "/campaigns/<int:campaign_id>", Scope.CAMPAIGNS_READ, TAG, CampaignAnswer, right="campaign.view"
)
def get_campaign(path: CampaignPath) -> CampaignAnswer:
    """One campaign with its rules and counters."""
    account_id, now = caller().account_id, wall_ms()
    return read(lambda: look(path.campaign_id, account_id, now))


class CampaignChange(RequestBody):
    """The fields to change.  Fields that are not given stay as they are; null removes a limit or a time.

    Only the name of an ended campaign can be changed.
    """

    name: str | None = Field(None, min_length=1, max_length=200)
    windows: str | None = Field(None, max_length=200)
    weekdays: str | None = Field(None, max_length=20)
    max_tries: int | None = Field(None, ge=bounds.TRIES.least, le=bounds.TRIES.most)
    retry_after_s: int | None = Field(None, ge=0, le=bounds.RETRY_AFTER_S.most)
    cps: float | None = Field(
        None, ge=bounds.CPS.least, le=bounds.CPS.most, description="null: no limit of its own."
    )
    channels: int | None = Field(
        None, ge=bounds.CHANNELS.least, le=bounds.CHANNELS.most, description="null: no limit of its own."
    )
    starts_at: Instant | None = None
    ends_at: Instant | None = None


_MAY_BE_NONE = frozenset({"cps", "channels", "starts_at", "ends_at"})


@operation(
    "patch",
    "/campaigns/<int:campaign_id>",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    CampaignAnswer,
    right="campaign.change",
)
def change_campaign(path: CampaignPath, body: CampaignChange) -> CampaignAnswer:
    """Change a campaign, also while it runs.  Changes apply to calls that are placed afterwards."""
    me, now, policy = caller(), wall_ms(), web().policy
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    for name, value in changes.items():
        if value is None and name not in _MAY_BE_NONE:
            raise BadInput("«%(name)s» is missing.", name=name)
    for name in ("starts_at", "ends_at"):
        if name in changes:
            changes[name] = ms_of(changes[name])

    def shown() -> CampaignAnswer:
        return look(path.campaign_id, me.account_id, now)

    def work() -> CampaignAnswer:
        own(path.campaign_id, me.account_id, now)
        edit.change(path.campaign_id, changes, me.person.id, now, policy, me.account_id)
        return shown()

    return changed(campaigns.Campaign, path.campaign_id, shown, work)


class PauseRequest(RequestBody):
    reason: str = Field("", max_length=200, description="Shown as the reason.")


Act = Callable[[int, int], object]  # of an account, at an instant (ms); inside a transaction
_acting = partial(
    operation, "post", scope=Scope.CAMPAIGNS_WRITE, tag=TAG, answer=CampaignAnswer, right="campaign.change"
)


def _act(path: CampaignPath, act: Act) -> CampaignAnswer:
    """Change a campaign of the caller and return the campaign as it is afterwards."""
    account_id, now = caller().account_id, wall_ms()

    def work() -> CampaignAnswer:
        own(path.campaign_id, account_id, now)
        act(account_id, now)
        return look(path.campaign_id, account_id, now)

    return write(work)


@_acting("/campaigns/<int:campaign_id>/start")
def start_campaign(path: CampaignPath) -> CampaignAnswer:
    """Let a campaign run: now, or at its `starts_at`."""
    policy = web().policy
    return _act(path, lambda account_id, now: launch.start(path.campaign_id, now, policy, account_id))


@_acting("/campaigns/<int:campaign_id>/pause")
def pause_campaign(path: CampaignPath, body: PauseRequest) -> CampaignAnswer:
    """Place no more calls; those that are up go on."""
    return _act(path, lambda account_id, _now: campaigns.pause(path.campaign_id, body.reason, account_id))


@_acting("/campaigns/<int:campaign_id>/resume")
def resume_campaign(path: CampaignPath) -> CampaignAnswer:
    """Go on where it paused."""
    policy = web().policy
    return _act(path, lambda account_id, now: launch.resume(path.campaign_id, now, policy, account_id))


@_acting("/campaigns/<int:campaign_id>/stop")
def stop_campaign(path: CampaignPath) -> CampaignAnswer:
    """End a campaign for good; what was not called is cancelled."""
    return _act(path, lambda account_id, now: campaigns.stop(path.campaign_id, now, account_id))


class CloneRequest(RequestBody):
    """Which recipients the new campaign takes over."""

    only: list[str] = Field(
        default_factory=lambda: [clone.NOBODY],
        min_length=1,
        max_length=10,
        description=f"Of: {', '.join(clone.CHOICES)}.",
    )
    name: str = Field("", max_length=200)


@operation(
    "post",
    "/campaigns/<int:campaign_id>/clone",
    Scope.CAMPAIGNS_WRITE,
    TAG,
    CampaignAnswer,
    status=201,
    right="campaign.change",
    creates=True,
)
def clone_campaign(path: CampaignPath, body: CloneRequest) -> CampaignAnswer:
    """Make a draft with the rules and message of a campaign and with the chosen recipients."""
    me, now, policy = caller(), wall_ms(), web().policy
    key = key_of()
    read(lambda: own(path.campaign_id, me.account_id, now))
    begun: list[int] = []

    def once(work: Callable[[], Any]) -> Any:
        """As `write`, but only one draft is made per key."""
        if begun:
            return write(work)
        text, was_kept = write(lambda: idempotency.once(key, now, lambda: str(work())))
        begun.append(int(text))
        if was_kept:
            raise _MadeBefore
        return begun[0]

    with suppress(_MadeBefore):
        clone.clone(
            path.campaign_id, now, policy, once, tuple(body.only), body.name, me.account_id, me.person.id
        )
    return read(lambda: look(begun[0], me.account_id, now))


class _MadeBefore(Exception):
    """The draft of this key exists already."""
