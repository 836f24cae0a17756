"""The client of existing programs, unchanged but for its address, against our server and the embedded switch."""

from __future__ import annotations

import base64
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from engine.clock import wall_ms
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.money import ledger
from engine.services.onboarding import first_start
from engine.store.tables.core import Account
from engine.store.threads import write
from tests.runtime.lab import Lab
from tests.waits import wait_for
from webui import create_app
from webui.server import serve

EVERY_HOUR = {"hours_service": "", "sla_probe_s": 0}
WHEN = ("2026-01-01 00:00:00", "1499-12-29 23:59:59")


@pytest.fixture
def service(start_lab: Callable[..., Lab]) -> Iterator[tuple[str, str, Lab]]:
    """The address of the service, a token of an account with credit, and the engine."""
    lab = start_lab(EVERY_HOUR)

    def work() -> str:
        now = wall_ms()
        first_start.ensure_first(now, "correct horse 1")
        account_id = accounts.open_by_staff("Shop", now + 10**10, None, now)
        Account.update(permissions="web_service own_voice recording").where(
            Account.id == account_id
        ).execute()
        ledger.top_up(account_id, 10_000_000, "test", now)
        return access_tokens.make_for_account(account_id, NewToken("shop", tuple(Scope)), now).secret

    secret = write(work)
    server = serve(create_app(lab.engine.settings), "127.0.0.1", 0)
    yield f"{server.url}/Rest", secret, lab
    server.stop(1)


@pytest.fixture
def client_class(monkeypatch: pytest.MonkeyPatch) -> type:
    """The client as it is published (its distribution has our name, so it lies by itself: tests/client.txt)."""
    monkeypatch.syspath_prepend(str(Path(sys.prefix) / "client"))
    return importlib.import_module("avanak").AvanakClient


def test_every_call_of_the_client(
    service: tuple[str, str, Lab], client_class: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, secret, lab = service
    monkeypatch.setattr(client_class, "BASE_URL", address)
    client = client_class(token=secret)
    account = client.account_status()
    assert (account.status, account.account_name, account.remaind_credit) == ("Success", "Shop", 10_000_000)

    sound = base64.b64encode((lab.folder / "sound.wav").read_bytes()).decode()
    uploaded = client.upload_message_base64(title="hello", base64=sound, persist=True)
    spoken = client.generate_tts(
        text="سلام، نوبت شما فردا ساعت ده صبح است", title="reminder", speaker="female"
    )
    assert uploaded.id > 0
    assert (spoken.id > uploaded.id, spoken.length >= 3) == (True, True)
    assert client.get_message(uploaded.id)["Details"]["Lenght"] == uploaded.length
    assert len(client.get_messages(take=10)) == 2
    assert client.download_message(uploaded.id)[:4] == b"RIFF"

    sent = client.quick_send(uploaded.id, "09121110008", vote=True)
    assert sent["Status"] == "Success"
    code = client.send_otp(length=5, number="09121120000")
    assert (code.error_code, len(code.generated_code or "")) == (0, 5)
    text = client.quick_send_with_tts(
        text="همکار گرامی، جلسه امروز ساعت چهار برگزار می‌شود", number="02188770000"
    )
    assert text["QuickSendID"] > 0
    said = wait_for(lambda: _ended(client, sent["QuickSendID"]), "the quick send")
    assert (said.status, said.reason, said.dst, said.vote) == ("Answered", 4, "09121110008", 1)
    for send_id in (code.quick_send_id, text["QuickSendID"]):
        assert wait_for(lambda send_id=send_id: _ended(client, send_id), "the call").status == "Answered"
    assert client.get_quick_send_statistics(*WHEN)["DeliveredCount"] == 3

    numbers = ",".join(f"0912{number}0000" for number in range(200, 220))
    campaign = client.create_campaign("autumn", numbers, uploaded.id, *WHEN, max_try_count=2).result
    assert campaign > 0
    wait_for(lambda: client.get_campaign(campaign)["StatusId"] == 12, "the campaign")
    results = client.get_campaign_numbers_by_campaign_id(campaign)
    assert [each["Status"] for each in results] == [4] * 20
    assert sum(each["Price"] for each in results) == client.get_campaign(campaign)["TotalPrice"]

    waiting = client.create_campaign("later", numbers, uploaded.id, *WHEN, auto_start=False).result
    assert client.stop_campaign(waiting).result is False
    assert client.start_campaign(waiting, *WHEN).result == waiting
    assert client.stop_campaign(waiting).result in (True, False)
    assert client.delete_message(spoken.id).result is True

    quick = {"Token": secret, "MessageID": uploaded.id, "Number": "09121190000", "ServerID": 0}
    answer = requests.get(f"{address}/QuickSend", quick, timeout=10).json()
    assert answer["Status"] == "Success"
    assert answer["QuickSendID"] > 0


def _ended(client: Any, send_id: int):
    found = client.get_quick_send(send_id)
    return found if found and found.status not in ("Waiting", "Calling", "InCall") else None
