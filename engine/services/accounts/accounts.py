"""Accounts: opening and finding them, what staff set on them, and whether one may send.

Functions run inside a transaction.  What staff change is written to the audit log here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine import bounds
from engine.amounts import MAX_AMOUNT
from engine.errors import BadInput, NotAllowed, NotFound
from engine.fold import fold
from engine.sentences import Sentence, Word
from engine.services.accounts import audit_log, permissions
from engine.services.numbering.numbers import LineKind, NormalNumber, normalise
from engine.services.trunks import gateways
from engine.states import AccountState, MessageKind
from engine.store.database import is_sqlite
from engine.store.rows import row_of
from engine.store.sql import execute
from engine.store.tables.core import Account, User
from engine.text import one_line

log = logging.getLogger(__name__)

HOUSE_NAME = "Avanak"


class Refusal(StrEnum):
    """Why an account may not send.  The values are kept and exported: they never change."""

    MOBILE = "mobile_not_verified"
    IDENTITY = "identity_not_verified"
    UNPAID = "subscription_unpaid"
    SUSPENDED = "suspended"
    EXPIRED = "subscription_expired"
    KIND = "kind_not_granted"
    GRANT = "not_granted"

    def sentence(self, detail: str | Sentence = "") -> Sentence:
        """The sentence for people; `detail` is the kind of the message, the permission, or what staff wrote."""
        named = Word(detail) if isinstance(detail, str) and self == Refusal.KIND else detail
        return Sentence(_SENTENCES[self], detail=named or "—")


_SENTENCES: dict[Refusal, Sentence] = {
    Refusal.MOBILE: Sentence("The mobile of the account has not been verified yet."),
    Refusal.IDENTITY: Sentence("The identity of the account has not been accepted yet."),
    Refusal.UNPAID: Sentence("The subscription has not been paid yet."),
    Refusal.SUSPENDED: Sentence("The account is suspended: %(detail)s"),
    Refusal.EXPIRED: Sentence("The subscription has ended; renew it to send."),
    Refusal.KIND: Sentence("The account has no permission for %(detail)s messages."),
    Refusal.GRANT: Sentence("The account has no permission: %(detail)s."),
}
_OF_STATE = {
    AccountState.REGISTERED: Refusal.MOBILE,
    AccountState.MOBILE_VERIFIED: Refusal.IDENTITY,
    AccountState.IDENTITY_VERIFIED: Refusal.UNPAID,
    AccountState.SUSPENDED: Refusal.SUSPENDED,
    AccountState.EXPIRED: Refusal.EXPIRED,
}


class SendingRefused(NotAllowed):
    """The account may not send this; `refusal` and `detail` say why, the text is the English sentence."""

    def __init__(self, refusal: Refusal, detail: str | Sentence = "") -> None:
        super().__init__(refusal.sentence(detail))
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether an account may send; small enough to keep for a second."""

    state: str
    state_reason: str
    expires_at: int | None
    grants: frozenset[str]
    is_house: bool

    def refusal(self, kind: str, now: int) -> tuple[Refusal, str] | None:
        """Why a message of `kind` may not be sent at `now`, with its detail; None if it may."""
        if self.is_house:
            return None
        if self.state != AccountState.ACTIVE:
            return _OF_STATE[AccountState(self.state)], self.state_reason
        # The job that marks expired accounts runs now and then; the instant itself counts.
        if self.expires_at is not None and self.expires_at <= now:
            return Refusal.EXPIRED, ""
        if kind != MessageKind.SERVICE and kind not in self.grants:
            return Refusal.KIND, kind
        return None


def standing_of(row: Account) -> Standing:
    """The standing of an account row."""
    return Standing(
        row.state, row.state_reason, row.expires_at, frozenset(row.permissions.split()), row.is_house
    )


def may_send(account_id: int, kind: str, now: int) -> None:
    """Raise SendingRefused with the reason unless the account may send a message of `kind` now."""
    refused = standing_of(get(account_id)).refusal(kind, now)
    if refused is not None:
        raise SendingRefused(*refused)


