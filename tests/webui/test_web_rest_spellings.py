"""How programs spell what they ask of the Avanak web service: booleans, digits, lists of numbers, slashes."""

from __future__ import annotations

import pytest

from engine.store.tables.core import Recipient
from engine.store.threads import read
from tests.webui.rest_program import Program

DAYS = {"StartDateTime": "2026-01-01 00:00:00", "EndDateTime": "2099-01-01 23:59:59", "AutoStart": "نه"}


@pytest.mark.parametrize(
    ("spelling", "is_vote"),
    [("True", True), ("on", True), ("Y", True), ("۱", True), ("بله", True), ("F", False), ("خیر", False), ("٠", False)],
)  # fmt: skip
def test_booleans(program: Program, message_id: int, spelling: str, is_vote: bool) -> None:
    made = program.post("CreateCampaign", MessageID=message_id, Numbers="09121234567", Vote=spelling, **DAYS)
    assert program.post("GetCampaign", CampaignID=made)["Vote"] is is_vote


@pytest.mark.parametrize("name", ["Numbers", "numbers[]"])
def test_numbers_in_several_fields(program: Program, message_id: int, name: str) -> None:
    numbers = ["09121234567", "09121234568,09121234569"]
    made = program.post("CreateCampaign", MessageID=message_id, **{name: numbers}, **DAYS)
    kept = read(lambda: [row.number for row in Recipient.select().where(Recipient.campaign_id == made)])
    assert sorted(kept) == ["+989121234567", "+989121234568", "+989121234569"]


def test_of_other_fields_the_first_counts(program: Program, message_id: int) -> None:
    told = program.post("QuickSend", MessageID=[message_id, "x"], Number=["09121234567", "110"])
    assert told["Status"] == "Success"


def test_a_code_of_the_program_in_persian_digits(program: Program, cast) -> None:
    told = program.post("SendOTP", Length=4, Number="۰۹۱۲۱۲۳۴۵۶۷", OptionalCode="۴۳۲۱")
    assert (told["ErrorCode"], told["GeneratedCode"]) == (0, "4321")


def test_an_address_with_two_slashes(program: Program) -> None:
    answer = program.client.post("/Rest//AccountStatus", headers={"Authorization": program.secret})
    assert (answer.status_code, answer.get_json()["Status"]) == (200, "Success")
    assert program.client.get("/Rest").status_code == 404
    assert program.client.get("/rest/").get_json()["status"] == 404


def test_the_word_of_a_text_that_cannot_be_spoken(program: Program) -> None:
    told = program.post("QuickSendWithTTS", Text=" ", Number="09121234567")
    assert (told["QuickSendID"], told["Status"]) == (-10, "Text_Empty")


def test_no_messages_when_none_are_taken(program: Program, message_id: int) -> None:
    assert program.get("GetMessages", Take=0) == []
    assert len(program.get("GetMessages", Take=1)) == 1
