"""Approval covers what is spoken: variables hold little, and the fixed text is a share of it."""

from __future__ import annotations

import json

import pytest

from engine.errors import BadInput
from engine.services.accounts import accounts
from engine.services.campaigns import approvals, campaigns
from engine.services.messages import library, personal
from engine.services.messages.personal import Template
from engine.services.messages.variables import VariableKind as K
from engine.services.messages.variables import fits
from engine.store.counts import add_counts
from engine.store.tables.core import Message, Recipient
from engine.store.threads import read, write
from tests.money.fixtures import sqlite, upgraded, world
from tests.money.world import World
from tests.policies import ANYTHING
from tests.postgres.fixtures import postgres, store, store_url

__all__ = ["postgres", "sqlite", "store", "store_url", "upgraded", "world"]

TEXT = "{name} عزیز، قبض شما {amount:amount} ریال است."


@pytest.mark.parametrize(
    ("kind", "value", "is_fit"),
    [
        (K.NAME, "علی", True), (K.NAME, "Mary-Jane O'Neill", True), (K.NAME, "سید محمد علی رضوی نژاد", True),
        (K.NAME, "یک دو سه چهار پنج شش", False), (K.NAME, "a" * 41, False), (K.NAME, "علی ۲", False),
        (K.NAME, "visit evil.example!", False), (K.NAME, "علی\nرضا: وام", False),
        (K.AMOUNT, "۲۵۰٬۰۰۰", True), (K.AMOUNT, "-1,200.50", True), (K.AMOUNT, "250000 ریال", False),
        (K.AMOUNT, "1" * 21, False), (K.AMOUNT, "", False),
        (K.DATE, "۱۴۰۵/۰۹/۰۷", True), (K.DATE, "2026-11-28 10:00", True), (K.DATE, "۷ آذر ۱۴۰۵", True),
        (K.DATE, "آذر", False), (K.DATE, "7 آذر وام بگیرید", False),
        (K.DIGITS, "12 345-67", True), (K.DIGITS, "A12", False), (K.DIGITS, "1" * 21, False),
        (K.ANY, "علی", True), (K.ANY, "۲۵۰٬۰۰۰", True), (K.ANY, "با شمارهٔ 0912 تماس بگیرید", False),
    ],
)  # fmt: skip
def test_a_variable_holds_what_its_kind_says(kind: K, value: str, is_fit: bool) -> None:
    assert fits(kind, value) is is_fit


@pytest.mark.parametrize(
    "text", ["{a}", "سلام {a}", "{a} {b} {c} {d} با سلام", "{a:digits}!", "x {a:name} {b:name}"]
)
def test_a_text_that_is_nearly_all_variables_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Too little of the text is fixed"):
        Template(text).check_share()


@pytest.mark.parametrize("text", [TEXT, "کد شما {code:digits}", "متن بی متغیر", "Your bill of {d:date}"])
def test_a_usual_text_is_taken(text: str) -> None:
    Template(text).check_share()  # raises BadInput for any other


def test_what_a_recipient_hears_is_held_to_it() -> None:
    template = Template("کد شما {code}")
    assert template.render({"code": "12"})
    for value in ("a name that is rather long", "همه حساب شما مسدود است با پلیس تماس بگیرید"):
        with pytest.raises(BadInput):
            template.render({"code": value})
        assert template.render({"code": value}, is_free=True)
    with pytest.raises(BadInput, match="allowed after the colon"):
        Template("سلام {a:words}")


def personal_campaign(world: World, text: str, cells: list[list[str]]) -> tuple[int, int]:
    """(account, campaign) with a list whose columns are name and amount."""
    account = world.account(credit=10**7)

    def work() -> int:
        message = library.add(account, "m", "p", 4_000, world.now, origin=library.SPOKEN, text=text)
        Message.update(state="approved").where(Message.id == message.id).execute()
        rules = campaigns.CampaignRules(name="c")
        made = campaigns.create(account, rules, int(message.id), world.now, ANYTHING)
        campaigns.Campaign.update(columns=json.dumps(["name", "amount"])).execute()
        for line, row in enumerate(cells, start=1):
            Recipient.create(
                campaign_id=made, line=line, number=f"+98912{line:07d}", state="pending", is_mobile=True,
                variables=json.dumps(row), next_at=personal.UNPREPARED,
            )  # fmt: skip
        add_counts(made, {"waiting": len(cells), "total": len(cells), "mobiles": len(cells)})
        return made

    return account, write(work)


def test_a_campaign_with_free_words_does_not_start_unless_it_may_speak_freely(world: World) -> None:
    account, campaign = personal_campaign(world, "{name}", [["anything", "1"]])
    with pytest.raises(BadInput, match="Too little of the text is fixed"):
        write(lambda: campaigns.start(campaign, world.now, ANYTHING))
    write(lambda: accounts.grant(account, ["own_voice"], None, world.now))
    write(lambda: campaigns.start(campaign, world.now, ANYTHING))


def test_staff_hear_samples_of_the_list(world: World) -> None:
    cells = [["علی", "250,000"], ["همه بروید و وام بگیرید از ما", "1"], ["رضا", "10"], ["زهرا", "20"]]
    _account, campaign = personal_campaign(world, TEXT, cells)
    message = read(lambda: Message.select().order_by(Message.id.desc()).get())
    found = read(lambda: approvals.samples(message.id))
    assert [each.campaign_id for each in found] == [campaign] * approvals.SAMPLES
    assert [each.text for each in found] == [
        "علی عزیز، قبض شما 250,000 ریال است.", "", "رضا عزیز، قبض شما 10 ریال است."
    ]  # fmt: skip
