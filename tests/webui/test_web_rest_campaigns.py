"""Campaigns in the Avanak web service of existing programs: made, started, stopped, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from engine.clock import wall_ms
from engine.services.messages import library
from engine.store.tables.core import Account, Campaign, Message
from engine.store.tables.texts import TextRule
from engine.store.threads import read, write
from tests.webui.rest_program import GRANTS, Program, token_of

WHEN = {"StartDateTime": "2026-01-01 08:00:00", "EndDateTime": "1499/12/29 21:00:00"}
NUMBERS = "09121234567, 02188776655،09121234567,12"


def test_a_campaign_of_numbers(app, program: Program, message_id: int, cast) -> None:
    made = program.post(
        "CreateCampaign", Title="autumn", Numbers=NUMBERS, MessageID=message_id, **WHEN, Vote="true"
    )
    assert made > 0
    told = program.post("GetCampaign", CampaignID=made)
    assert (told["StatusId"], told["InternalCount"], told["ExternalCount"], told["Vote"]) == (11, 1, 1, True)
    assert (told["StartDate"], told["StartTime"], told["EndTime"]) == ("2026-01-01", "08:00:00", "21:00:00")
    row = read(lambda: Campaign.get_by_id(made))
    assert (row.windows, row.max_tries, row.retry_after_s) == ("08:00-21:00", 1, 600)
    listed = program.post("GetCampaignNumbersByCampaignID", CampaignID=made)
    assert [(each["Number"], each["Status"]) for each in listed] == [
        ("09121234567", 0), ("02188776655", 0), ("09121234567", 11), ("12", 11),
    ]  # fmt: skip
    assert program.post("StopCampaign", CampaignID=made) is True
    assert program.post("GetCampaign", CampaignID=made)["StatusId"] == 27
    assert program.post("StartCampaign", CampaignID=made, **WHEN, MaxTryCount=3, MinuteBetweenTries=5) == made
    row = read(lambda: Campaign.get_by_id(made))
    assert (row.state, row.max_tries, row.retry_after_s) == ("running", 3, 300)
    program.post("StopCampaign", CampaignID=made)
    later = {"StartDateTime": "1490-01-01 10:00:00", "EndDateTime": "1490-01-02 11:30:00"}
    assert program.post("StartCampaign", CampaignID=made, **later) == made
    row = read(lambda: Campaign.get_by_id(made))
    assert (row.state, row.windows) == ("scheduled", "10:00-11:30")
    stranger = Program(app, token_of("outsider"))
    assert stranger.post("StopCampaign", CampaignID=made) is False
    assert stranger.post("GetCampaign", CampaignID=made) is None
    assert stranger.post("StartCampaign", CampaignID=made, **WHEN) == -30
    assert stranger.post("GetCampaignNumbersByCampaignID", CampaignID=made) == []


def test_a_campaign_that_waits(program: Program, message_id: int) -> None:
    ask = {"Title": "later", "Numbers": "09121234567", "MessageID": message_id, **WHEN}
    made = program.post("CreateCampaign", **ask, AutoStart="False")
    assert program.post("GetCampaign", CampaignID=made)["StatusId"] == 9
    write(lambda: Message.update(state="waiting").where(Message.id == message_id).execute())
    assert program.post("GetCampaign", CampaignID=made)["StatusId"] == 8
    assert program.post("StartCampaign", CampaignID=made, **WHEN) == -61
    write(lambda: Message.update(state="approved").where(Message.id == message_id).execute())
    assert program.post("StartCampaign", CampaignID=made, **WHEN) == made
    ahead = program.post("CreateCampaign", **{**ask, "StartDateTime": "1490-01-01 10:00"})
    assert program.post("GetCampaign", CampaignID=ahead)["StatusId"] == 10


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Numbers": "12,13"}, -30),
        ({"Numbers": ""}, -75),
        ({"MessageID": 10**6}, -60),
        ({"MaxTryCount": 99}, -70),
        ({"MinuteBetweenTries": -7}, -75),
        ({"StartDateTime": "1490-01-01 08:00"}, 1),
        ({"StartDateTime": "1499-12-30 08:00"}, -75),
        ({"StartDateTime": "2130-01-01 08:00"}, -76),
        ({"StartDateTime": "2026-01-01 21:00:00"}, -77),
        ({"StartDateTime": "yesterday"}, -75),
        ({"EndDateTime": "2026-02-01 12:00:00"}, -75),
        ({"RecordVoice": "1", "RecordVoiceDuration": "0999"}, -71),
        ({"ServerID": "31"}, -75),
        ({"SMS": "true", "SMSJSON": "[]"}, -80),
        ({"SMS": "true", "SMSJSON": '[{"SMSType": "Success"}]'}, -75),
    ],
)
def test_a_campaign_that_cannot_be(
    program: Program, message_id: int, fields: dict[str, Any], code: int
) -> None:
    ask = {"Title": "x", "Numbers": "09121234567", "MessageID": message_id, **WHEN, **fields}
    told = program.post("CreateCampaign", **ask)
    assert min(told, 1) == code


def test_no_campaign_without_credit_or_approval(app, program: Program, cast, message_id: int) -> None:
    poor = Program(app, token_of("outsider"))
    dear = write(lambda: library.add(cast.other, "long", "long", 600_000_000, wall_ms())).id
    ask = {"Title": "x", "Numbers": "09121234567", **WHEN}
    assert poor.post("CreateCampaign", **ask, MessageID=dear) == -50
    write(lambda: Message.update(state="rejected").where(Message.id == message_id).execute())
    assert program.post("CreateCampaign", **ask, MessageID=message_id) == -62


def test_texts_follow_the_calls_of_a_campaign(app, program: Program, message_id: int) -> None:
    on = app.extensions["avanak"].settings.model_copy(
        update={"sms_url": SecretStr("http://127.0.0.1:9/"), "sms_lines": "3000"}
    )
    app.extensions["avanak"].settings = on
    one = {"SMSType": "Success", "MessageText": "با سپاس", "LineNumber": "9", "HasBackupLine": True}
    ask = {"Title": "x", "Numbers": "09121234567", "MessageID": message_id, **WHEN, "SMS": "true"}
    assert program.post("CreateCampaign", **ask, SMSJSON=json.dumps([one])) == -75
    write(lambda: Account.update(permissions=f"{GRANTS} texts").execute())
    made = program.post("CreateCampaign", **ask, SMSJSON=json.dumps([one, {**one, "SMSType": "NoAnswer"}]))
    assert made > 0
    rules = read(lambda: sorted((row.outcome, row.line) for row in TextRule.select()))
    assert rules == [("no_answer", ""), ("success", "")]
    for wrong in ("{", "[1]", json.dumps([one, one]), json.dumps([{**one, "SMSType": "Maybe"}]),
                  json.dumps([{**one, "HasBackupLine": False}]), json.dumps([{**one, "MessageText": ""}])):  # fmt: skip
        assert program.post("CreateCampaign", **ask, SMSJSON=wrong) == -75
