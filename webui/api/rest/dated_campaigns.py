"""Campaigns of the web service: made from numbers and a message, started, stopped, and the result of each number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response

from engine.agreement.dates import date_text, local_day
from engine.bounds import TRIES
from engine.clock import TEHRAN, from_ms
from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, permissions
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import dated, number_results
from engine.services.campaigns.dated import DatesReversed, HoursReversed, NumbersAsWritten
from engine.services.campaigns.number_results import NumberResult
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.start_checks import NotApproved
from engine.services.campaigns.view import CampaignView
from engine.services.compliance import regions, traffic_caps
from engine.services.money import reservations
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import NumberRules, display
from engine.services.outbox import texts
from engine.services.outbox.texts import TextWanted
from engine.states import OVER_STATES, CampaignState, Disposition, MessageState, RecipientState
from engine.store.threads import read, write
from webui.api.rest.methods import Asked, Method, Param, bare, boolean, field, instant, whole
from webui.api.rest.refusals import Refused
from webui.api.rest.sends import RECORD, VOTE_KEYS, record_seconds
from webui.request.context import web

CANNOT_START, CAMPAIGN_CREDIT, CAMPAIGN_MESSAGE, WAITS, REJECTED = -30, -50, -60, -61, -62
TRIES_NOT_ALLOWED, WRONG_VALUES, DATES_REVERSED, HOURS_REVERSED, NO_TEXTS = -70, -75, -76, -77, -80
PAGE = 2_000  # numbers read at once

NOT_APPROVED, WAITING, READY, SENDING, FINISHED, STOPPED, MONEY_DUE = 8, 9, 10, 11, 12, 27, 39
_STATUS = {
    CampaignState.DRAFT: WAITING,
    CampaignState.SCHEDULED: READY,
    CampaignState.RUNNING: SENDING,
    CampaignState.PAUSED: STOPPED,
    CampaignState.FINISHED: FINISHED,
    CampaignState.STOPPED: STOPPED,
}
# `Status` of a number.
_OF_STATE = {
    RecipientState.PENDING: 0,
    RecipientState.RETRY_WAIT: 1,
    RecipientState.CLAIMED: 2,
    RecipientState.IN_CALL: 3,
    RecipientState.DELIVERED: 4,
    RecipientState.EXCLUDED: 11,
    RecipientState.CANCELLED: 12,
    RecipientState.UNKNOWN: 13,
}
_OF_DISPOSITION = {
    Disposition.ANSWERED: 5,
    Disposition.BUSY: 6,
    Disposition.NO_ANSWER: 7,
    Disposition.REJECTED: 8,
    Disposition.UNREACHABLE: 9,
}
NOT_REACHED = 10
# `SMSType` of a text; only Success is published.
_OUTCOMES = {
    "success": texts.SUCCESS, "answered": texts.ANSWERED, "busy": texts.BUSY, "noanswer": texts.NO_ANSWER,
    "fail": texts.FAIL, "failed": texts.FAIL,
}  # fmt: skip


def create(asked: Asked) -> int:
    """Make a campaign of the numbers; return its id."""
    account_id, now, settings, policy = asked.account_id, asked.now, web().settings, web().policy
    span = dated.span_of(asked["StartDateTime"], asked["EndDateTime"], now)
    _check_tries(asked["MaxTryCount"])
    wanted = _texts(asked)
    lines = settings.sms_lines.split()

    def look() -> tuple[tuple[str, ...], NumberRules]:
        dated.check(account_id, asked["MessageID"], now)
        accepted = traffic_caps.number_rules(settings.default_area_code)
        return regions.gateways_of(account_id, asked["ServerID"]), accepted

    gateways, accepted = read(look)
    rules = CampaignRules(
        name=asked["Title"],
        max_tries=asked["MaxTryCount"],
        retry_after_s=asked["MinuteBetweenTries"] * 60,
        windows=span.windows,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        vote_keys=VOTE_KEYS if asked["Vote"] else "",
        record_s=record_seconds(asked),
        gateways=gateways,
    )
    numbers = NumbersAsWritten(dated.numbers_in(asked["Numbers"]), accepted)
    return dated.create(
        account_id, rules, asked["MessageID"], numbers, now, policy, write,
        starts=asked["AutoStart"], also=lambda made: texts.allow(account_id, made, wanted, lines) if wanted else None,
    )  # fmt: skip


def _texts(asked: Asked) -> list[TextWanted]:
    """The texts that follow the calls, one per outcome; empty: none."""
    if not asked["SMS"]:
        return []
    if not asked["SMSJSON"].strip(" []"):
        raise Refused(NO_TEXTS, "SMS_Empty")
    may = read(lambda: accounts.has_grant(asked.account_id, permissions.TEXTS))
    if not may or not web().settings.sms_url.get_secret_value():
        raise Refused(WRONG_VALUES, "SMS_NotAllowed")
    try:
        given = orjson.loads(asked["SMSJSON"])
        return [
            TextWanted(
                _OUTCOMES[str(each["SMSType"]).lower()],
                str(each["MessageText"]),
                str(each.get("LineNumber") or ""),
                str(each.get("HasBackupLine", "")).lower() in ("true", "1"),
            )
            for each in given
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(WRONG_VALUES, "SMS_Invalid") from error


def start(asked: Asked) -> int:
    """Start a waiting or stopped campaign with these dates; return its id."""
    span = dated.span_of(asked["StartDateTime"], asked["EndDateTime"], asked.now)
    changes: dict[str, Any] = {}
    if asked["MaxTryCount"]:
        _check_tries(asked["MaxTryCount"])
        changes["max_tries"] = asked["MaxTryCount"]
    if asked["MinuteBetweenTries"] >= 0:
        changes["retry_after_s"] = asked["MinuteBetweenTries"] * 60
    if asked["Title"]:
        changes["name"] = asked["Title"]
    by, policy = asked.caller.person.id, web().policy
    write(lambda: dated.start(asked["CampaignID"], asked.account_id, span, changes, by, asked.now, policy))
    return int(asked["CampaignID"])


def stop(asked: Asked) -> bool:
    try:
        return bool(write(lambda: dated.stop(asked["CampaignID"], asked.account_id)))
    except BadInput:
        return False


def one(asked: Asked) -> dict[str, Any] | None:
    """One campaign; None when the account has none of that id."""

    def work() -> tuple[CampaignView, tuple[int, int]]:
        found = dated.seen(asked["CampaignID"], asked.account_id, asked.now)
        return found, reservations.spent(found.id)

    try:
        found, (charged, held) = read(work)
    except NotFound:
        return None
    row, message, counts = found.row, found.message, found.counts
    mobiles = min(counts.mobiles, found.callable)
    return {
        "Id": found.id,
        "CampaignTitle": row.name,
        "MessageId": row.message_id,
        "MessageTitle": message.title if message else "",
        "MaxTryCount": row.max_tries,
        "MinuteBetweenTries": row.retry_after_s // 60,
        "TotalPrice": charged,
        "InternalCount": found.callable - mobiles,
        "ExternalCount": mobiles,
        "Vote": bool(row.vote_keys),
        "StatusId": _status(found, held),
        **_when("Start", row.starts_at or row.started_at or row.created_at),
        **_when("End", row.ends_at or row.finished_at),
    }


def numbers(asked: Asked) -> Response:
    """Every number of a campaign, page by page, so that a large campaign needs no more memory than a small one."""
    campaign_id = asked["CampaignID"]
    try:
        read(lambda: dated.get(campaign_id, asked.account_id))
    except NotFound:
        return Response(b"[]", mimetype="application/json")

    def page(after: int) -> list[NumberResult]:
        return read(lambda: number_results.page(campaign_id, after, PAGE))

    def parts() -> Iterator[bytes]:
        after, begin = 0, b"["
        while rows := page(after):
            after = rows[-1].recipient_id
            yield begin + b",".join(orjson.dumps(_number(campaign_id, row)) for row in rows)
            begin = b","
        yield b"]" if begin == b"," else b"[]"

    return Response(parts(), mimetype="application/json")


def _number(campaign_id: int, row: NumberResult) -> dict[str, Any]:
    is_number = row.number.startswith("+") and row.number[1:].isdigit()
    return {
        "CampaignID": campaign_id,
        "Id": row.recipient_id,
        "Number": display(row.number) if is_number else row.number,
        "Status": _OF_STATE.get(RecipientState(row.state), _OF_DISPOSITION.get(row.disposition, NOT_REACHED)),  # type: ignore[call-overload]
        "Duration": -(-row.heard_ms // 1000),
        "Price": row.price,
        "SendDate": date_text(local_day(row.called_at // 1000)) if row.called_at else "",
        "DeliverDate": f"{from_ms(row.answered_at).astimezone(TEHRAN):%H:%M:%S}" if row.answered_at else "",
        "TryCount": row.tries,
        "Vote": int(row.vote) if row.vote.isdigit() else -1,
        "IsMobile": bool(row.is_mobile),
        "RequestId": row.recipient_id,
    }


def _status(found: CampaignView, held: int) -> int:
    """`StatusId` of a campaign."""
    if found.state == CampaignState.DRAFT and (
        found.message is None or found.message.state != MessageState.APPROVED
    ):
        return NOT_APPROVED
    return MONEY_DUE if held and found.state in OVER_STATES else _STATUS[found.state]


def _when(name: str, at: int | None) -> dict[str, str]:
    """Date and time of an instant, in Tehran, as two fields; empty ones for none."""
    local = from_ms(at).astimezone(TEHRAN) if at is not None else None
    return {
        f"{name}Date": f"{local:%Y-%m-%d}" if local else "",
        f"{name}Time": f"{local:%H:%M:%S}" if local else "",
    }


def _check_tries(tries: int) -> None:
    if not TRIES.hold(tries):
        raise Refused(TRIES_NOT_ALLOWED, "Tries_NotAllowed")


def _code_of_message(error: NotApproved) -> int:
    return REJECTED if error.state == MessageState.REJECTED else WAITS


_ID = Param("CampaignID", whole, wrong=CANNOT_START)
_SPAN = (
    Param("StartDateTime", instant, wrong=WRONG_VALUES),
    Param("EndDateTime", instant, wrong=WRONG_VALUES),
)
_ERRORS = (
    (NoCredit, CAMPAIGN_CREDIT),
    (NotApproved, _code_of_message),
    (DatesReversed, DATES_REVERSED),
    (HoursReversed, HOURS_REVERSED),
    (Conflict, CANNOT_START),
)
METHODS = (
    Method(
        "CreateCampaign", Scope.CAMPAIGNS_WRITE, "campaign.change", create, bare,
        (
            Param("Title", default="—"), Param("Numbers", wrong=WRONG_VALUES, is_list=True),
            Param("MessageID", whole, wrong=CAMPAIGN_MESSAGE), *_SPAN,
            Param("MaxTryCount", whole, 1, TRIES_NOT_ALLOWED), Param("MinuteBetweenTries", whole, 10, WRONG_VALUES),
            Param("ServerID", whole, 0, WRONG_VALUES), Param("AutoStart", boolean, True, WRONG_VALUES),
            Param("Vote", boolean, False, WRONG_VALUES), *RECORD,
            Param("SMS", boolean, False, WRONG_VALUES), Param("SMSJSON", default=""),
        ),
        (*_ERRORS, (regions.NoRegion, WRONG_VALUES), (NotFound, CAMPAIGN_MESSAGE), (BadInput, WRONG_VALUES)),
    ),
    Method(
        "StartCampaign", Scope.CAMPAIGNS_WRITE, "campaign.change", start, bare,
        (
            _ID, *_SPAN, Param("MaxTryCount", whole, 0, TRIES_NOT_ALLOWED),
            Param("MinuteBetweenTries", whole, -1, WRONG_VALUES), Param("Title", default=""),
            Param("ServerID", whole, 0, WRONG_VALUES),
        ),
        (*_ERRORS, (NotFound, CANNOT_START), (BadInput, WRONG_VALUES)),
    ),
    Method("StopCampaign", Scope.CAMPAIGNS_WRITE, "campaign.change", stop, bare, (Param("CampaignID", whole),)),
    Method(
        "GetCampaign", Scope.CAMPAIGNS_READ, "campaign.view", one,
        field("Id", Status="", StatusId=0), (Param("CampaignID", whole),),
    ),
    Method(
        "GetCampaignNumbersByCampaignID", Scope.CAMPAIGNS_READ, "campaign.view", numbers, bare,
        (Param("CampaignID", whole),),
    ),
)  # fmt: skip
