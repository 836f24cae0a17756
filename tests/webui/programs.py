"""A client of /api/v1 that shows a token."""

from __future__ import annotations

from typing import Any

from flask import Flask

from engine.clock import wall_ms
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.store.tables.core import Account, User
from engine.store.threads import write


def token_of(
    username: str, scopes: tuple[Scope, ...] = tuple(Scope), permissions: str = "web_service"
) -> str:
    """A new token of somebody, whose account is granted these permissions."""

    def work() -> str:
        person = User.get(User.username == username)
        Account.update(permissions=permissions).where(Account.id == person.account_id).execute()
        return access_tokens.make(person, NewToken("a shop", scopes), wall_ms()).secret

    return write(work)


class Program:
    """Asks with a token."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **kwargs: Any) -> Any:
        return self.client.open(
            f"/api/v1{path}", method=method, headers={**self.headers, **(headers or {})}, **kwargs
        )

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, json: Any = None, **kwargs: Any) -> Any:
        return self.ask("POST", path, json=json, **kwargs)

    def patch(self, path: str, json: Any = None) -> Any:
        return self.ask("PATCH", path, json=json)

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path)
