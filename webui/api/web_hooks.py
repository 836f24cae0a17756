"""Web hooks of the account: where its programs are told of events, what was told, and telling it again."""

from __future__ import annotations

from typing import Annotated

import orjson
from flask import Response
from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.outbox import outside
from engine.services.webhooks import events, hooks
from engine.services.webhooks.hooks import KINDS, MOST_BATCH
from engine.store.threads import read, write
from webui.api.conditions import changed
from webui.api.models import At, Id, Paged, PageQuery, RequestBody, at, page_of
from webui.api.operations import created, operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Web hooks"
_URL = Annotated[str, Field(min_length=1, max_length=outside.LONGEST_URL, description="http or https.")]
_KINDS = Annotated[list[str], Field(min_length=1, max_length=50, description="Of: " + ", ".join(KINDS) + ".")]
_BATCH = Annotated[int, Field(ge=1, le=MOST_BATCH, description="Events in one request at most.")]


class HookPath(BaseModel):
    webhook_id: Id


class HookRequest(RequestBody):
    url: _URL
    events: _KINDS
    batch: _BATCH = 1


class HookChanges(RequestBody):
    """The fields to change.  Fields that are not given stay as they are."""

    url: _URL | None = None
    events: _KINDS | None = None
    batch: _BATCH | None = None
    is_active: bool | None = Field(None, description="false: no events are sent to it; waiting events stay.")


class HookAnswer(BaseModel):
    """A web hook."""

    id: Id
    url: str
    events: list[str]
    batch: int
    is_active: bool
    created_at: At


class NewHookAnswer(HookAnswer):
    """A web hook and its secret, which is shown once."""

    secret: str = Field(description="Verifies signatures, whsec_…")


class Delivery(BaseModel):
    """An event for a web hook: waiting, delivered, or given up."""

    id: Id
    event: str
    state: str = Field(description="pending, sent, parked (given up after a day)")
    tries: int
    status: int | None = Field(description="HTTP status of the last answer")
    answer: str = Field(description="Beginning of the last answer, or why there was none")
    at: At
    next_at: At | None = Field(description="Time of the next try while pending")
    ended_at: At | None
    data: dict[str, object]


class DeliveryQuery(PageQuery):
    state: str = Field("", pattern="^(|pending|sent|parked)$")


class ReplayRequest(RequestBody):
    first_id: Id
    last_id: Id | None = Field(None, description="The last event of the range; without it, only the first.")


class ReplayAnswer(BaseModel):
    events: int = Field(description="How many are sent again.")


@operation("get", "/webhooks", Scope.HOOKS_READ, TAG, Paged[HookAnswer], right="webhook.view")
def list_webhooks() -> Paged[HookAnswer]:
    """The account's web hooks, oldest first: ten at most, so that there is one page."""
    account_id = caller().account_id
    rows = read(lambda: hooks.of_account(account_id))
    return Paged[HookAnswer](data=[_answer(row) for row in rows], next_cursor=None)


@operation(
    "post",
    "/webhooks",
    Scope.HOOKS_WRITE,
    TAG,
    NewHookAnswer,
    status=201,
    right="webhook.change",
    creates=True,
)
def add_webhook(body: HookRequest) -> Response:
    """Add an address to which events are sent.  Addresses within our own networks are refused."""
    me, now, url, box = caller(), wall_ms(), _checked(body.url), web().secret_box

    def work() -> NewHookAnswer:
        made = hooks.add(me.person, me.account_id, url, body.events, box, now, body.batch)
        return _with_secret(hooks.get(me.account_id, made.hook_id), made.secret)

    return created(work, box=box)


@operation("get", "/webhooks/<int:webhook_id>", Scope.HOOKS_READ, TAG, HookAnswer, right="webhook.view")
def get_webhook(path: HookPath) -> HookAnswer:
    """One web hook."""
    account_id = caller().account_id
    return _answer(read(lambda: hooks.get(account_id, path.webhook_id)))


