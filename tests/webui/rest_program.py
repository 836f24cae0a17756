"""A client of the Avanak web service that shows a token, as forms or as queries."""

from __future__ import annotations

from typing import Any

from engine.clock import wall_ms
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.store.tables.core import Account, User
from engine.store.threads import write

GRANTS = "web_service recording own_voice any_hour"


def token_of(username: str, grants: str = GRANTS, **wanted: Any) -> str:
    def work() -> str:
        person = User.get(User.username == username)
        Account.update(permissions=grants).where(Account.id == person.account_id).execute()
        return access_tokens.make(
            person, NewToken(**{"name": "a shop", "scopes": tuple(Scope), **wanted}), wall_ms()
        ).secret

    return write(work)


class Program:
    """A program that shows a token, as forms or as queries."""

    def __init__(self, app, secret: str) -> None:
        self.client, self.secret = app.test_client(), secret

    def post(self, method: str, **fields: Any) -> Any:
        answer = self.client.post(f"/Rest/{method}", data=fields, headers={"Authorization": self.secret})
        assert answer.status_code == 200
        return answer.get_json()

    def get(self, method: str, **fields: Any) -> Any:
        answer = self.client.get(f"/rest/{method}", query_string={"Token": self.secret, **fields})
        assert answer.status_code == 200
        return answer.get_json()
