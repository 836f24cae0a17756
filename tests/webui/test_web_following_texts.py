"""Text messages that follow the calls of a campaign: ordered in the web UI, priced before, kept with it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from engine.clock import wall_ms
from engine.config import Settings
from engine.services.money import pricing, reservations
from engine.services.outbox import texts
from engine.store.tables.core import Account
from engine.store.tables.money import Reservation
from engine.store.threads import read, write
from tests.webui.wizard import LIST, base_of, begin, bring_in, importer, newest, rule, take_hello, whole

__all__ = ["importer"]

LONG = "سلام " * 20  # two parts


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Somebody carries texts."""
    return Settings(data_dir=tmp_path, max_upload_mb=1, sms_url=SecretStr("https://user:token@127.0.0.1/x"))


@pytest.fixture
def granted(app: Flask, cast) -> None:
    def work() -> None:
        Account.update(permissions="texts").where(Account.id == cast.sahar).execute()
        pricing.set_price(
            pricing.default_group_id(), landline=300, mobile=400, pulse_s=6, synthesis=0, text_part=1_000, person_id=None,
            now=wall_ms(),
        )  # fmt: skip

    write(work)


def number_at(page: str, name: str) -> int:
    found = re.search(rf'id="{name}"[^>]*>(?:<dt>[^<]*</dt><dd>)?([0-9,]+)', page)
    assert found, name
    return int(found.group(1).replace(",", ""))


@pytest.mark.usefixtures("granted")
def test_what_is_shown_at_most_has_the_texts_in_it(owner, cast) -> None:
    base = whole(owner, cast.sahar)
    calls = number_at(owner.get(base).text, "at-most")
    assert 'id="texts-cost"' not in owner.get(base).text
    assert rule(owner, base, text_no_answer=LONG, text_busy="Hi").status_code == 302
    page = owner.get(base).text
    assert number_at(page, "texts-cost") == 2_000  # one mobile, and a landline that gets none
    assert number_at(page, "at-most") == calls + 2_000
    assert "did not pick up" in page
    assert LONG.strip() in owner.get(f"{base}/rules").text
    owner.post(base, {"action": "keep"}, page=base)
    assert read(lambda: texts.of_campaign(newest())) == {"busy": "Hi", "no_answer": LONG.strip()}
    assert "did not pick up" in owner.get(f"/campaigns/{newest()}").text


@pytest.mark.usefixtures("granted")
def test_one_begun_from_it_has_them_too(owner, cast) -> None:
    base = whole(owner, cast.sahar, text_fail="Sorry")
    owner.post(base, {"action": "keep"}, page=base)
    path = f"/campaigns/new?clone={newest()}"
    given = {"numbers": (io.BytesIO(LIST), "l.csv"), "account": str(cast.sahar), "contact_list": "0"}
    assert "Sorry" in owner.get(base_of(owner.post(path, given, page=path))).text


@pytest.mark.usefixtures("granted")
def test_one_that_is_too_long_is_said_beside_its_field(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar))
    take_hello(owner, base)
    answer = rule(owner, base, text_busy="x" * (texts.LONGEST + 1))
    assert answer.status_code == 400
    assert 'id="text_busy-help"' in answer.text


def test_without_the_permission_there_are_none(owner, cast) -> None:
    write(lambda: Account.update(permissions="").where(Account.id == cast.sahar).execute())
    base = whole(owner, cast.sahar, text_busy="Hi")
    assert "text_busy" not in owner.get(f"{base}/rules").text
    owner.post(base, {"action": "keep"}, page=base)
    assert read(lambda: texts.of_campaign(newest())) == {}


@pytest.mark.usefixtures("granted")
def test_a_draft_says_what_it_would_cost_as_its_check_page_did(owner, cast, importer) -> None:
    base = whole(owner, cast.sahar, text_busy="Hi", repeat_key="*")
    at_most = number_at(owner.get(base).text, "at-most")
    owner.post(base, {"action": "keep"}, page=base)
    bring_in(importer)
    path, draft = f"/campaigns/{newest()}", newest()
    assert number_at(owner.get(path).text, "at-most") == at_most
    owner.post(f"{path}/again", {"name": "Once more", "whole": "all"}, page=f"{path}/again")
    assert newest() != draft
    assert number_at(owner.get(f"/campaigns/{newest()}").text, "at-most") == at_most
    calls = read(lambda: reservations.quote_of(draft, wall_ms())).total
    owner.post(f"{path}/start", page=path)
    assert read(lambda: Reservation.get(Reservation.campaign_id == draft).held) == calls == at_most - 1_000
