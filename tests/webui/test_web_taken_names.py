"""Nobody finds out by trying which user names there are."""

from __future__ import annotations

import pytest

from engine.store.tables.core import User
from engine.store.threads import read
from tests.webui.conftest import PASSWORD, Browser

FIRM = {"kind": "firm", "name": "A firm", "mobile": "09121112233", "password": PASSWORD, "again": PASSWORD}


def register(app, name: str, address: str = "192.0.2.1"):
    where = {"REMOTE_ADDR": address}
    return Browser(app).post(
        "/register", {**FIRM, "username": name}, page="/register", environ_overrides=where
    )


@pytest.mark.usefixtures("app")
def test_registering_tells_a_few_taken_names_then_nothing(app) -> None:
    names = ["owner", "OWNER ", "admin", "colleague", "operator", "outsider", "quality", "owner"]
    answers = [register(app, name) for name in names]
    assert [each.status_code for each in answers] == [400] * 6 + [429] * 2
    free = register(app, "nobody-has-this")
    assert free.status_code == 429
    assert read(lambda: User.get_or_none(User.username == "nobody-has-this")) is None
    assert register(app, "another-free-one", "198.51.100.7").status_code == 302, "others go on"


def test_who_was_shut_out_is_no_exception(app) -> None:
    from engine.store.threads import write

    write(lambda: User.update(is_active=False).where(User.username == "colleague").execute())
    assert [register(app, "colleague").status_code for _ in range(8)] == [400] * 6 + [429] * 2


def test_inviting_tells_no_more(app) -> None:
    browser = Browser(app)
    browser.log_in("outsider")

    def invite(name: str):
        return browser.post("/people/invite", {"username": name, "role": "member"}, page="/people")

    names = ["owner", "colleague", "admin", "operator", "quality", "owner", "owner"]
    assert [invite(name).status_code for name in names] == [400] * 6 + [429]
    assert invite("free-name").status_code == 429
    staff = Browser(app)
    staff.log_in("admin")
    answers = [
        staff.post("/people/invite", {"username": "owner", "role": "operator"}, page="/people")
        for _ in range(9)
    ]
    assert {each.status_code for each in answers} == {400}, "staff see all names anyway"
