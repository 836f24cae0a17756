"""A text with the columns of a list: what cannot be spoken is told before the campaign is made."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import pytest

from engine.clock import wall_ms
from engine.services.accounts import permissions
from engine.services.campaigns import approvals, go_on, why
from engine.services.compliance import traffic_caps
from engine.store.tables.core import Account, Campaign, Message
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.wizard import base_of, begin, bring_in, importer, newest, rule, settings, take_hello

__all__ = ["importer", "settings"]  # fixtures

LIST = (
    "موبایل,نام مشترک,واحد\n"
    "09121110001,علی رضایی,12\n"
    "09121110002,مشترک 7,13\n"
    "09121110003,,14\n"
    "09121110004,سارا احمدی,15\n"
).encode()
HOUR_MS = 3_600_000


def say(text: str) -> None:
    write(lambda: Message.update(text=text).where(Message.title == "Hello").execute())


def begun(owner, account: int, text: str, **rules: object) -> str:
    say(text)
    base = base_of(begin(owner, account, LIST))
    take_hello(owner, base)
    rule(owner, base, **rules)
    return base


def test_the_columns_of_the_list_stand_beside_the_text(owner, cast) -> None:
    base = base_of(begin(owner, cast.sahar, LIST))
    page = html.unescape(owner.get(f"{base}/message").text)
    assert "{نام مشترک}" in page
    assert "{واحد}" in page
    assert 'id="lacking"' not in page


def test_a_column_that_is_missing_is_told_where_the_message_is_chosen(owner, cast) -> None:
    base = begun(owner, cast.sahar, "{نام خانوادگی} عزیز، قبض شما صادر شده است.")
    for page in (owner.get(f"{base}/message").text, owner.get(base).text):
        assert 'id="lacking"' in page
    owner.post("/language", {"language": "fa"})
    told = html.unescape(owner.get(base).text)
    assert "ستون‌های فهرست: {نام مشترک}، {واحد}." in told


def test_recipients_without_a_message_are_told_before_the_start(owner, cast) -> None:
    base = begun(owner, cast.sahar, "{نام مشترک} عزیز، قبض این ماه شما صادر شده است.")
    page = html.unescape(owner.get(base).text)
    assert "For 2 of the first 4 recipients the message cannot be made" in page
    assert "Line 3: The cell نام مشترک is not a name" in page
    assert "Line 4: The cell نام مشترک is empty." in page


@pytest.mark.parametrize("text", ["{واحد} واحد شما است و قبض آن صادر شده است.", "A text for all of them."])
def test_nothing_is_told_when_all_can_be_spoken(owner, cast, text: str) -> None:
    assert 'id="unspoken"' not in owner.get(begun(owner, cast.sahar, text)).text


def test_an_account_without_limits_may_say_anything(owner, cast) -> None:
    write(lambda: Account.update(permissions=permissions.OWN_VOICE).where(Account.id == cast.sahar).execute())
    page = owner.get(begun(owner, cast.sahar, "{نام مشترک} عزیز، قبض شما صادر شده است.")).text
    assert "For 1 of the first 4 recipients" in page  # the empty cell


def test_those_who_approve_see_why_nobody_is_called(owner, quality, cast, importer) -> None:
    base = begun(owner, cast.sahar, "{نام مشترک} عزیز، قبض این ماه شما صادر شده است.")
    owner.post(base, {"action": "keep"}, page=base)
    bring_in(importer)
    message = read(lambda: Message.get(Message.title == "Hello").id)
    texts = [(one.text, str(one.why or "")) for one in read(lambda: approvals.samples(message))]
    assert texts[0] == ("علی رضایی عزیز، قبض این ماه شما صادر شده است.", "")
    assert texts[1][1].startswith("The cell نام مشترک is not a name")
    write(lambda: Message.update(state="waiting").where(Message.id == message).execute())
    assert "This recipient would not be called." in quality.get(f"/messages/approval/{message}").text


def test_a_start_that_was_set_is_told_while_the_message_waits(owner, cast, importer) -> None:
    later = wall_ms() + 48 * HOUR_MS
    write(lambda: Message.update(state="waiting").where(Message.title == "Hello").execute())
    with_date = {"begins": "later", "starts_at": _typed(later)}
    base = begun(owner, cast.sahar, "", **with_date)
    made = owner.post(base, {"action": "start", "awaits": "on"}, page=base)
    bring_in(importer)
    for path in (made.location, f"/campaigns/{newest()}"):
        assert "if its message is approved by then, else as soon as it is" in owner.get(path).text


@pytest.mark.parametrize("waits", [False, True])
def test_a_start_at_a_cap_of_the_account_goes_on_by_itself(owner, cast, importer, waits: bool) -> None:
    now = wall_ms()
    if waits:
        write(lambda: Message.update(state="waiting").where(Message.title == "Hello").execute())
    base = begun(owner, cast.sahar, "", windows="")
    capped = (cast.sahar, 5, None, now, None)
    write(lambda: (traffic_caps.set_caps(*capped), traffic_caps.count_calls(cast.sahar, 9, now)))
    owner.post(base, {"action": "start", "awaits": "on"}, page=base)
    bring_in(importer)
    made = newest()
    if waits:
        write(lambda: Message.update(state="approved").where(Message.title == "Hello").execute())
        write(lambda: go_on.start_approved([made], now, ANYTHING))
    row = read(lambda: Campaign.get_by_id(made))
    assert (row.state, row.pause_code) == ("paused", why.CAPPED)
    assert "Paused at a cap of the account" in owner.get(f"/campaigns/{made}").text
    write(lambda: traffic_caps.set_caps(cast.sahar, 500, None, now, None))
    assert read(lambda: go_on.uncapped(now, ANYTHING)) == [made]
    write(lambda: go_on.resume_uncapped([made], now, ANYTHING))
    assert read(lambda: Campaign.get_by_id(made).state) == "running"


def test_unfinished_campaigns_are_found_from_the_list_of_campaigns(owner, colleague, cast) -> None:
    assert 'id="unfinished"' not in owner.get("/campaigns").text
    base = base_of(begin(owner, cast.sahar, LIST, "Azar.csv"))
    page = owner.get("/campaigns").text
    assert f'href="{base}"' in page
    assert "Azar.csv" in page
    assert 'id="unfinished"' not in colleague.get("/campaigns").text
    for name in ("b.csv", "c.csv", "d.csv"):
        begin(owner, cast.sahar, LIST, name)
    page = owner.get("/campaigns").text
    assert page.count("/campaigns/new/") == 3
    assert "All of them" in page


def _typed(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"
