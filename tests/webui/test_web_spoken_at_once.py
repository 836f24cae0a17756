"""Texts that are spoken for one call count as texts of the account, whoever asks for them: the page, `/Rest` or `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from engine.clock import wall_ms
from engine.services.accounts import quotas
from engine.services.messages.library import spoken_once
from engine.store.tables.core import Account, Message
from engine.store.tables.sends import QuickSend
from engine.store.threads import read, write
from tests.webui import programs, rest_program
from tests.webui.conftest import Browser, Cast

TEXT = "سلام، نوبت شما فردا ساعت {n} صبح است، لطفا زودتر تشریف بیاورید"
GRANTS = "web_service own_voice any_hour"


def by_page(app: Flask) -> Callable[[str, str], bool]:
    browser = Browser(app)
    browser.log_in("owner")

    def send(text: str, number: str) -> bool:
        answer = browser.post("/quick", {"number": number, "text": text, "message": "0"}, page="/quick")
        if answer.status_code == 302:
            return True
        assert (answer.status_code, "texts are spoken" in answer.text) == (400, True)
        return False

    return send


def by_rest(app: Flask) -> Callable[[str, str], bool]:
    program = rest_program.Program(app, rest_program.token_of("owner", GRANTS))

    def send(text: str, number: str) -> bool:
        answer = program.post("QuickSendWithTTS", Text=text, Number=number)
        if answer["Status"] == "Success":
            return True
        assert (answer["QuickSendID"], answer["Status"]) == (-20, "UnknownError")
        return False

    return send


def by_api(app: Flask) -> Callable[[str, str], bool]:
    program = programs.Program(app, programs.token_of("owner", permissions=GRANTS))

    def send(text: str, number: str) -> bool:
        answer = program.post("/quick-sends", {"number": number, "text": text})
        if answer.status_code == 201:
            return True
        assert answer.status_code == 429
        assert answer.get_json()["type"] == "urn:avanak:problem:quota-used"
        assert quotas.DAY_MS / 1000 - 120 < int(answer.headers["Retry-After"]) <= quotas.DAY_MS / 1000
        return False

    return send


@pytest.mark.parametrize("entry", [by_page, by_rest, by_api])
def test_texts_of_a_day_are_bounded_at_each_entry(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, entry: Callable
) -> None:
    monkeypatch.setattr(quotas, "SPOKEN_FREELY_A_DAY", quotas.Quota(2, 1))
    write(lambda: Account.update(permissions=GRANTS).where(Account.id == cast.sahar).execute())
    send = entry(app)
    before = read(lambda: QuickSend.select().count())
    texts = [TEXT.replace("{n}", word) for word in ("هفت", "هشت", "نه")]
    assert [send(text, f"0912123450{n}") for n, text in enumerate(texts)] == [True, True, False]
    # What was spoken for the account before is spoken no more, so it may be sent to as many as it likes.
    assert send(texts[0], "09121234509")
    assert read(lambda: QuickSend.select().count()) == before + 3
    assert read(lambda: Message.select().where(Message.text != "").count()) == 2


def test_who_was_first_meanwhile_is_counted(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked while there was room; the second to come to the transaction finds none."""
    monkeypatch.setattr(quotas, "SPOKEN_A_DAY", quotas.Quota(1, 1))
    now = wall_ms()
    first = write(lambda: spoken_once(cast.sahar, "one", "male", "s-one", 5_000, now))
    with pytest.raises(quotas.QuotaUsed):
        write(lambda: spoken_once(cast.sahar, "two", "male", "s-two", 5_000, now))
    assert write(lambda: spoken_once(cast.sahar, "one", "male", "s-one", 5_000, now)).id == first.id
    assert write(lambda: spoken_once(cast.other, "two", "male", "s-two", 5_000, now)).account_id == cast.other


def test_a_quota_of_a_day_says_when_there_is_room(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "SPOKEN_A_DAY", quotas.Quota(2, 1))
    now = wall_ms()
    for ago_s, name in ((80_000, "a"), (50_000, "b")):
        write(
            lambda ago_s=ago_s, name=name: spoken_once(cast.sahar, name, "male", name, 1, now - ago_s * 1000)
        )
    with pytest.raises(quotas.QuotaUsed) as refused:
        read(lambda: quotas.check_spoken(cast.sahar, now))
    assert refused.value.wait_s == 86_400 - 80_000
    read(lambda: quotas.check_spoken(cast.sahar, now + refused.value.wait_s * 1000))
