"""The Avanak web service of existing programs: forms and queries in, JSON with the contract's codes out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from hypothesis import strategies as st

from engine.clock import from_ms, wall_ms
from engine.errors import StoreUnavailable
from engine.services.accounts import permissions
from engine.services.accounts.token_scopes import Scope
from engine.services.compliance.message_kinds import KindHours
from engine.services.messages import library
from engine.store.tables.core import Account, Message, Recipient, Table, User
from engine.store.threads import read, write
from tests.hostile.asking import TEXTS
from tests.webui.rest_program import GRANTS, Program, token_of
from webui.api import authentication
from webui.api.rest.refusals import WORDS
from webui.api.rest.table import METHODS

SAMPLE = Path(__file__).resolve().parents[2] / "scripts/sample/message.wav"


def test_account_in_any_spelling(program: Program, cast) -> None:
    told = program.post("AccountStatus", password="x")
    assert told["Status"] == "Success"
    assert told["RemaindCredit"] == 1_000_000
    assert told["ExpireDate"].startswith("20")
    assert told["ExpireDatePer"].startswith("14")
    for path in ("/rest/accountstatus", "/REST/ACCOUNTSTATUS", "/Rest/AccountStatus/"):
        assert program.client.get(path, query_string={"token": program.secret}).get_json() == told


def test_quick_send_as_php_does(program: Program, message_id: int) -> None:
    sent = program.get("QuickSend", MessageID=message_id, Number="09121234567", Vote="True", ServerID=0)
    assert sent["Status"] == "Success"
    assert sent["QuickSendID"] > 0
    assert (sent["MessageID"], sent["MessageLength"], sent["CreditDecrease_InPulses"]) == (message_id, 7, 2)
    assert sent["CreditDecrease_InPrice"] == 900
    told = program.get("GetQuickSend", quicksendid=sent["QuickSendID"])
    assert told == {
        "reason": 0, "status": "Waiting", "dst": "09121234567", "starttime": "", "Id": sent["QuickSendID"],
        "subscribeid": sent["QuickSendID"], "duration": 0, "vote": -1,
    }  # fmt: skip
    assert program.post("GetQuickSend", QuickSendID=10**9) is None
    day = program.post(
        "GetQuickSendStatistics", StartDateTime="1400-01-01", EndDateTime="2099-01-01 00:00:00"
    )
    assert (day["Status"], day["TotalCount"], day["WaitingCount"]) == ("Success", 1, 1)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Number": "12"}, -2),
        ({"Number": ""}, -2),
        ({"MessageID": "x"}, -8),
        ({"MessageID": 10**6}, -8),
        ({"Vote": "perhaps"}, -20),
        ({"ServerID": 999}, -20),
        ({"RecordVoice": "true", "RecordVoiceDuration": 9_999}, -71),
    ],
)
def test_a_quick_send_that_cannot_be(
    program: Program, message_id: int, fields: dict[str, Any], code: int
) -> None:
    told = program.post("QuickSend", **{"MessageID": message_id, "Number": "09121234567", **fields})
    assert (told["QuickSendID"], told["Status"] != "Success") == (code, True)
    assert read(lambda: Recipient.select().where(Recipient.line == 0).count()) == 0


def test_no_credit_no_recording_not_approved(app, program: Program, message_id: int, cast) -> None:
    ask = {"MessageID": message_id, "Number": "02188776655"}
    write(lambda: Account.update(permissions="web_service any_hour").execute())
    assert program.post("QuickSend", **ask, RecordVoice="True")["QuickSendID"] == -72
    write(lambda: Message.update(state="rejected").where(Message.id == message_id).execute())
    assert program.post("QuickSend", **ask)["QuickSendID"] == -8
    poor = Program(app, token_of("outsider"))
    dear = write(lambda: library.add(cast.other, "long", "long", 600_000_000, wall_ms())).id
    assert poor.post("QuickSend", MessageID=dear, Number="09121234567")["QuickSendID"] == -3


def test_a_text_is_spoken_and_sent_once(program: Program, cast) -> None:
    text = "سلام، نوبت شما فردا ساعت ده صبح است، لطفا پنج دقیقه زودتر تشریف بیاورید"
    ask = {"Text": text, "Number": "09121234567", "CallFromMobile": "09351112233"}
    sent = program.post("QuickSendWithTTS", **ask)
    assert sent["Status"] == "Success"
    assert sent["MessageLength"] >= 3
    assert program.post("QuickSendWithTTS", **ask)["QuickSendID"] == -11
    assert program.post("QuickSendWithTTS", **{**ask, "Text": " "})["QuickSendID"] == -10
    assert program.post("QuickSendWithTTS", **{**ask, "Text": "a" * 1001})["QuickSendID"] == -5
    assert program.post("QuickSendWithTTS", Text="بله", Number="09121234567")["QuickSendID"] == -8
    write(lambda: Account.update(permissions="web_service any_hour").execute())
    assert program.post("QuickSendWithTTS", **ask)["QuickSendID"] == 0


def test_codes(program: Program, caplog) -> None:
    caplog.set_level("DEBUG")
    sent = program.post("SendOTP", Length=6, Number="09121234567")
    assert sent["ErrorCode"] == 0
    assert sent["QuickSendID"] > 0
    assert len(sent["GeneratedCode"]) == 6
    assert (
        program.post("SendOTP", Length=4, Number="09121234567", OptionalCode="00731942")["GeneratedCode"]
        == "00731942"
    )
    assert not [line for line in caplog.messages if sent["GeneratedCode"] in line or "731942" in line]
    assert program.post("SendOTP", Length=3, Number="09121234567")["ErrorCode"] == -5
    assert program.post("SendOTP", Length=4, Number="09121234567", OptionalCode="123")["ErrorCode"] == -5
    assert program.post("SendOTP", Length=4, Number="")["ErrorCode"] == -2


def test_messages(program: Program, cast) -> None:
    sound = base64.b64encode(SAMPLE.read_bytes()).decode()
    made = program.post(
        "UploadMessageBase64", Title="upload", Base64=sound.replace("+", " "), Persist="false"
    )
    assert made["Id"] > 0
    assert made["Length"] >= 3
    longer = program.post(
        "UploadMessageBase64",
        Title="number",
        Base64=f"data:audio/wav;base64,{sound}",
        CallFromMobile="09121234567",
    )
    assert longer["Length"] > made["Length"]
    spoken = program.post(
        "GenerateTTS", Text="سلام، این پیام برای آزمایش سامانه گفته می‌شود", Title="t", Speaker="Female"
    )
    assert spoken["Id"] > longer["Id"]
    told = program.post("GetMessage", MessageID=made["Id"])
    assert told["Status"] == "Success"
    assert (told["Details"]["Lenght"], told["Details"]["Confirmed"], told["Details"]["Title"]) == (
        made["Length"],
        1,
        "upload",
    )
    listed = program.post("GetMessages", Skip=0, Take=2)
    assert [each["Id"] for each in listed] == [spoken["Id"], longer["Id"]]
    assert program.post("DeleteMessage", MessageID=longer["Id"]) is True
    assert program.post("DeleteMessage", MessageID=longer["Id"]) is False
    got = program.client.get(
        "/rest/DownloadMessage", query_string={"Token": program.secret, "MessageID": made["Id"]}
    )
    assert got.data[:4] == b"RIFF"
    assert program.post("UploadMessageBase64", Title="t", Base64="@@@")["Id"] == -10
    assert (
        program.post("UploadMessageBase64", Title="t", Base64=base64.b64encode(b"no sound").decode())["Id"]
        == -10
    )
    assert program.post("GenerateTTS", Text="x" * 1001, Title="t")["Id"] == -5
    assert program.post("GenerateTTS", Text="بله", Title="t")["Id"] == -6
    assert program.post("GetMessage", MessageID=10**6) == {"Details": None, "Status": "Message_Invalid"}


def test_whom_the_token_speaks_for(app, program: Program, cast) -> None:
    nobody = Program(app, "")
    assert nobody.post("AccountStatus")["Status"] == "Token_NotExists"
    assert nobody.post("GetMessages") == -201
    assert nobody.client.get("/Rest/QuickSend?UserName=a&Password=b").get_json()["QuickSendID"] == -1
    assert Program(app, "avk_no").post("QuickSend")["Status"] == "Token_Invalid"
    assert Program(app, "avk_no").post("SendOTP")["ErrorCode"] == -202
    few = Program(app, token_of("owner", methods=("quicksend",)))
    assert few.post("AccountStatus")["Status"] == "Token_NotAllowMethod"
    assert few.post("QuickSend")["QuickSendID"] == -8
    far = Program(app, token_of("owner", addresses=("192.0.2.1",)))
    assert far.post("GetMessages") == -207
    readers = Program(app, token_of("owner", scopes=(Scope.ACCOUNT_READ,)))
    assert readers.post("QuickSend")["QuickSendID"] == -208
    for state, code in (("suspended", -103), ("registered", -102), ("expired", -104)):
        write(lambda state=state: Account.update(state=state).where(Account.id == cast.sahar).execute())
        assert program.post("GetMessages") == code
    write(lambda: Account.update(state="active", permissions="").where(Account.id == cast.sahar).execute())
    assert program.post("AccountStatus")["Status"] == "User_NotAllowWebService"


SENDS = ("QuickSend", "QuickSendWithTTS", "SendOTP")
ANY = {
    "Number": "09121234567", "Text": "سلام، نوبت شما فردا ساعت ده صبح است، لطفا زودتر تشریف بیاورید", "Length": 6,
    "CallbackURL": "https://example.com/", "Title": "x", "Numbers": "09121234567",
    "StartDateTime": "2026-01-01 08:00:00", "EndDateTime": "1499/12/29 21:00:00",
}  # fmt: skip


def closed_now(app: Flask, account_id: int) -> None:
    """Hours for all messages that lie half a day away."""
    web = app.extensions["avanak"]
    hours = "18:00-19:00" if from_ms(wall_ms()).astimezone(web.zone).hour < 12 else "06:00-07:00"
    web.policy = replace(
        web.policy, hours=KindHours.of_settings(web.settings.model_copy(update={"hours_service": hours}))
    )
    write(lambda: Account.update(permissions="web_service own_voice").execute())


def over_http(app: Flask, account_id: int) -> None:
    web = app.extensions["avanak"]
    web.settings = web.settings.model_copy(update={"web_secure_cookies": True})


def with_(row: type[Table], **values: Any) -> Callable[[Flask, int], None]:
    return lambda app, account_id: write(lambda: row.update(**values).execute())


def poor(app: Flask, account_id: int) -> None:
    write(lambda: Message.update(duration_ms=600_000_000).execute())


@pytest.mark.parametrize(
    ("arrange", "code", "methods"),
    [
        (closed_now, -6, SENDS),
        (poor, -50, ("CreateCampaign",)),
        (with_(Message, state="waiting"), -61, ("CreateCampaign",)),
        (with_(Message, state="by_phone"), -61, ("CreateCampaign",)),
        (with_(Message, state="rejected"), -62, ("CreateCampaign",)),
        (with_(Account, state="registered"), -102, None),
        (with_(Account, state="expired"), -104, None),
        (with_(Account, expires_at=1), -104, None),
        (with_(User, is_active=False), -105, None),
        (over_http, -109, None),
    ],
)
def test_each_code_for_whatever_is_asked(
    app, program: Program, message_id: int, cast, arrange: Callable[[Flask, int], None], code: int,
    methods: tuple[str, ...] | None,
) -> None:  # fmt: skip
    arrange(app, cast.sahar)
    for name in methods or [method.name for method in METHODS]:
        assert code_in(program.post(name, **ANY, MessageID=message_id)) == code, name


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_a_right_that_is_missing_and_a_store_that_is_away(program: Program, monkeypatch, method: str) -> None:
    right = next(each.right for each in METHODS if each.name == method)
    with monkeypatch.context() as without:
        without.setitem(permissions.RIGHTS, right, frozenset())
        assert code_in(program.post(method)) == -108

    def away(work: Any) -> Any:
        raise StoreUnavailable("The database does not answer.")

    monkeypatch.setattr(authentication, "read", away)
    assert code_in(program.post(method)) == -300


def code_in(told: Any) -> int:
    """The code of a refusal, by itself or in the field where its method has it."""
    if not isinstance(told, dict):
        return int(told)
    known = {word: code for code, word in WORDS.items()}
    fields = [told[name] for name in ("QuickSendID", "Id", "ErrorCode", "Result") if told.get(name)]
    return int(min(fields)) if fields else known[told["Status"]]


def test_nothing_of_another_account(app, program: Program, message_id: int, cast) -> None:
    sent = program.post("QuickSend", MessageID=message_id, Number="09121234567")["QuickSendID"]
    stranger = Program(app, token_of("outsider"))
    assert stranger.post("GetQuickSend", QuickSendID=sent) is None
    assert stranger.post("GetMessage", MessageID=message_id)["Details"] is None
    assert stranger.post("DeleteMessage", MessageID=message_id) is False
    assert stranger.post("DownloadMessage", MessageID=message_id)["Id"] == -8
    assert stranger.post("QuickSend", MessageID=message_id, Number="09121234567")["QuickSendID"] == -8
    assert stranger.post("GetMessages") == []


def test_a_secure_call(program: Program, message_id: int) -> None:
    ask = {"srcNumber": "09121234567", "dstNumber": "09351234567", "holdMessageId": message_id, "serverId": 0}
    assert program.post("MakeSecureCall", **ask) == -5
    write(lambda: Account.update(permissions=f"{GRANTS} secure_calls").execute())
    made = program.post("MakeSecureCall", **ask)
    assert made > 0
    assert program.post("GetQuickSend", QuickSendID=made)["dst"] == "09121234567"
    for changes, code in (
        ({"srcNumber": "12"}, -100),
        ({"dstNumber": ""}, -100),
        ({"dstNumber": "09121234567"}, -101),
        ({"serverId": 999}, -2),
        ({"holdMessageId": 10**6}, -8),
    ):
        assert program.post("MakeSecureCall", **{**ask, **changes}) == code
    assert read(lambda: Recipient.select().where(Recipient.line == 0).count()) <= 1


def test_what_is_no_request(program: Program) -> None:
    assert program.client.get("/rest/NoSuchMethod").status_code == 404
    assert program.client.head("/rest/AccountStatus").status_code == 405
    assert program.client.put("/rest/AccountStatus").status_code == 405


ODD = st.one_of(
    st.sampled_from(TEXTS), st.text(max_size=30), st.integers().map(str),
    st.sampled_from(("09121234567", "02188776655", "1", "true", "1405-09-01 09:00:00", "1405-09-30 20:00:00")),
)  # fmt: skip


@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("unlimited")
def test_whatever_comes_is_answered(app, program: Program, message_id: int, request, caplog) -> None:
    """No request ends in an internal error; ``--hostile-requests=10000`` asks more."""
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    asked = min(int(request.config.getoption("--hostile-requests")), 10_000)

    @hypothesis.settings(max_examples=max(50, asked // 10), deadline=None, database=None)
    @hypothesis.given(data=st.data())
    def ask(data: Any) -> None:
        method = data.draw(st.sampled_from(METHODS))
        fields = {
            param.name: data.draw(ODD)
            for param in method.params
            if data.draw(st.integers(0, 4)) or param.default is None
        }
        fields = {name: text.encode("utf-8", "replace").decode() for name, text in fields.items()}
        token = {
            "Token": data.draw(st.sampled_from((program.secret, program.secret, "", "avk_no", "\u0661")))
        }
        path = f"/Rest/{method.name}"
        if data.draw(st.booleans()):
            answer = program.client.get(path, query_string={**fields, **token})
        else:
            answer = program.client.post(
                path, data=fields, headers={"Authorization": token["Token"].encode().decode("latin-1")}
            )
        assert answer.status_code in (200, 413), answer.text
        if answer.mimetype == "application/json":
            assert "-500" not in answer.text, (path, fields)

    ask()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
