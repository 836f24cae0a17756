"""Both languages: nothing is left untranslated, digits and dates are the reader's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, session
from hypothesis import given
from hypothesis import strategies as st

from engine.agreement import working_time
from engine.clock import to_ms, wall_ms
from engine.errors import BadInput, Conflict
from engine.sentences import kept
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns, preflight, why
from engine.services.outbox.wording import in_persian
from engine.store.threads import write
from tests.policies import ANYTHING
from webui.forms import pages
from webui.i18n import agreement_words, formats, sentences
from webui.i18n.sentences import said


@pytest.fixture
def persian(app: Flask):
    with app.test_request_context():
        session["language"], session["calendar"] = "fa", "jalali"
        yield


def test_numbers_and_lengths(persian) -> None:
    assert formats.number(1234567) == "۱٬۲۳۴٬۵۶۷"
    assert formats.rate(29.44) == "۲۹٫۴"
    assert formats.percent(0.953, 1) == "۹۵٫۳٪"
    assert formats.percent(None) == "—"
    assert formats.duration(3_725_000) == "۱ ساعت و ۲ دقیقه"
    assert formats.duration(0) == "۰ ثانیه"
    assert sentences.binding(preflight.CPS) == in_persian(preflight.BINDINGS["cps"])


@pytest.fixture(params=[("fa", "gregorian"), ("en", "gregorian"), ("en", "jalali")], ids="-".join)
def reader(app: Flask, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    with app.test_request_context():
        session["language"], session["calendar"] = request.param
        yield request.param


def test_support_hours_sizes_and_months_as_a_persian_writes_them(persian) -> None:
    assert (
        agreement_words.open_hours(((30_600, 50_400), (53_100, 86_400))) == "۰۸:۳۰ تا ۱۴:۰۰ و ۱۴:۴۵ تا ۲۴:۰۰"
    )
    assert agreement_words.open_hours(()) == "پشتیبانی تعطیل است"
    assert [formats.file_size(n) for n in (0, 77, 1024, 1_600_000)] == [
        "۰ بایت",
        "۷۷ بایت",
        "۱ کیلوبایت",
        "۱٫۵ مگابایت",
    ]
    assert [formats.months(n) for n in (1, 12)] == ["۱ ماه", "۱۲ ماه"]
    assert formats.joined(["الف", "ب"]) == "الف، ب"


def test_a_persian_date_is_not_turned_around_by_the_letters_before_it(app: Flask) -> None:
    with app.test_request_context():
        session["language"], session["calendar"] = "fa", "gregorian"
        at = to_ms(datetime(2023, 11, 15, 1, 43, tzinfo=ZoneInfo("Asia/Tehran")))
        assert formats.plain_instant(at) == "۲۰۲۳/۱۱/۱۵ ۰۱:۴۳"
        assert formats.parse_instant(formats.written_instant(at)) == at
        assert pages.written_day(datetime(2023, 11, 15).date()) == "۲۰۲۳/۱۱/۱۵"
        session["language"] = "en"
        assert formats.plain_instant(at) == "2023-11-15 01:43"


def test_one_month_and_two(app: Flask) -> None:
    with app.test_request_context():
        session["language"] = "en"
        assert [formats.months(n) for n in (1, 2)] == ["1 month", "2 months"]
        assert agreement_words.open_hours(((30_600, 50_400),)) == "08:30–14:00"


def test_promises_and_histories_have_the_dates_of_the_reader(reader) -> None:
    """At 2026-11-30 12:00 in Tehran, 1405/09/09, a clock runs that is due the day after at midnight."""
    at = int(datetime(2026, 11, 30, 12, tzinfo=ZoneInfo("Asia/Tehran")).timestamp())
    told = working_time.Explanation(3600, 7200, at + 12 * 3600, "running")
    history = sentences.step_value("AnyDesk 1405-09-09 12:00:05 to 1405-09-09 24:00", "remote_proposed")
    jalali, gregorian = ("1405", "1405-"), ("2026-11-30", "۲۰۲۶-۱۱-۳۰", "۲۰۲۶/۱۱/۳۰")
    for text in (agreement_words.clock_said(told), history):
        assert any(day in text for day in (jalali if reader[1] == "jalali" else gregorian)), text
        assert "14" not in text or reader[1] == "jalali", text
    assert history.startswith("AnyDesk ")
    assert (" to " in history) is (reader[0] == "en")


def test_dates_are_jalali(persian) -> None:
    at = to_ms(datetime(2023, 11, 15, 1, 43, 20, tzinfo=ZoneInfo("Asia/Tehran")))
    assert formats.plain_instant(at) == "۱۴۰۲/۰۸/۲۴ ۰۱:۴۳"
    assert formats.parse_instant("۱۴۰۲/۰۸/۲۴ ۰۱:۴۳") == at - 20_000
    assert formats.parse_instant("2023-11-15 01:43") == at - 20_000
    assert formats.parse_instant("  ") is None


@pytest.mark.parametrize("text", ["فردا", "1402/13/01 10:00", "1402/08/24 25:00", "1402/08/24", "9999999"])
def test_what_is_no_date_is_said(persian, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        formats.parse_instant(text)
    assert "تاریخ و ساعتی" in said(refused.value)


def test_refusals_of_services_are_persian(persian) -> None:
    assert said(Conflict("Campaign %(id)s has no message.", id=7)) == "کارزار ۷ پیام ندارد."
    assert said(BadInput("%(file)s is empty.", file="x.csv")) == "«x.csv» خالی است."
    assert said(BadInput("Something nobody foresaw.")) == "Something nobody foresaw."


@given(at=st.integers(0, 4_000_000_000).map(lambda minutes: minutes // 60 * 60_000))
def test_an_instant_that_is_written_is_read_again(at: int) -> None:
    app = webui_app()
    with app.test_request_context():
        for calendar in ("jalali", "gregorian"):
            session["language"], session["calendar"] = "fa", calendar
            assert formats.parse_instant(formats.written_instant(at)) == at


@cache
def webui_app() -> Flask:
    """An application that asks no database: only its way of saying things is wanted."""
    made = Flask("speech")
    made.secret_key = "x"
    formats.init_app(made)
    made.extensions["avanak"] = SimpleNamespace(zone=ZoneInfo("Asia/Tehran"))
    return made


def test_a_pause_says_its_reason_in_the_language_of_the_page(owner, cast) -> None:
    owner.post("/language", {"language": "fa"})
    write(lambda: campaigns.start(cast.campaign, wall_ms(), ANYTHING))
    for written, shown in (
        (kept("paused from the command line"), "مکث: از خط فرمان مکث شد."),
        (why.sentence(why.PROMPT_MISSING, {"switch": "a"}).kept(), "پیام روی سوییچ a نیست"),
        ("paused from the command line", "مکث: paused from the command line."),
        ("because I say so", "مکث: because I say so."),
    ):
        write(lambda written=written: campaigns.pause(cast.campaign, written))
        assert shown in owner.get(f"/campaigns/{cast.campaign}").text
        write(lambda: campaigns.resume(cast.campaign, wall_ms(), ANYTHING))
    refused = accounts.Refusal.SUSPENDED.sentence("a bill is open").kept()
    write(lambda: campaigns.pause(cast.campaign, refused, code=why.NOT_ALLOWED))
    assert "حساب معلق است: a bill is open" in owner.get(f"/campaigns/{cast.campaign}").text


@pytest.mark.parametrize(
    "name", ["لیست2.xlsx", "MP3", "column_2", "ali7@example.com", "https://a.ir/v1", "SEP-2026-07"]
)
def test_digits_of_names_stay_in_what_is_wrong_with_a_field(persian, name: str) -> None:
    error = BadInput("%(file)s is larger than %(n)s MB.", file=name, n=20)
    shown = sentences.errors_said([said(error), "عدد باید بین 1 و 5 باشد.", "0.01 تا 5000."])
    assert name in shown
    assert "۲۰" in shown
    assert "بین ۱ و ۵ باشد. ۰٫۰۱ تا ۵۰۰۰." in shown
    assert sentences.step_value(name, "file") == name
    assert [sentences.written(text) for text in ("5.5", "10.0.0.1")] == ["۵٫۵", "۱۰.۰.۰.۱"]


def test_what_is_constant_in_a_template_is_said_in_the_language_of_each_reader(app: Flask) -> None:
    shown = app.jinja_env.from_string("{{ 0|number }} {{ 'busy'|word('disposition') }} {{ 60000|duration }}")
    for language, expected in (("fa", "۰ مشغول ۱ دقیقه"), ("en", "0 Busy 1 min")):
        with app.test_request_context():
            session["language"] = language
            assert shown.render() == expected
    ours = {name for name, made in app.jinja_env.filters.items() if made.__module__.startswith("webui.")}
    anew = {name for name, made in app.jinja_env.filters.items() if hasattr(made, "jinja_pass_arg")}
    assert ours
    assert ours <= anew
