"""Every search field finds a name however it is typed, and every field that searches is looked at here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.accounts import people
from engine.services.lists import contact_lists
from engine.services.messages import library
from engine.store.tables.core import Account, Campaign, Recipient
from engine.store.threads import read, write
from tests.webui.test_web_new_campaign import base_of, begin

pytestmark = pytest.mark.usefixtures("unlimited")

NAME = "فروشگاه یلدا ۱۴۰۵ کوروش"
TYPED = (
    "یلدا 1405",
    "يلدا ۱۴۰۵",
    "یلدا ١٤٠٥",
    "یلــدا۱۴۰۵",
    "یل\u200cدا",
    "كوروش",
    "فروشگاه يلدا",
    "کُوروش",
    "۱۴۰۵ك",
)
PERSON = "Yalda-1405"
NUMBERS = ("09120000002", "۰۹۱۲۰۰۰۰۰۰۲", "+98 912 000 0002", "٠٩١٢ ٠٠٠ ٠٠٠٢", "00989120000002")
WEBUI = Path(__file__).parents[2] / "webui"

# Where a field searches: template, and the test of this file that types into it.
FIELDS = {
    "campaigns/list.html": "names",
    "lists/index.html": "names",
    "gallery/index.html": "names",
    "new_campaign/message.html": "names",
    "accounts/index.html": "names",
    "people/index.html": "people",
    "campaigns/detail.html": "numbers",
    "results/index.html": "numbers",
}


def test_every_search_field_is_known_here() -> None:
    found = {
        "/".join(path.parts[-2:])
        for path in WEBUI.glob("**/templates/**/*.html")
        if re.search(r'type="search"|p\.search\(', path.read_text("utf-8"))
    }
    assert found - {"templates/parts.html"} == set(FIELDS)


@pytest.fixture
def named(app, cast) -> None:
    """One of everything that people look for, with the same name."""
    now = wall_ms()

    def work() -> None:
        Campaign.update(name=NAME).where(Campaign.id == cast.campaign).execute()
        Account.update(name=NAME).where(Account.id == cast.other).execute()
        library.add(cast.sahar, NAME, "hello", 5_000, now)
        contact_lists.make(cast.sahar, NAME, now)
        people.add_hashed(PERSON, people.UNSET, "member", now, cast.sahar)

    write(work)


@pytest.mark.parametrize("typed", TYPED)
def test_a_name_is_found_however_it_is_typed(named, owner, operator, cast, typed: str) -> None:
    message_page = f"{base_of(begin(owner, cast.sahar))}/message"
    places: list[tuple[Callable[..., object], str]] = [
        (owner, "/campaigns"), (operator, "/campaigns"), (owner, "/campaigns/rows"), (owner, "/lists"),
        (owner, "/messages"), (owner, message_page), (operator, "/accounts"), (operator, "/accounts/choose"),
    ]  # fmt: skip
    for browser, path in places:
        answer = browser.get(path, query_string={"text": typed})
        assert answer.status_code == 200
        assert f">{NAME}<" in answer.text or f"{NAME} (" in answer.text, (path, typed)
        assert f">{NAME}<" not in browser.get(path, query_string={"text": "یلدا 1406"}).text


@pytest.mark.parametrize("typed", ["yalda", "YALDA", "۱۴۰۵", "1405", "yalda ۱۴۰۵"])
def test_people_are_found_however_they_are_typed(named, owner, typed: str) -> None:
    assert f">{PERSON.lower()}<" in owner.get("/people", query_string={"text": typed}).text


@pytest.mark.parametrize("typed", NUMBERS)
def test_a_number_is_found_however_it_is_typed(owner, cast, typed: str) -> None:
    row = read(lambda: Recipient.get(Recipient.number == "+989120000002"))
    page = owner.get(f"/campaigns/{row.campaign_id}", query_string={"number": typed}).text
    assert "This number is not in the campaign." not in page
    table = owner.get(f"/campaigns/{row.campaign_id}/results", query_string={"number": typed}).text
    assert table.count("<tr><td>") == 1
