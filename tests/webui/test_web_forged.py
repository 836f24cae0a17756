"""Requests that another site, or another person's page, makes a browser send: nothing is taken, nothing changes."""

from __future__ import annotations

import sqlite3

import pytest

from tests.webui.conftest import csrf_of
from tests.webui.test_pages_walk import COMMON, CUSTOMERS, OWNED, PROGRAMS, REST, STAFF_ONLY, kept, routes
from webui.request.security import csrf

pytestmark = pytest.mark.usefixtures("unlimited")
# Without a session and without its token: they show a secret of their own.
OF_PROGRAMS = {"api", "rest", "switch_records", "text_receipts"}


def test_only_programs_need_no_token(app) -> None:
    assert {getattr(each, "name", each) for each in csrf._exempt_blueprints} == OF_PROGRAMS
    assert csrf._exempt_views == set()


@pytest.mark.parametrize(
    ("who", "theirs"), [("owner", COMMON | CUSTOMERS | OWNED), ("admin", COMMON | STAFF_ONLY)]
)
def test_no_form_is_taken_without_a_token_or_with_somebody_elses(
    app, world, enter, settings, who: str, theirs: set[str]
) -> None:
    browser, wrong = enter(who), []
    foreign = csrf_of(enter("outsider").get("/").text)
    before = kept(settings)
    for endpoint, path in routes(app, world, "POST"):
        if endpoint not in theirs:
            continue
        if endpoint == "campaigns.act":
            path = path.rpartition("/")[0] + "/stop"
        for fields in ({}, {"csrf_token": foreign}, {"csrf_token": ""}):
            answer = browser.client.post(path, data={**fields, "text": "x", "reason": "because"})
            if answer.status_code != 400:
                wrong.append((endpoint, answer.status_code, fields))
    assert wrong == []
    assert kept(settings) == before


# The page of the second factor proposes a secret, which counts once its code was typed; listening is written down.
PROPOSED, LISTENED = "person", "audit_log"


@pytest.mark.parametrize(("who", "written"), [("owner", {PROPOSED}), ("admin", {PROPOSED, LISTENED})])
def test_asking_for_a_page_changes_nothing(app, world, enter, settings, who: str, written: set[str]) -> None:
    """A link or an image of another site sends the session's cookie too; what it asks for is only shown."""
    browser = enter(who)
    before = tables(settings)
    for endpoint, path in routes(app, world, "GET"):
        if endpoint not in PROGRAMS | REST:
            browser.get(path)
    after = tables(settings)
    assert {name for name in after if after[name] != before[name]} == written


def tables(settings) -> dict[str, list[str]]:
    """The rows of every table, as text."""
    with sqlite3.connect(settings.data_dir / "avanak.db") as found:
        names = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: sorted(map(repr, found.execute(f'SELECT * FROM "{name}"'))) for name in names}
    found.close()
    return rows


def test_the_cookie_is_for_this_site_and_no_script(app) -> None:
    answer = app.test_client().get("/login")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