@operation("patch", "/webhooks/<int:webhook_id>", Scope.HOOKS_WRITE, TAG, HookAnswer, right="webhook.change")
def change_webhook(path: HookPath, body: HookChanges) -> HookAnswer:
    """Change a web hook, or switch it off and on."""
    me, now = caller(), wall_ms()
    read(lambda: hooks.get(me.account_id, path.webhook_id))  # raises NotFound before an address is resolved
    url = None if body.url is None else _checked(body.url)

    def shown() -> HookAnswer:
        return _answer(hooks.get(me.account_id, path.webhook_id))

    def work() -> HookAnswer:
        row = hooks.get(me.account_id, path.webhook_id)
        hooks.change(
            me.person, me.account_id, row.id, now,
            url=row.url if url is None else url,
            kinds=row.kinds.split() if body.events is None else body.events,
            batch=row.batch if body.batch is None else body.batch,
            is_active=row.is_active if body.is_active is None else body.is_active,
        )  # fmt: skip
        return shown()

    return changed(hooks.Webhook, path.webhook_id, shown, work)


@operation(
    "delete", "/webhooks/<int:webhook_id>", Scope.HOOKS_WRITE, TAG, None, status=204, right="webhook.change"
)
def remove_webhook(path: HookPath) -> None:
    """Remove a web hook and its waiting events."""
    me, now, hook_id = caller(), wall_ms(), path.webhook_id
    changed(
        hooks.Webhook,
        hook_id,
        lambda: _answer(hooks.get(me.account_id, hook_id)),
        lambda: hooks.remove(me.person, me.account_id, hook_id, now),
    )


@operation(
    "post", "/webhooks/<int:webhook_id>/secret", Scope.HOOKS_WRITE, TAG, NewHookAnswer, status=201,
    right="webhook.change", creates=True,
)  # fmt: skip
def rotate_webhook_secret(path: HookPath) -> Response:
    """Make a new secret.  The old one also signs for one more day."""
    me, now, box = caller(), wall_ms(), web().secret_box

    def work() -> NewHookAnswer:
        made = hooks.rotate(me.person, me.account_id, path.webhook_id, box, now)
        return _with_secret(hooks.get(me.account_id, path.webhook_id), made.secret)

    return created(work, box=box)


@operation(
    "post",
    "/webhooks/<int:webhook_id>/test",
    Scope.HOOKS_WRITE,
    TAG,
    None,
    status=204,
    right="webhook.change",
)
def test_webhook(path: HookPath) -> None:
    """Send a test event; its answer is among the deliveries."""
    me, now = caller(), wall_ms()
    write(lambda: events.send_test(me.person, me.account_id, path.webhook_id, now))


@operation(
    "get",
    "/webhooks/<int:webhook_id>/deliveries",
    Scope.HOOKS_READ,
    TAG,
    Paged[Delivery],
    right="webhook.view",
)
def list_webhook_deliveries(path: HookPath, query: DeliveryQuery) -> Paged[Delivery]:
    """Events that are on their way, were told in the last 7 days, or were given up in the last 30; newest first."""
    account_id, before = caller().account_id, query.after
    rows = read(lambda: events.log_of(account_id, path.webhook_id, before, query.limit + 1, query.state))
    found, cursor = page_of(rows, query.limit, lambda row: row.id)
    data = [
        Delivery(
            id=row.id, event=row.kind, state=row.state, tries=row.tries, status=row.status, answer=row.answer,
            at=at(row.at) or "", next_at=at(row.next_at) if row.state == "pending" else None,
            ended_at=at(row.ended_at), data=orjson.loads(row.data),
        )
        for row in found
    ]  # fmt: skip
    return Paged[Delivery](data=data, next_cursor=cursor)


@operation(
    "post", "/webhooks/<int:webhook_id>/replay", Scope.HOOKS_WRITE, TAG, ReplayAnswer, right="webhook.change"
)
def replay_webhook(path: HookPath, body: ReplayRequest) -> ReplayAnswer:
    """Send an event again, or those of a range, with their ids; 10,000 at most."""
    me, now = caller(), wall_ms()
    return ReplayAnswer(
        events=write(
            lambda: events.replay(me.person, me.account_id, path.webhook_id, now, body.first_id, body.last_id)
        )
    )


def _checked(url: str) -> str:
    """Check the address off the hub; AddressRefused."""
    networks = outside.parse_networks(web().settings.own_networks)
    found: str = web().apart(lambda: outside.check_url(url, networks), waits=True)
    return found


def _answer(row: hooks.Webhook) -> HookAnswer:
    return HookAnswer(
        id=row.id, url=row.url, events=row.kinds.split(), batch=row.batch, is_active=row.is_active,
        created_at=at(row.created_at) or "",
    )  # fmt: skip


def _with_secret(row: hooks.Webhook, secret: str) -> NewHookAnswer:
    return NewHookAnswer(**_answer(row).model_dump(), secret=secret)
