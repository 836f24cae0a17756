"""Tokens: what each may do, from where, until when; rotation; a wrong one costs no password hash."""

from __future__ import annotations

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import access_tokens, people
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import (
    Scope,
    is_within,
    parse_addresses,
    parse_methods,
    parse_scopes,
)
from engine.services.accounts.token_use import TokenRefusal, TokenRefused, caller_of
from engine.store.tables.core import Account, User
from engine.store.tables.customers import AccessToken
from engine.store.threads import read, write
from tests.webui.conftest import logged_in

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture
def account(app, cast) -> int:
    write(lambda: Account.update(permissions="web_service").where(Account.id == cast.sahar).execute())
    return cast.sahar


def make(account: int, now: int = NOW, **values):
    wanted = NewToken(**{"name": "a shop", "scopes": (Scope.TICKETS_READ,), **values})
    return write(lambda: access_tokens.make_for_account(account, wanted, now))


def refusal(secret: str, address: str = "192.0.2.7", now: int = NOW) -> TokenRefusal | None:
    try:
        read(lambda: caller_of(secret, address, now))
    except TokenRefused as refused:
        return refused.refusal
    return None


def test_words_become_scopes_methods_and_addresses() -> None:
    assert parse_scopes(["campaigns,sends:write"]) == (
        Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE, Scope.SENDS_WRITE,
    )  # fmt: skip
    assert parse_scopes(["all"]) == tuple(Scope)
    assert parse_methods(["QuickSend, GetQuickSend", "QuickSend"]) == ("QuickSend", "GetQuickSend")
    assert parse_addresses(["10.1.2.3/8 192.0.2.7", "2001:db8::1"]) == (
        "10.0.0.0/8", "192.0.2.7", "2001:db8::1",
    )  # fmt: skip
    for parse, word in (
        (parse_scopes, "fly"),
        (parse_scopes, ""),
        (parse_methods, "a b;c'"),
        (parse_addresses, "here"),
    ):
        with pytest.raises(BadInput):
            parse([word])
    assert is_within("::ffff:192.0.2.7", ["192.0.2.0/24"])
    assert not is_within("no address", ["0.0.0.0/0"])


def test_why_a_token_is_refused(account: int) -> None:
    secret = make(account, addresses=("192.0.2.0/24",), expires_at=NOW + HOUR).secret
    assert refusal(secret) is None
    assert refusal("") == TokenRefusal.MISSING
    assert refusal("avk_wrong") == TokenRefusal.UNKNOWN
    assert refusal("avk_" + "x" * 100_000) == TokenRefusal.UNKNOWN
    assert refusal(secret, "198.51.100.1") == TokenRefusal.ADDRESS
    assert refusal(secret, now=NOW + HOUR) == TokenRefusal.EXPIRED
    write(lambda: Account.update(permissions="").where(Account.id == account).execute())
    assert refusal(secret) == TokenRefusal.GRANT
    write(lambda: Account.update(permissions="web_service").where(Account.id == account).execute())
    write(lambda: access_tokens.revoke(None, AccessToken.get().id, NOW))
    assert refusal(secret) == TokenRefusal.REVOKED


def test_scopes_and_methods_bind_each_request(account: int) -> None:
    secret = make(account, methods=("QuickSend",), scopes=(Scope.SENDS_WRITE,)).secret
    caller = read(lambda: caller_of(secret, None, NOW))
    caller.require(Scope.SENDS_WRITE, "quicksend")
    with pytest.raises(TokenRefused, match="scope money:read"):
        caller.require(Scope.MONEY_READ, "QuickSend")
    with pytest.raises(TokenRefused, match="method GetMessage"):
        caller.require(Scope.SENDS_WRITE, "GetMessage")


def test_after_a_rotation_both_work_for_a_while(account: int) -> None:
    first = make(account, methods=("QuickSend",))
    second = write(lambda: access_tokens.rotate(None, first.token_id, NOW, HOUR))
    assert (refusal(first.secret), refusal(second.secret)) == (None, None)
    assert (refusal(first.secret, now=NOW + HOUR), refusal(second.secret, now=NOW + HOUR)) == (
        TokenRefusal.EXPIRED, None,
    )  # fmt: skip
    assert read(lambda: caller_of(second.secret, None, NOW)).token.methods == "QuickSend"
    with pytest.raises(Conflict):
        write(lambda: access_tokens.rotate(None, first.token_id, NOW, HOUR))
    outsider = read(lambda: User.get(User.username == "outsider"))
    with pytest.raises(NotFound):
        write(lambda: access_tokens.rotate(outsider, second.token_id, NOW))


def test_a_wrong_token_costs_no_password_hash(app, account: int, monkeypatch) -> None:
    def fail(*_args: object) -> None:
        raise AssertionError("a password was hashed")

    monkeypatch.setattr(people, "hash_of", fail)
    monkeypatch.setattr(people, "check", fail, raising=False)
    answer = app.test_client().get("/api/v1/tickets", headers={"Authorization": "Bearer avk_wrong"})
    assert answer.status_code == 401


def test_wrong_tokens_are_counted(app, account: int) -> None:
    client, headers = app.test_client(), {"Authorization": "Bearer avk_x"}
    found: list[int] = []
    while not found or (found[-1] == 401 and len(found) < 2_000):
        found.append(client.get("/api/v1/tickets", headers=headers).status_code)
    assert (found[0], found[-1]) == (401, 429)
    secret = make(account, now=wall_ms()).secret  # whoever shows one that works is not shut out with them
    assert client.get("/api/v1/tickets", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_missing_scope_is_said(app, account: int) -> None:
    secret = make(account, now=wall_ms()).secret
    client, headers = app.test_client(), {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/tickets", headers=headers).status_code == 200
    refused = client.post("/api/v1/tickets", json={}, headers=headers)
    assert refused.status_code == 403
    assert "tickets:write" in refused.text
    row = read(AccessToken.get)
    assert (row.last_used_from, row.person_id) == ("127.0.0.1", None)


def test_the_page_makes_and_renews(app, account: int) -> None:
    browser = logged_in(app, "owner")
    fields = {"name": "shop", "scopes": ["sends:write"], "addresses": "192.0.2.7", "methods": "QuickSend"}
    assert 'id="secret"' in browser.post("/tokens", fields, page="/tokens").text
    examples = browser.get("/tokens").text
    assert "http://localhost/api/v1/quick-sends" in examples
    assert "18,000" in examples
    row = read(AccessToken.get)
    assert (row.scopes, row.addresses, row.methods) == ("sends:write", "192.0.2.7", "QuickSend")
    refused = browser.post("/tokens", {**fields, "addresses": "somewhere"}, page="/tokens")
    assert (refused.status_code, "somewhere" in refused.text) == (400, True)
    renewed = browser.post(f"/tokens/{row.id}/rotate", page="/tokens").text
    assert 'id="secret"' in renewed
    assert logged_in(app, "outsider").post(f"/tokens/{row.id}/rotate", page="/tickets").status_code == 404
