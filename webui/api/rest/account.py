"""AccountStatus: the account's owner, remaining credit, and end of the subscription."""

from __future__ import annotations

from typing import Any

from engine.agreement.dates import date_text, local_day
from engine.services.accounts import accounts
from engine.services.accounts.token_scopes import Scope
from engine.services.money import pricing
from engine.services.numbering.numbers import display
from engine.store.threads import read
from webui.api.rest.methods import Asked, Method, field
from webui.api.rest.refusals import SUCCESS


def status(asked: Asked) -> dict[str, Any]:
    row, credit = read(lambda: (accounts.get(asked.account_id), pricing.available(asked.account_id)))
    ends = local_day(row.expires_at // 1000) if row.expires_at is not None else None
    return {
        "Status": SUCCESS,
        "AccountName": row.name,
        "RemaindCredit": credit,
        "Mobile": display(row.mobile) if row.mobile else "",
        "ExpireDate": date_text(ends, jalali=False) if ends else "",
        "ExpireDatePer": date_text(ends) if ends else "",
    }


_EMPTY = {
    "Status": "",
    "AccountName": "",
    "RemaindCredit": 0,
    "Mobile": "",
    "ExpireDate": "",
    "ExpireDatePer": "",
}
METHODS = (Method("AccountStatus", Scope.ACCOUNT_READ, "account.view", status, field("ErrorCode", **_EMPTY)),)
