"""Text messages that followed calls: an account's, or those of one campaign."""

from __future__ import annotations

from pydantic import BaseModel, Field

from engine.services.accounts.token_scopes import Scope
from engine.services.outbox import text_log
from engine.store.threads import read
from webui.api.models import At, Id, Paged, PageQuery, Rials, at, page_of
from webui.api.operations import operation
from webui.request.programs import caller

TAG = "Text messages"


class TextQuery(PageQuery):
    campaign_id: Id | None = None
    state: str = Field("", pattern="^(|" + "|".join(text_log.STATES) + ")$")


class TextAnswer(BaseModel):
    """A text message: at most one for each recipient."""

    recipient_id: Id
    campaign_id: Id
    number: str
    text: str
    line: str = Field(description="The line that it came from; empty before it was sent.")
    state: str = Field(description=", ".join(text_log.STATES))
    parts: int = Field(description="Parts that the carriers count.")
    price_rials: Rials
    error: str = Field(description="Why the provider refused it.")
    created_at: At
    sent_at: At | None = Field(description="When it left, or was given up.")
    receipt_at: At | None


@operation("get", "/texts", Scope.CAMPAIGNS_READ, TAG, Paged[TextAnswer], right="campaign.view")
def list_texts(query: TextQuery) -> Paged[TextAnswer]:
    """The texts that followed calls, those of the newest recipients first."""
    account_id, before = caller().account_id, query.after
    rows = read(lambda: text_log.page(account_id, query.state, query.campaign_id, before, query.limit + 1))
    found, cursor = page_of(rows, query.limit, lambda row: row.recipient_id)
    data = [
        TextAnswer(
            recipient_id=row.recipient_id, campaign_id=row.campaign_id, number=row.number, text=row.text,
            line=row.line, state=text_log.state_of(row), parts=row.parts, price_rials=row.price, error=row.error,
            created_at=at(row.created_at) or "", sent_at=at(row.ended_at), receipt_at=at(row.receipt_at),
        )
        for row in found
    ]  # fmt: skip
    return Paged[TextAnswer](data=data, next_cursor=cursor)
