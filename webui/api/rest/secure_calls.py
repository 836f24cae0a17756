"""MakeSecureCall: calls two people and joins them; neither sees the other's number."""

from __future__ import annotations

from engine.errors import NotFound
from engine.services.accounts import accounts, permissions
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import secure_calls
from engine.services.compliance import regions
from engine.services.compliance.regions import NoRegion
from engine.store.threads import read, write
from webui.api.rest.methods import Asked, Method, Param, bare, whole
from webui.api.rest.refusals import WRONG_MESSAGE, Refused
from webui.api.rest.sends import number_of
from webui.request.context import web

WRONG_SERVER, NO_PERMISSION = -2, -5
WRONG_NUMBER, SAME_NUMBER = -100, -101


def make(asked: Asked) -> int:
    """Call the first person, then the second; return the call's id, which is the quick send of the first."""
    first, second = (number_of(asked[name], WRONG_NUMBER) for name in ("srcNumber", "dstNumber"))
    if first.e164 == second.e164:
        raise Refused(SAME_NUMBER, "Numbers_Same")
    account_id, now, policy = asked.account_id, asked.now, web().policy
    if not read(lambda: accounts.has_grant(account_id, permissions.SECURE_CALLS)):
        raise Refused(NO_PERMISSION, "SecureCall_NotAllowed")

    def work() -> int:
        names = regions.gateways_of(account_id, asked["serverId"])
        return secure_calls.start(account_id, first, second, asked["holdMessageId"], names, now, policy)

    return int(write(work))


METHODS = (
    Method(
        "MakeSecureCall", Scope.SENDS_WRITE, "campaign.change", make, bare,
        (Param("srcNumber", wrong=WRONG_NUMBER), Param("dstNumber", wrong=WRONG_NUMBER),
         Param("holdMessageId", whole, wrong=WRONG_MESSAGE), Param("serverId", whole, 0, WRONG_SERVER)),
        ((NoRegion, WRONG_SERVER), (NotFound, WRONG_MESSAGE)),
    ),
)  # fmt: skip