def require_kind(account_id: int, kind: str) -> None:
    """Raise SendingRefused unless the account may send messages of `kind`, whatever its state is."""
    row = get(account_id)
    if not row.is_house and kind != MessageKind.SERVICE and kind not in row.permissions.split():
        raise SendingRefused(Refusal.KIND, kind)


def has_grant(account_id: int, grant: str) -> bool:
    """Whether staff granted a permission (`permissions.GRANTS`); the house account has all."""
    return is_granted(get(account_id), grant)


def is_granted(row: Account, grant: str) -> bool:
    """As `has_grant`, for an account's row."""
    return bool(row.is_house or grant in row.permissions.split())


def require_grant(account_id: int, grant: str) -> None:
    """Raise SendingRefused unless `has_grant`."""
    if not has_grant(account_id, grant):
        raise SendingRefused(Refusal.GRANT, permissions.GRANTS[grant])


def one_at_a_time(account_id: int) -> None:
    """Inside a transaction: others of the account that call this wait until it ends, and then see what it has made.

    For whatever counts what an account has before it adds to it: several web processes may do so at once.
    """
    if not is_sqlite():  # which has one writer; NO KEY: rows that name the account can be added meanwhile
        execute("SELECT id FROM account WHERE id = ? FOR NO KEY UPDATE", [account_id])


def get(account_id: int) -> Account:
    """An account; NotFound otherwise."""
    row = row_of(Account, id=account_id)
    if row is None:
        raise NotFound("There is no account %(id)s.", id=account_id)
    return row


def house() -> Account:
    """The operator's own account; NotFound before the first start."""
    row = Account.get_or_none(Account.is_house == True)  # noqa: E712 - SQL
    if row is None:
        raise NotFound("There is no house account yet; start the engine once.")
    return row


def ensure_house(now: int) -> None:
    """Make the operator's own account in an empty database: active, never charged."""
    if not Account.select().exists():
        Account.create(name=HOUSE_NAME, created_at=now, state=AccountState.ACTIVE, is_house=True)


def open_by_staff(
    name: str, expires_at: int | None, person_id: int | None, now: int, kind: str = "firm"
) -> int:
    """Staff open an account on papers that they hold; its id.  Audited.

    With `expires_at`, which only finance may give (NotAllowed), the account is active at once until then.
    Without it, the account can send once its subscription is paid.
    """
    name = one_line(name)
    if not 1 <= len(name) <= 200 or kind not in ("firm", "person"):
        raise BadInput("An account has a name of up to 200 characters and is a firm or a person.")
    if expires_at is not None:
        _require_terms(person_id)
        if expires_at <= now:
            raise BadInput("The subscription of a new account must end in the future.")
    state = AccountState.IDENTITY_VERIFIED if expires_at is None else AccountState.ACTIVE
    row = Account.create(name=name, kind=kind, created_at=now, state=state, expires_at=expires_at)
    audit_log.record(
        person_id,
        row.id,
        "account.open",
        f"account {row.id}",
        now,
        after={"name": row.name, "expires_at": expires_at},
    )
    return int(row.id)


def list_accounts(
    *,
    states: Sequence[str] = (),
    text: str = "",
    parent_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Account]:
    """Accounts for staff (or of a reseller, by `parent_id`), newest first."""
    query = Account.select().order_by(Account.id.desc()).limit(limit)
    if states:
        query = query.where(Account.state.in_(list(states)))
    if text.strip():
        wanted = fold(text)
        is_it = Account.search.contains(wanted)
        if wanted.isdigit():  # 0912…, +98 912 …, ۰۹۱۲…
            is_it |= Account.mobile.contains(wanted.removeprefix("98").removeprefix("0"))
        query = query.where(is_it)
    if parent_id is not None:
        query = query.where(Account.parent_id == parent_id)
    if before_id is not None:
        query = query.where(Account.id < before_id)
    return list(query)


def mobile_of(text: str) -> NormalNumber:
    """The mobile that somebody wrote; BadInput when it is none."""
    number = normalise(text)
    if not isinstance(number, NormalNumber):
        raise BadInput("The mobile cannot be used: %(why)s", why=number.sentence)
    if number.kind != LineKind.MOBILE:
        raise BadInput("This is not the number of a mobile.")
    return number


