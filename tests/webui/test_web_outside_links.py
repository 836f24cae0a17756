"""Links for others lead to this site, whatever name a request claims."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engine.config import Settings
from tests.webui.conftest import Browser
from webui import create_app

ROOT = Path(__file__).resolve().parents[2]
STRANGE = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "127.0.0.1:80@evil.example",
    "localhost:evil",
    "[::1].evil.example",
    "[::ffff:1.2.3.4]",
    "192.168.1.5",
    "2130706433",
]
OWN = ["localhost", "localhost:8080", "127.0.0.1:8080", "127.0.0.2", "[::1]:8080"]


@pytest.fixture
def owner(app) -> Browser:
    browser = Browser(app)
    browser.log_in("owner")
    return browser


def named(browser: Browser, settings: Settings, host: str, path: str, data: dict[str, str], page: str):
    """Post with another name in the head, as whoever is between the two can; the cookie is the same."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(page).text)
    cookie = browser.client.get_cookie("avanak")
    headers = {"Host": host, "Cookie": f"avanak={cookie.value}"}
    forged = browser.client.application.test_client(use_cookies=False)
    return forged.post(path, data={**data, "csrf_token": token[1]}, headers=headers)


def test_the_way_back_from_a_payment_never_follows_the_request(app, owner, settings, monkeypatch):
    asked: list[str] = []
    from engine.services.money import payments

    begin = payments.begin

    def noted(account, amount, provider, back, *rest, **more):
        asked.append(back)
        return begin(account, amount, provider, back, *rest, **more)

    monkeypatch.setattr(payments, "begin", noted)
    form = {"amount": "100000", "top-amount": "100000"}
    for host in STRANGE:
        answer = named(owner, settings, host, "/balance/top-up", form, "/balance")
        assert answer.status_code == 400, host
        assert not asked, host
    for host in OWN:
        assert named(owner, settings, host, "/balance/top-up", form, "/balance").status_code == 200
    assert asked == [f"http://{host}/balance/callback" for host in OWN]
    app.extensions["avanak"].settings = settings.model_copy(update={"web_url": "https://panel.example.com"})
    asked.clear()
    for host in [*STRANGE[:2], *OWN]:
        assert named(owner, settings, host, "/balance/top-up", form, "/balance").status_code == 200
    assert set(asked) == {"https://panel.example.com/balance/callback"}


def test_an_invitation_never_follows_the_request(app, owner, settings):
    form = {"username": "newcomer", "role": "member"}
    for host in STRANGE:
        answer = named(owner, settings, host, "/people/invite", form, "/people")
        assert answer.status_code in (400, 409), host
        assert "/people/join/" not in answer.text
    assert "newcomer" not in owner.get("/people").text, "nobody was made without a link"
    app.extensions["avanak"].settings = settings.model_copy(update={"web_url": "https://panel.example.com"})
    answer = named(owner, settings, "evil.example", "/people/invite", form, "/people")
    assert 'value="https://panel.example.com/people/join/' in answer.text
    assert "evil.example" not in answer.text


def test_no_redirect_names_another_host(app):
    """Slashes too many, methods, log-in: where the router or a page sends a visitor, it is told without a host."""
    client = app.test_client()
    paths = {
        re.sub(r"<[^>]+>", "1", str(rule))
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
    }
    redirected = 0
    for path in sorted(paths):
        doubled = "/" + path[1:].replace("/", "//") + "?a=1"
        for tried in (path, path + "/", path.replace("/1", "//1"), doubled):
            answer = client.get(tried, headers={"Host": "evil.example"})
            location = answer.headers.get("Location", "/")
            assert location.startswith("/"), (tried, location)
            assert not location.startswith(("//", "/\\")), (tried, location)
            assert answer.status_code != 308 or "evil.example" not in answer.text, tried
            redirected += answer.status_code == 308
            answer.close()
    assert redirected > 20
    assert client.get("/api//v1/campaigns?a=1").location == "/api/v1/campaigns?a=1"


@pytest.mark.parametrize(
    "url", ["https://panel.example.com/", "http://10.0.0.5:8080", "https://[2001:db8::1]:8443", ""]
)
def test_the_setting_is_an_address(url):
    assert Settings(web_url=url).web_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["panel.example.com", "javascript:x", "https://a@b", "https://a/b?c", "https://a b", "https://a\n"]
)
def test_other_settings_are_refused(url):
    with pytest.raises(ValueError, match="web_url"):
        Settings(web_url=url)


def test_nothing_else_makes_whole_addresses():
    """`webui/request/outside_links.py` alone; what reads the name of the request compares it, or is told to its sender."""
    found = set()
    for path in (ROOT / "webui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_external = isinstance(node, ast.keyword) and node.arg in ("_external", "_scheme")
            is_request = isinstance(node, ast.Attribute) and node.attr in (
                "host_url", "url_root", "root_url", "base_url"
            )  # fmt: skip
            if is_external or is_request:
                found.add(str(path.relative_to(ROOT)))
        for template in (ROOT / "webui").rglob("*.html"):
            assert "_external" not in template.read_text("utf-8")
    assert not found


def test_an_application_starts_without_the_setting(settings, app):
    assert create_app(settings).test_client().get("/login").status_code == 200
