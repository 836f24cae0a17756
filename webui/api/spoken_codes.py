"""One-time codes: we make the code, speak it in a call, and check what the person typed."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import one_time_codes, recipient_results
from engine.services.campaigns.one_time_codes import (
    LEAST,
    LEAST_LIFE_S,
    MOST,
    MOST_LIFE_S,
    USUAL,
    USUAL_LIFE_S,
)
from engine.services.messages import otp_prompt
from engine.store.threads import read, write
from webui.api.lines import NewRecipient, read_recipient
from webui.api.models import At, Id, PhoneNumber, RequestBody, at
from webui.api.operations import created, operation
from webui.api.recipients import RECIPIENT_STATES, number_rules
from webui.api.sends import number_of
from webui.request.context import web
from webui.request.programs import caller

TAG = "One-time codes"


class CodePath(BaseModel):
    code_id: Id


class CodeRequest(RequestBody):
    """The number to call, and the code."""

    number: PhoneNumber
    digits: int = Field(USUAL, ge=LEAST, le=MOST, description="Of the code that we make.")
    code: str | None = Field(None, pattern=r"^[0-9]{4,8}$", description="Your own code instead of ours.")
    language: Literal["fa", "en"] = "fa"
    valid_s: int = Field(USUAL_LIFE_S, ge=LEAST_LIFE_S, le=MOST_LIFE_S)


class CodeAnswer(BaseModel):
    """A code that was sent.  The answer never contains the code."""

    id: Id
    state: RECIPIENT_STATES | None = Field(description="Of its call.")
    outcome: str
    tries_left: int
    is_used: bool
    expires_at: At


class CodeCheck(RequestBody):
    code: str = Field(min_length=4, max_length=8, pattern=r"^[0-9]+$", description="What the person typed.")


class CheckedCode(BaseModel):
    """Whether the code was right; a right one is used up."""

    is_right: bool
    tries_left: int


@operation(
    "post",
    "/one-time-codes",
    Scope.CODES_WRITE,
    TAG,
    CodeAnswer,
    status=201,
    right="campaign.change",
    creates=True,
)
def send_code(body: CodeRequest) -> Response:
    """Call a number and speak a code twice; check it with `check_code`."""
    account_id, now, folder, policy = caller().account_id, wall_ms(), web().settings.prompts_dir, web().policy
    number = number_of(read_recipient(NewRecipient(number=body.number), number_rules()))
    code = body.code or one_time_codes.make(body.digits)
    prompt, length_ms = web().apart(
        lambda: otp_prompt.prompt_for_code(code, body.language, prompts_dir=folder)
    )

    def work() -> CodeAnswer:
        made = one_time_codes.send(account_id, number, code, prompt, length_ms, body.valid_s, now, policy)
        return _answer(one_time_codes.get(made, account_id), account_id)

    return created(work)


@operation("get", "/one-time-codes/<int:code_id>", Scope.CODES_WRITE, TAG, CodeAnswer, right="campaign.view")
def get_code(path: CodePath) -> CodeAnswer:
    """The state of the call that speaks a code."""
    account_id = caller().account_id
    return read(lambda: _answer(one_time_codes.get(path.code_id, account_id), account_id))


@operation(
    "post",
    "/one-time-codes/<int:code_id>/check",
    Scope.CODES_WRITE,
    TAG,
    CheckedCode,
    right="campaign.change",
)
def check_code(path: CodePath, body: CodeCheck) -> CheckedCode:
    """Check a code: at most five tries, before it expires, and a right code only once."""
    account_id, now = caller().account_id, wall_ms()
    found = write(lambda: one_time_codes.check(path.code_id, account_id, body.code, now))
    return CheckedCode(is_right=found.is_right, tries_left=found.tries_left)


def _answer(row: one_time_codes.OneTimeCode, account_id: int) -> CodeAnswer:
    call = recipient_results.quick_send(row.recipient_id, account_id) if row.recipient_id else None
    return CodeAnswer(
        id=row.id,
        state=call.state.value if call else None,
        outcome=call.disposition if call else "",
        tries_left=max(0, one_time_codes.MAX_WRONG - row.wrong),
        is_used=row.used_at is not None,
        expires_at=at(row.expires_at) or "",
    )