# -- what staff set ---------------------------------------------------------------------

# Column -> check of its value; what `change` may set.
_CHANGES: dict[str, Callable[[Any], bool]] = {
    "name": lambda v: isinstance(v, str) and 1 <= len(v) <= 200,
    "mobile": lambda v: isinstance(v, str) and v != "",
    "weight": lambda v: isinstance(v, int) and bounds.WEIGHT.hold(v),
    "max_cps": lambda v: v is None or bounds.CPS.hold(v),
    "max_channels": lambda v: v is None or (isinstance(v, int) and bounds.CHANNELS.hold(v)),
    "parent_id": lambda v: v is None or isinstance(v, int),
    "min_gap_s": lambda v: isinstance(v, int) and bounds.GAP_S.hold(v),
    "max_calls_a_day": lambda v: isinstance(v, int) and bounds.CALLS_A_DAY.hold(v),
    "caller_id": lambda v: isinstance(v, str) and (not v or re.fullmatch(r"[0-9]{3,15}", v) is not None),
    "gateways": lambda v: isinstance(v, str),
    "debt_ceiling": lambda v: type(v) is int and 0 <= v <= MAX_AMOUNT,
}
_TERMS = frozenset({"price_group_id", "debt_ceiling"})  # finance decides about them


def change(account_id: int, person_id: int | None, now: int, **values: Any) -> None:
    """Staff set name, mobile, weight, caps, gateways, reseller, caller id or debt ceiling; audited.

    Raises NotAllowed when somebody outside finance changes a credit or price setting.
    """
    row = get(account_id)
    if isinstance(values.get("name"), str):
        values["name"] = one_line(values["name"])
    if values.get("mobile"):
        values["mobile"] = mobile_of(values["mobile"]).e164
    for name, value in values.items():
        if name not in _CHANGES:
            raise BadInput(
                "%(name)s of an account cannot be set; it is one of %(known)s.",
                name=name,
                known=list(_CHANGES),
            )
        if not _CHANGES[name](value):
            raise BadInput("'%(value)s' cannot be the %(name)s of an account.", value=value, name=Word(name))
    if values.get("gateways"):
        values["gateways"] = " ".join(gateways.known(values["gateways"].split()))
    if values.get("parent_id") is not None:
        _check_reseller(account_id, values["parent_id"])
    write_audited(row, values, "account.change", person_id, now)


def _require_terms(person_id: int | None) -> None:
    """Raise NotAllowed unless the person may grant credit or free months; None is the command line, which may."""
    if person_id is not None:
        permissions.require(User.get_by_id(person_id), "account.terms")


def _check_reseller(account_id: int, parent_id: int) -> None:
    """Raise BadInput unless `parent_id` may be the reseller of the account: there are only two levels."""
    parent = Account.get_or_none(Account.id == parent_id)
    if parent is None:
        raise BadInput("There is no account %(id)s to be the reseller.", id=parent_id)
    if parent_id == account_id or parent.parent_id is not None:
        raise BadInput("A reseller is another account that has no reseller itself.")
    if list_accounts(parent_id=account_id, limit=1):
        raise BadInput("This account is a reseller itself: take its accounts from it first.")


def grant(account_id: int, grants: Sequence[str], person_id: int | None, now: int) -> None:
    """Staff set all permissions of an account (words of `permissions.GRANTS`); audited."""
    write_audited(
        get(account_id),
        {"permissions": permissions.parse_grants(list(grants))},
        "account.grant",
        person_id,
        now,
    )


def write_audited(row: Account, values: dict[str, Any], action: str, person_id: int | None, now: int) -> None:
    """Write what differs from `row`, and who did it, with before and after."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return
    if changed.keys() & _TERMS:
        _require_terms(person_id)
    before = {name: getattr(row, name) for name in changed}
    Account.update(**changed).where(Account.id == row.id).execute()
    audit_log.record(person_id, row.id, action, f"account {row.id}", now, before, changed)
