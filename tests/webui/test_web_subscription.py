"""Months bought on the page of the balance."""

from __future__ import annotations

from engine.clock import wall_ms
from engine.services.money import subscriptions
from engine.store.tables.core import Account
from engine.store.threads import read, write
from tests.hostile.fields import encoded, forms_of
from tests.webui.conftest import Browser, Cast


def test_a_form_that_is_sent_twice_buys_once(owner: Browser, cast: Cast) -> None:
    plan = write(lambda: subscriptions.add_plan(1, 400_000, None, wall_ms()))
    before = len(read(lambda: subscriptions.history(cast.sahar)))
    (form,) = (each for each in forms_of(owner.get("/balance").text) if each.action == "/balance/subscribe")
    sent = encoded({**form.values, "plan": str(plan)})
    for _again in range(4):  # the last two could not be paid
        answer = owner.client.post(form.action, data=sent, content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.location) == (302, "/balance")
    assert len(read(lambda: subscriptions.history(cast.sahar))) == before + 1


def test_nobody_is_sent_to_buy_what_is_not_on_sale(owner: Browser, cast: Cast) -> None:
    verified = {"state": "identity_verified", "expires_at": None}
    write(lambda: Account.update(**verified).where(Account.id == cast.sahar).execute())
    page = owner.get("/").text
    assert "No subscription is on sale at the moment" in page
    assert 'id="next" href="/tickets/new"' in page
    write(lambda: subscriptions.add_plan(1, 400_000, None, wall_ms()))
    assert 'id="next" href="/balance"' in owner.get("/").text
