"""The test of a gateway from its page: how it dials a number, and one call by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.clock import wall_ms
from engine.services.accounts import audit_log
from engine.services.campaigns import gateway_trials, quick_sends
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.sla import observations
from engine.services.trunks import gateways
from engine.states import RecipientState
from engine.store.tables.core import Attempt, Gateway, Recipient
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.waits import wait_for

NUMBER = "0912 345 0008"
E164 = "+989123450008"


@pytest.fixture(autouse=True)
def followed(app, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No watch of a call outlives its test's database."""
    running: list[int] = []
    follow = gateway_trials.follow

    def counted(recipient_id: int, *others: Any) -> Any:
        running.append(recipient_id)
        try:
            return follow(recipient_id, *others)
        finally:
            running.remove(recipient_id)

    monkeypatch.setattr(gateway_trials, "follow", counted)
    yield
    wait_for(lambda: not running, "the end of each watch")


def lab() -> Gateway:
    return read(lambda: Gateway.get(Gateway.name == "lab"))


def page_of() -> str:
    return f"/trunks/gateways/{lab().id}/test"


def called() -> list[Recipient]:
    return read(lambda: list(Recipient.select().where(Recipient.number == E164)))


def an_engine() -> None:
    write(lambda: observations.pulse("engine/one", wall_ms()))


def tried() -> list[Any]:
    """What the audit log has of tests."""
    return [entry for entry in read(audit_log.entries) if entry.action == "gateway.test"]


def settle(recipient: int, state: RecipientState, **fields: Any) -> None:
    """What an engine writes when the first call has ended."""
    now = wall_ms()

    def work() -> None:
        row = Recipient.get_by_id(recipient)
        made = Attempt.create(
            campaign_id=row.campaign_id, recipient_id=recipient, gateway_id=lab().id, switch_id=1, uuid=f"u-{recipient}",
            core_uuid="", try_no=1,
            state="ended", created_at=now - 4_000, ended_at=now, **fields,
        )  # fmt: skip
        Recipient.update(state=state, attempt_id=made.id).where(Recipient.id == recipient).execute()

    write(work)


def test_only_those_who_may_change_gateways(owner, quality, cast) -> None:
    for browser in (owner, quality):
        assert browser.get(page_of()).status_code == 403
        for path in (page_of(), f"{page_of()}/call"):
            assert browser.post(path, {"number": NUMBER}).status_code == 403
        assert browser.get(f"{page_of()}/1").status_code == 403
    assert "/test" not in quality.get("/trunks").text


def test_how_a_number_is_dialled_calls_nobody(operator) -> None:
    assert page_of() in operator.get("/trunks").text
    assert page_of() in operator.get(f"/trunks/gateways/{lab().id}").text
    for number_format, prefix, prefixes, dialled, is_served in (
        ("98", "", "", "989123450008", True),
        ("0098", "77", "98912", "7700989123450008", True),
        ("0", "", "98935", "09123450008", False),
        ("+98", "", "", "+989123450008", True),
    ):
        values = {"number_format": number_format, "dial_prefix": prefix, "prefixes": prefixes}
        write(lambda values=values: gateways.change("lab", None, wall_ms(), **values))
        page = operator.post(page_of(), {"number": NUMBER})
        assert (page.status_code, f">{dialled}<" in page.text) == (200, True)
        assert ("do not serve" in page.text) is not is_served
    assert operator.post(page_of(), {"number": "12"}).status_code == 400
    assert called() == []


def test_without_an_engine_nobody_is_called(operator) -> None:
    answer = operator.post(f"{page_of()}/call", {"number": NUMBER})
    assert (answer.status_code, "No engine is running" in answer.text) == (400, True)
    assert called() == []
    assert tried() == []


def test_a_drained_gateway_is_not_tested(operator) -> None:
    an_engine()
    write(lambda: gateways.drain("lab", True, None, wall_ms()))
    answer = operator.post(f"{page_of()}/call", {"number": NUMBER})
    assert (answer.status_code, "is being drained" in answer.text) == (400, True)
    assert called() == []


def test_one_call_is_followed_to_its_end_and_is_not_tried_again(operator, cast) -> None:
    an_engine()
    page = operator.post(f"{page_of()}/call", {"number": NUMBER}).location
    [row] = called()
    assert page == f"{page_of()}/{row.id}"
    assert "No call was begun yet" in operator.get(page).text
    assert operator.get(f"{page}/live").status_code == 200
    # A fault before anybody's telephone rang: a campaign would try again.
    settle(
        row.id,
        RecipientState.RETRY_WAIT,
        sip_status=503,
        hangup_cause="NORMAL_TEMPORARY_FAILURE",
        disposition="congestion",
    )
    live = operator.get(f"{page}/live")
    assert live.status_code == 286
    assert "It did not ring. The carrier, or the switch, did not put the call through (503" in live.text
    wait_for(lambda: called()[0].state == RecipientState.CANCELLED, "no second try")
    operator.post("/language", {"language": "fa"})
    assert "زنگ نخورد. اپراتور یا سوییچ تماس را برقرار نکرد (503" in operator.get(page).text
    [entry] = tried()
    assert (entry.subject, E164 in entry.after) == ("gateway lab", True)


def test_what_was_answered_is_told(operator) -> None:
    an_engine()
    page = operator.post(f"{page_of()}/call", {"number": NUMBER}).location
    [row] = called()
    settle(
        row.id,
        RecipientState.DELIVERED,
        answered_at=wall_ms() - 2_000,
        heard_ms=1_500,
        disposition="answered",
    )
    assert "1.5 s of the message were heard" in operator.get(page).text


def test_other_calls_and_other_gateways_are_not_shown(operator, cast) -> None:
    now = wall_ms()
    number = normalise(NUMBER)
    assert isinstance(number, NormalNumber)
    write(lambda: gateways.add("two", 5, 5, None, now))
    other = write(
        lambda: quick_sends.send(cast.sahar, number, "hello", quick_sends.QuickOptions(), now, ANYTHING)
    )
    assert operator.get(f"{page_of()}/{other}").status_code == 404
    an_engine()
    page = operator.post(f"{page_of()}/call", {"number": NUMBER}).location
    mine = called()[-1].id
    two = read(lambda: Gateway.get(Gateway.name == "two")).id
    assert operator.get(f"/trunks/gateways/{two}/test/{mine}").status_code == 404
    assert operator.get(page).status_code == 200
    settle(mine, RecipientState.DELIVERED, answered_at=now, disposition="answered")  # ends the watch


def test_a_call_that_nobody_begins_is_taken_back_and_said_so(operator, cast, monkeypatch) -> None:
    an_engine()
    operator.post(f"{page_of()}/call", {"number": NUMBER})
    [row] = called()
    monkeypatch.setattr(gateway_trials, "BEGINS_S", -1)
    trial = gateway_trials.follow(row.id, read, write, lambda _s: None)
    assert trial.is_over
    assert str(gateway_trials.sentence_of(trial)) == "Nobody was called. No call could be begun in time."
