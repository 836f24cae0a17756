"""How old programs write what they ask of the Avanak web service: encodings, media types, where the token stands."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest

from engine.clock import wall_ms
from engine.services.accounts import accounts
from engine.services.compliance import traffic_caps
from engine.store.tables.core import Message, Recipient
from engine.store.threads import read, write
from tests.webui.rest_program import Program

FORM = "application/x-www-form-urlencoded"
TITLE = "نوبت دکتر است"
DAYS = {"StartDateTime": "2026-01-01 00:00:00", "EndDateTime": "2099-01-01 23:59:59", "AutoStart": "false"}


def send(program: Program, method: str, body: bytes | str, media_type: str | None, **headers: str):
    given = {"Authorization": program.secret, **headers}
    answer = program.client.post(f"/Rest/{method}", data=body, content_type=media_type, headers=given)
    assert answer.status_code == 200
    return answer.get_json()


def title_of(program: Program, message_id: int) -> str:
    return program.get("GetCampaign", CampaignID=message_id)["CampaignTitle"]


@pytest.mark.parametrize(
    ("title", "media_type"),
    [
        (quote(TITLE), FORM),
        (TITLE, FORM),  # bytes that were not escaped
        (quote(TITLE.encode("utf-8")), f"{FORM}; charset=windows-1256"),  # it says so and is not
        (quote(TITLE.replace("ی", "ي").encode("cp1256")), f"{FORM}; charset=windows-1256"),
        (quote(TITLE.encode("cp1256")), f"{FORM}; charset=Windows-1256"),
        (quote(TITLE.encode("cp1256")), FORM),
        (quote(TITLE.encode("cp1256")), f"{FORM}; charset=iso-8859-1"),
        (quote(TITLE.encode("cp1256")), f"{FORM}; charset=nonsense"),
        (quote(TITLE.encode("cp1256")), f"{FORM}; charset=utf-8"),
        (TITLE.encode("cp1256"), f"{FORM}; charset=cp1256"),
        ("".join(f"%u{ord(char):04X}" for char in TITLE), FORM),
        (quote("".join(f"&#{ord(char)};" for char in TITLE)), FORM),
        (quote("".join(f"&#x{ord(char):x};" for char in TITLE)), f"{FORM}; charset=iso-8859-1"),
        (quote(TITLE).replace("%20", "+"), None),
        (quote(TITLE), "text/plain"),
        (quote(TITLE), "application/octet-stream"),
    ],
)
def test_persian_in_any_encoding(
    program: Program, message_id: int, title: str | bytes, media_type: str | None
) -> None:
    others = urlencode({"MessageID": message_id, "Numbers": "09121234567", **DAYS}).encode()
    body = others + b"&Title=" + (title.encode() if isinstance(title, str) else title)
    assert title_of(program, send(program, "CreateCampaign", body, media_type)) == TITLE


def test_persian_in_a_query_in_any_encoding(program: Program, message_id: int) -> None:
    others = urlencode({"Token": program.secret, "MessageID": message_id, "Numbers": "09121234567", **DAYS})
    for title in (quote(TITLE), quote(TITLE.encode("cp1256"))):
        made = program.client.get(f"/Rest/CreateCampaign?{others}&Title={title}").get_json()
        assert title_of(program, made) == TITLE


@pytest.mark.parametrize("title", ["café", "100%", "a&#5;b", "A&#T;", "%u12", "%uD800x", "&#55296;", "«%zz»"])
def test_other_texts_stay_as_they_are(program: Program, message_id: int, title: str) -> None:
    made = program.post("CreateCampaign", MessageID=message_id, Numbers="09121234567", Title=title, **DAYS)
    assert title_of(program, made) == title


def test_latin_letters_of_a_form_that_says_so(program: Program, message_id: int) -> None:
    body = urlencode(
        {"MessageID": message_id, "Numbers": "09121234567", "Title": "café crème", **DAYS}, encoding="latin-1"
    )
    made = send(program, "CreateCampaign", body, f"{FORM}; charset=iso-8859-1")
    assert title_of(program, made) == "café crème"


def test_a_json_object_as_if_it_were_a_form(program: Program, message_id: int) -> None:
    asked = {"messageID": message_id, "Number": "09121234567", "Vote": True, "ServerID": 0, "Password": None}
    assert send(program, "QuickSend", json.dumps(asked), "application/json")["Status"] == "Success"
    numbers = {"MessageID": message_id, "Numbers": ["09121234567", "09121234568"], "Title": TITLE, **DAYS}
    made = send(program, "CreateCampaign", json.dumps(numbers), "application/json; charset=utf-8")
    assert read(lambda: Recipient.select().where(Recipient.campaign_id == made).count()) == 2
    assert title_of(program, made) == TITLE


@pytest.mark.parametrize(
    "body", ["[]", "1", "{", "", '"x"', '{"Number": "\\u0000"}', '{"MessageID": {"a": 1}}']
)
def test_json_that_is_no_such_object(program: Program, message_id: int, body: str) -> None:
    told = send(program, "QuickSend", body, "application/json")
    assert told["QuickSendID"] in (-20, -8, -2)


@pytest.mark.parametrize("name", ["Token", "token", "TOKEN"])
def test_the_token_in_the_form(program: Program, message_id: int, name: str) -> None:
    asked = {name: program.secret, "MessageID": message_id, "Number": "09121234567"}
    told = program.client.post("/Rest/QuickSend", data=asked).get_json()
    assert told["Status"] == "Success"
    wrong = program.client.post("/Rest/QuickSend", data={**asked, name: "avk_no"}).get_json()
    assert wrong["Status"] == "Token_Invalid"
    large = program.client.post(
        "/Rest/UploadMessageBase64", data={**asked, "Base64": "x" * 70_000}
    ).get_json()
    assert large["Id"] == -20  # a large body is not read for nobody


@pytest.mark.parametrize("method", ["QuickSend", "QuickSendWithTTS", "SendOTP", "SendOCV", "MakeSecureCall"])
def test_an_account_at_its_cap(program: Program, message_id: int, cast, method: str) -> None:
    now = wall_ms()
    grants = "web_service recording own_voice any_hour secure_calls"

    def at_cap() -> None:
        accounts.grant(cast.sahar, grants.split(), None, now)
        traffic_caps.set_caps(cast.sahar, 1, None, now, None)
        traffic_caps.count_calls(cast.sahar, 1, now)

    write(at_cap)
    fields = {
        "MessageID": message_id, "Number": "09121234567", "Text": "سلام، نوبت شما فردا ساعت ده صبح است", "Length": 5,
        "CallbackURL": "https://93.184.216.34/", "srcNumber": "09121234567", "dstNumber": "09121234568",
        "holdMessageId": message_id, "serverId": 0,
    }  # fmt: skip
    told = program.post(method, **fields)
    if isinstance(told, dict):
        name = next(each for each in ("QuickSendID", "ErrorCode", "Result") if told.get(each) is not None)
        assert (told[name], told.get("Status", "Send_Disabled")) == (-25, "Send_Disabled")
    else:
        assert told == -25
    assert read(lambda: Recipient.select().where(Recipient.line == 0).count()) == 0
    assert read(lambda: Message.select().where(Message.id == message_id).count()) == 1
