"""One account's texts do not hold up others, and its quota of spoken texts holds however many are sent at once."""

from __future__ import annotations

from typing import Any

import gevent
import pytest

from engine.services.accounts import quotas
from engine.services.messages import speech
from engine.store.tables.core import Message
from engine.store.threads import read
from engine.workers.job import Answer, Job, Lane, QueueFull
from tests.webui import programs, rest_program
from tests.webui.conftest import Browser, Cast

AT_ONCE = 20
GRANTS = "web_service own_voice any_hour"


@pytest.fixture
def spoken_for(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Lane, int | None]]:
    """The lane and the account of each text, which a worker would speak; here each is two seconds of noise."""
    found: list[tuple[Lane, int | None]] = []

    def run(job: Job, *_: Any, account: int | None = None, what: str = "") -> Answer:
        found.append((job.lane, account))
        gevent.sleep(0)
        return Answer(8_000, b"\x00\x40\x00\xc0" * 8_000)

    monkeypatch.setattr(speech.pool, "run", run)
    return found


def may_speak(app: Any) -> programs.Program:
    return programs.Program(app, programs.token_of("owner", permissions=GRANTS))


def test_whoever_has_a_text_spoken_waits_among_the_texts_of_the_account(
    app, owner: Browser, cast: Cast, spoken_for: list[tuple[Lane, int | None]]
) -> None:
    shop = may_speak(app)
    by_page = {"title": "", "voice": "male", "text": "سلام یک"}
    assert owner.post("/messages/speak", by_page, page="/messages").status_code == 302
    by_page = {"number": "09121110000", "message": "0", "text": "سلام دو"}
    assert owner.post("/quick", by_page, page="/quick").status_code == 302
    assert shop.post("/messages/speech", {"title": "a", "text": "سلام سه"}).status_code == 201
    assert shop.post("/quick-sends", {"number": "09121110000", "text": "سلام چهار"}).status_code == 201
    rest = rest_program.Program(app, rest_program.token_of("owner", GRANTS))
    assert rest.post("QuickSendWithTTS", Number="09121110000", Text="سلام پنج سلام پنج")
    assert rest.post("GenerateTTS", Title="b", Text="سلام شش سلام شش", Speaker="male")
    assert spoken_for == [(Lane.SPEECH, cast.sahar)] * 6


def test_the_quota_of_spoken_texts_holds_for_twenty_at_once(
    app, cast: Cast, spoken_for: list[tuple[Lane, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "SPOKEN_FREELY_A_DAY", quotas.Quota(3, 3))
    shop = may_speak(app)
    sent = [
        gevent.spawn(shop.post, "/messages/speech", {"title": "a", "text": f"سلام {n}"})
        for n in range(AT_ONCE)
    ]
    statuses = sorted(each.get(timeout=60).status_code for each in sent)
    assert statuses == [201] * 3 + [429] * (AT_ONCE - 3)


def test_texts_of_quick_sends_count(
    owner: Browser,
    cast: Cast,
    spoken_for: list[tuple[Lane, int | None]],
    app,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quotas, "SPOKEN_FREELY_A_DAY", quotas.Quota(3, 3))
    may_speak(app)
    statuses = [
        owner.post(
            "/quick", {"number": "09121110000", "message": "0", "text": f"سلام {n}"}, page="/quick"
        ).status_code
        for n in range(5)
    ]
    assert statuses == [302] * 3 + [400] * 2
    kept = read(lambda: Message.select().where(Message.account == cast.sahar, Message.text != "").count())
    assert kept == 3


def test_who_has_too_many_texts_waiting_is_told_when_to_come_back(
    app, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Answer:
        raise QueueFull(
            "%(count)s files or texts of this account are waiting already; try again in a minute.", count=10
        )

    monkeypatch.setattr(speech.pool, "run", full)
    answer = may_speak(app).post("/messages/speech", {"title": "a", "text": "سلام"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
