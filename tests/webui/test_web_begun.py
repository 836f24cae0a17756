"""Work that goes on after its request: whatever ends it before it tells what it began reaches the request."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest
from flask import Flask

from engine.errors import AvanakError, BadInput
from tests.webui.conftest import Browser, Cast
from webui.request.context import AvanakWeb

Tell = Callable[[int], None]


@pytest.fixture
def begun(app: Flask) -> Callable[[Callable[[Tell], None]], int]:
    web: AvanakWeb = app.extensions["avanak"]

    def begin(work: Callable[[Tell], None]) -> int:
        with gevent.Timeout(20):  # the request hung for ever
            return web.begun(work)

    return begin


@pytest.mark.parametrize(
    "error", [BadInput("no"), KeyError("gone"), OSError(28, "no space"), AvanakError("x")]
)
def test_an_error_before_the_report_reaches_the_request(begun, error: Exception) -> None:
    def work(tell: Tell) -> None:
        raise error

    with pytest.raises(type(error)):
        begun(work)


def test_work_that_reports_nothing_does_not_hold_the_request(begun) -> None:
    with pytest.raises(RuntimeError):
        begun(lambda tell: None)


def test_work_that_is_killed_does_not_hold_the_request(begun) -> None:
    def work(tell: Tell) -> None:
        raise gevent.GreenletExit

    with pytest.raises(RuntimeError):
        begun(work)


@pytest.mark.parametrize("error", [BadInput("no"), ZeroDivisionError("later")])
def test_an_error_after_the_report_is_logged(
    begun, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def work(tell: Tell) -> None:
        tell(7)
        raise error

    assert begun(work) == 7
    assert "of=7" in caplog.text


def test_a_page_answers_500_for_it(
    app: Flask, owner: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*_given: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr("engine.services.campaigns.clone.clone", crash)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = f"/campaigns/{cast.campaign}/again"
    with gevent.Timeout(20):
        assert owner.post(page, {"name": "Again", "whole": "all"}, page=page).status_code == 500
    assert "action=http_crashed" in caplog.text
