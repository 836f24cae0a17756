"""What stands around every page: alarms, numbers in the menu, the search for an account, files, forms that survive."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import webui
from engine.clock import wall_ms
from engine.services.accounts import accounts
from engine.services.sla import observations
from engine.store.threads import write


def test_alarms_stand_on_every_page_and_end_with_the_engine_back(operator, owner) -> None:
    for path in ("/", "/trunks", "/accounts", "/tickets"):
        assert 'id="alarm-engine"' in operator.get(path).text
    assert 'id="alarm-engine"' not in owner.get("/").text
    assert "Not known: no engine runs." in operator.get("/").text
    write(lambda: observations.pulse("engine/one", wall_ms()))
    assert 'id="alarm-engine"' not in operator.get("/alarms").text
    assert "0 of 10 calls a second" in operator.get("/").text


def test_numbers_of_what_waits(operator, world) -> None:
    board = operator.get("/").text
    found = dict(re.findall(r'id="work-(\S+)".*?<strong><bdi>(\d+)', board))
    assert {name for name, count in found.items() if int(count)} >= {"committee-index", "payments-index"}


def test_an_account_is_found_as_people_write_it(operator, owner) -> None:
    kaveh = write(lambda: accounts.open_by_staff("شركت كاوه", wall_ms() + 10**9, None, wall_ms()))
    write(lambda: accounts.open_by_staff("Kaveh & <b>sons", wall_ms() + 10**9, None, wall_ms()))
    assert f"شركت كاوه (#{kaveh})" in operator.get("/accounts/choose?text=شرکت کاوه").text
    assert "<b>sons" not in operator.get("/accounts/choose?text=kaveh").text
    assert f"(#{kaveh})" in operator.get(f"/accounts/choose?text={kaveh}").text
    assert owner.get("/accounts/choose?text=a").status_code == 403
    form = {"department": "support", "subject": "a line", "text": "it is about a line"}
    for typed in (f"شركت كاوه (#{kaveh})", f"شركت كاوه (#{str(kaveh).translate(str.maketrans('0123456789', '۰۱۲۳۴۵۶۷۸۹'))})",
                  str(kaveh), "شرکت کاوه"):  # fmt: skip
        assert operator.post("/tickets/new", {**form, "account": typed, "key": typed}).status_code == 302
    for typed, said in (
        ("nobody at all", "No account matches"),
        ("a", "Several accounts"),
        ("#999", "no account"),
    ):
        answer = operator.post("/tickets/new", {**form, "account": typed})
        assert answer.status_code == 400
        assert said in answer.text
        assert f'value="{typed}"' in answer.text


def test_files_are_packed_and_kept_for_a_year(anyone) -> None:
    page = anyone.get("/login").text
    links = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    weight = len(page)
    for link in links:
        answer = anyone.get(link.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        weight += len(answer.data)
        if answer.headers.get("Content-Encoding"):
            assert gzip.decompress(answer.data)
            assert answer.headers["Vary"] == "Accept-Encoding"
        again = anyone.get(link, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert len(links) > 8
    assert weight <= 200_000  # of the first visit
    font = re.search(r'href="/static/([^"]+woff2[^"]*)"', page)
    assert font
    assert f'url("{font[1]}")' in anyone.get("/static/app.css").text  # one address: it is fetched once
    plain = anyone.get("/static/app.css?v=older")
    assert plain.headers["Cache-Control"] == "no-cache"
    assert "Content-Encoding" not in plain.headers
    for wrong in (
        "/static/../__init__.py",
        "/static/%2e%2e/__init__.py",
        "/static/none.css",
        "/static/vendor",
    ):
        assert anyone.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("page", "back"),
    [("/tickets/new?department=support", "/tickets/new?department%3Dsupport%23kept"), ("/tokens/1/rotate", None),
     ("https://elsewhere.example/tickets/new", None)],
)  # fmt: skip
def test_a_form_of_a_session_that_ended_leads_back_to_its_page(anyone, page: str, back: str | None) -> None:
    referrer = page if page.startswith("https") else f"http://localhost{page}"
    answer = anyone.client.post("/tickets/new", data={"subject": "x"}, headers={"Referer": referrer})
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where == (f"/login?next={back}" if back else "/login")
    if back:
        assert "/tickets/new?department=support#kept" in anyone.get(where).text.replace("&amp;", "&")


def test_paper_is_no_phone() -> None:
    """A sheet of A4 within its margins is narrower than a tablet: rules for phones must not reach it."""
    for sheet in (Path(webui.__file__).parent / "static").glob("*.css"):
        assert not re.findall(r"@media \(max-width[^{]*", sheet.read_text("utf-8")), sheet.name
