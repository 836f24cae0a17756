"""SendOCV: the person sees a digit, is called and presses it; the caller of the method is told at an address."""

from __future__ import annotations

from typing import Any

from engine.errors import BadInput
from engine.services.accounts.token_scopes import Scope
from engine.services.compliance import regions
from engine.services.compliance.regions import NoRegion
from engine.services.messages.speech import DEFAULT_VOICE, SpeechUnavailable
from engine.services.outbox import one_click, outside
from engine.services.outbox.outside import AddressRefused
from engine.store.threads import read, write
from webui.api.rest.methods import Asked, Method, Param, field, whole
from webui.api.rest.refusals import UNKNOWN_ERROR, WRONG_NUMBER
from webui.api.rest.sends import number_of
from webui.request.context import web
from webui.request.services import speech

NOT_SPOKEN, SPEECH_FAILED = -7, -4
SAID = "برای تأیید، عددی را که روی صفحه می‌بینید با تلفن خود فشار دهید. تکرار می‌کنم: عددی را که روی صفحه می‌بینید فشار دهید."


def send(asked: Asked) -> dict[str, Any]:
    number, url, account_id, now = (
        number_of(asked["Number"]), asked["CallbackURL"].strip(), asked.account_id, asked.now,
    )  # fmt: skip
    settings, policy, speaker = web().settings, web().policy, speech()
    web().apart(lambda: outside.check_url(url, outside.parse_networks(settings.own_networks)), waits=True)
    gateways = read(lambda: regions.gateways_of(account_id, asked["ServerID"]))
    made = web().apart(lambda: speaker.make(SAID, settings.prompts_dir, DEFAULT_VOICE), waits=True)
    token_id = int(asked.caller.token.id)
    send_id, code = write(
        lambda: one_click.send(
            account_id, token_id, number, url, made.prompt, made.duration_ms, gateways, now, policy
        )
    )
    return {"Result": 0, "Code": int(code), "SendId": send_id}


METHODS = (
    Method(
        "SendOCV", Scope.CODES_WRITE, "campaign.change", send, field("Result", Code=0, SendId=0),
        (Param("Number", wrong=WRONG_NUMBER), Param("CallbackURL"), Param("ServerID", whole, 0)),
        ((SpeechUnavailable, NOT_SPOKEN), (AddressRefused, UNKNOWN_ERROR), (NoRegion, UNKNOWN_ERROR),
         (BadInput, SPEECH_FAILED)),
    ),
)  # fmt: skip
