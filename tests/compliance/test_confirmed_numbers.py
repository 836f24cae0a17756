"""Nobody's calls show a number that staff did not confirm for them, whatever kind of message they carry."""

from __future__ import annotations

import pytest

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, audit_log
from engine.services.campaigns import campaigns, own_numbers, quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance import caller_ids
from engine.services.compliance.caller_ids import CallerIdNotAllowed
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.trunks import gateways
from engine.states import MessageKind
from engine.store.tables.core import Campaign
from engine.store.threads import read, write
from tests.money.fixtures import sqlite, upgraded, world
from tests.money.world import World
from tests.policies import ANYTHING
from tests.postgres.fixtures import postgres, store, store_url

__all__ = ["postgres", "sqlite", "store", "store_url", "upgraded", "world"]


@pytest.mark.parametrize("kind", list(MessageKind))
@pytest.mark.parametrize("number", ["110", "02112345678", "989121112233"])
def test_a_number_of_somebody_else_is_refused(world: World, kind: str, number: str) -> None:
    account = world.account(credit=10**6)
    write(lambda: accounts.grant(account, ["advertising", "emergency"], None, world.now))
    with pytest.raises(CallerIdNotAllowed, match="not confirmed"):
        world.campaign(account, 1, kind=kind, caller_id=number)
    called = normalise("09121234567")
    assert isinstance(called, NormalNumber)
    options = QuickOptions(kind=kind, caller_id=number)
    with pytest.raises(CallerIdNotAllowed, match="not confirmed"):
        write(lambda: quick_sends.send(account, called, "prompt", options, world.now, ANYTHING))


def test_a_draft_with_such_a_number_does_not_start(world: World) -> None:
    account = world.account(credit=10**6)
    draft = world.campaign(account, 1, start=False)
    write(lambda: Campaign.update(caller_id="110").where(Campaign.id == draft).execute())
    with pytest.raises(CallerIdNotAllowed):
        write(lambda: campaigns.start(draft, world.now, ANYTHING))


@pytest.mark.parametrize("shown", ["02191001234", "982191001234", "+982191001234"])
@pytest.mark.parametrize("whose", ["confirmed", "account", "gateway"])
def test_confirmed_numbers_are_shown_however_they_are_written(world: World, whose: str, shown: str) -> None:
    account = world.account(credit=10**6)
    if whose == "confirmed":
        write(lambda: caller_ids.confirm(account, "0098 2191001234".replace(" ", ""), None, world.now))
    elif whose == "account":
        write(lambda: accounts.change(account, None, world.now, caller_id="02191001234"))
    else:
        write(lambda: gateways.change("gw", None, world.now, caller_id="02191001234"))
    assert world.campaign(account, 1, caller_id=shown)


def test_a_gateway_that_the_account_may_not_use_lends_no_number(world: World) -> None:
    account = world.account(credit=10**6)
    write(lambda: gateways.ensure("other", 10, 10, world.now))
    write(lambda: gateways.change("other", None, world.now, caller_id="02191001234"))
    write(lambda: accounts.change(account, None, world.now, gateways="gw"))
    with pytest.raises(CallerIdNotAllowed):
        world.campaign(account, 1, caller_id="02191001234")


def test_a_number_that_is_taken_away_pauses_what_shows_it(world: World) -> None:
    account, other = world.account(credit=10**6), world.account(credit=10**6, name="other")
    write(lambda: caller_ids.confirm(account, "02191001234", None, world.now))
    with pytest.raises(CallerIdNotAllowed):  # it is the account's and nobody else's
        world.campaign(other, 1, caller_id="02191001234")
    shows, plain = world.campaign(account, 1, caller_id="02191001234"), world.campaign(account, 1)
    assert write(lambda: own_numbers.withdraw(account, "982191001234", None, world.now, ANYTHING)) == [shows]
    assert (world.state(shows), world.state(plain)) == ("paused", "running")
    with pytest.raises(CallerIdNotAllowed):
        write(lambda: campaigns.resume(shows, world.now, ANYTHING))
    with pytest.raises(NotFound):
        write(lambda: own_numbers.withdraw(account, "02191001234", None, world.now, ANYTHING))
    acts = [row.action for row in read(lambda: audit_log.entries(account))]
    assert acts[:2] == ["caller_id.withdraw", "caller_id.confirm"]


def test_only_numbers_are_confirmed_and_once(world: World) -> None:
    account = world.account()
    write(lambda: caller_ids.confirm(account, "+982191001234", None, world.now))
    with pytest.raises(Conflict):
        write(lambda: caller_ids.confirm(account, "02191001234", None, world.now))
    for wrong in ("", "12", "0" * 16, "0219100123x", "abc"):
        with pytest.raises(BadInput):
            write(lambda wrong=wrong: caller_ids.confirm(account, wrong, None, world.now))
