"""Prices: price groups, immutable versions, and quotes.

A call costs its started pulses times the price of a pulse, which differs for
landlines and mobiles.  A campaign keeps the version that it was started at; a
quick send that of the moment in which it was accepted.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.amounts import rials
from engine.errors import BadInput, Conflict, NotFound
from engine.sentences import Sentence, Word
from engine.services.accounts import accounts, audit_log
from engine.store.ledger import BALANCE, balance_of
from engine.store.rows import row_of
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.money import PriceGroup, PriceVersion
from engine.text import one_line

# What a new installation starts with, until finance sets its own prices.
DEFAULT_GROUP = "standard"
DEFAULT_LANDLINE, DEFAULT_MOBILE, DEFAULT_PULSE_S, DEFAULT_SYNTHESIS = 300, 450, 6, 200
MAX_PRICE = 10_000_000
MAX_PULSE_S = 600


@dataclass(frozen=True, slots=True)
class Price:
    """A version of a price list: whole Rials a pulse, pulses in ms, synthesis by started hundred characters.

    Text messages are paid by their parts.
    """

    id: int
    landline: int
    mobile: int
    pulse_ms: int
    synthesis: int
    text_part: int = 0

    def pulses(self, heard_ms: int) -> int:
        """Started pulses of a call that was heard so long; none for one that was not heard."""
        return -(-max(0, heard_ms) // self.pulse_ms)

    def of_call(self, heard_ms: int, is_mobile: bool) -> int:
        """Rials of a call."""
        return self.pulses(heard_ms) * (self.mobile if is_mobile else self.landline)

    def of_text(self, text: str) -> int:
        """Rials of a text's synthesis."""
        return -(-len(text) // 100) * self.synthesis

    @property
    def is_free(self) -> bool:
        return not (self.landline or self.mobile)


FREE = Price(0, 0, 0, 1_000, 0)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a sending would cost at most, if everybody heard all of it once; Rials.

    A text that follows the calls is sent to each mobile.
    """

    mobiles: int
    landlines: int
    message_ms: int
    pulses: int  # of one call
    mobile_call: int  # Rials of one
    landline_call: int
    text: int  # to one mobile
    total: int
    available: int  # what the account can spend now, its debt ceiling included
    is_enough: bool
    price: Price

    @property
    def calls(self) -> int:
        """Rials of the calls without the texts: what is reserved for them."""
        return self.mobiles * self.mobile_call + self.landlines * self.landline_call

    @property
    def texts(self) -> int:
        """Rials of the texts, if each mobile is sent the longest."""
        return self.mobiles * self.text

    @property
    def average_call(self) -> float:
        """Rials of one call that is heard to its end, without the text."""
        return self.calls / max(1, self.mobiles + self.landlines)


def quote(
    account_id: int, mobiles: int, landlines: int, message_ms: int, now: int, text_parts: int = 0
) -> Quote:
    """The price before sending; `text_parts` are those of the text that follows the calls."""
    price = price_of(account_id, now)
    mobile_call, landline_call = price.of_call(message_ms, True), price.of_call(message_ms, False)
    text = text_parts * price.text_part
    total = mobiles * (mobile_call + text) + landlines * landline_call
    spendable = available(account_id)
    return Quote(
        mobiles=mobiles,
        landlines=landlines,
        message_ms=message_ms,
        pulses=price.pulses(message_ms),
        mobile_call=mobile_call,
        landline_call=landline_call,
        text=text,
        total=total,
        available=spendable,
        is_enough=total == 0 or total <= spendable,
        price=price,
    )


def available(account_id: int) -> int:
    """Rials that the account can still reserve or spend: its balance and what it may owe."""
    row = row_of(Account, id=account_id)
    if row is None:
        raise NotFound("There is no account %(id)s.", id=account_id)
    return balance_of(account_id, BALANCE) + int(row.debt_ceiling)


def price_of(account_id: int, now: int) -> Price:
    """What the account pays at `now`; the house account pays nothing."""
    row = row_of(Account, id=account_id)
    if row is None:
        raise NotFound("There is no account %(id)s.", id=account_id)
    if row.is_house:
        return FREE
    return current(row.price_group_id or default_group_id(), now)


def current(group_id: int, now: int) -> Price:
    """A group's version that is valid at `now`."""
    found = execute(
        "SELECT id, landline, mobile, pulse_ms, synthesis, text_part FROM price WHERE group_id = ? AND from_at <= ?"
        " ORDER BY from_at DESC, id DESC LIMIT 1",
        [group_id, now],
    )
    if not found:
        raise NotFound("Price group %(id)s has no price yet.", id=group_id)
    return Price(*found[0])


def give_group(account_id: int, group_id: int | None, person_id: int | None, now: int) -> None:
    """Staff put an account into a price group (None: the default one); audited."""
    if group_id is not None and not is_priced(group_id, now):
        raise BadInput(
            "Price group %(group)s has no price that is valid now; give it one first.", group=group_id
        )
    row = accounts.get(account_id)
    accounts.write_audited(row, {"price_group_id": group_id}, "account.change", person_id, now)


def is_priced(group_id: int, now: int) -> bool:
    """Whether there is such a group, with a version that is valid at `now`."""
    rows = PriceVersion.select().where(PriceVersion.group_id == group_id, PriceVersion.from_at <= now)
    return bool(rows.exists())


def version(price_id: int) -> Price:
    """A version by its id; 0 is the house's."""
    if price_id == 0:
        return FREE
    row = row_of(PriceVersion, id=price_id)
    if row is None:
        raise NotFound("There is no price %(id)s.", id=price_id)
    return _price(row)


def _price(row: PriceVersion) -> Price:
    return Price(row.id, row.landline, row.mobile, row.pulse_ms, row.synthesis, row.text_part)


def default_group_id() -> int:
    row = row_of(PriceGroup, is_default=True)
    if row is None:
        raise NotFound("There is no default price group yet; start the engine once.")
    return int(row.id)


def ensure_default(now: int) -> None:
    """Make the default group with the prices of a new installation, if there is none."""
    if not PriceGroup.select().where(PriceGroup.is_default == True).exists():  # noqa: E712 - SQL
        group = PriceGroup.create(name=DEFAULT_GROUP, is_default=True, created_at=now)
        # Valid from the beginning: a clock that was set back must not leave a time without prices.
        PriceVersion.create(
            group_id=group.id,
            landline=DEFAULT_LANDLINE,
            mobile=DEFAULT_MOBILE,
            pulse_ms=DEFAULT_PULSE_S * 1000,
            synthesis=DEFAULT_SYNTHESIS,
            from_at=0,
        )


def groups() -> list[PriceGroup]:
    """All price groups, the default first."""
    return list(PriceGroup.select().order_by(PriceGroup.is_default.desc(), PriceGroup.name))


def add_group(name: str, person_id: int | None, now: int) -> int:
    """Make a price group; its id.  It needs a price (`set_price`) before accounts can be put on it."""
    name = one_line(name)
    if not 1 <= len(name) <= 100:
        raise BadInput("A price group has a name of up to 100 characters.")
    if PriceGroup.get_or_none(PriceGroup.name == name):
        raise Conflict("There is a price group '%(name)s' already.", name=name)
    row = PriceGroup.create(name=name, created_at=now)
    audit_log.record(person_id, None, "price_group.add", f"price group {row.id}", now, after={"name": name})
    return int(row.id)


def set_price(
    group_id: int,
    *,
    landline: int,
    mobile: int,
    pulse_s: int,
    synthesis: int,
    text_part: int = 0,
    person_id: int | None,
    now: int,
    from_at: int | None = None,
) -> int:
    """Give a group a new price from `from_at` (or now) on; the version's id.  Running campaigns keep theirs."""
    if PriceGroup.get_or_none(PriceGroup.id == group_id) is None:
        raise NotFound("There is no price group %(id)s.", id=group_id)
    values = {"landline": landline, "mobile": mobile, "synthesis": synthesis, "text_part": text_part}
    for name, value in values.items():
        price = Sentence("The %(which)s price is from %(least)s to %(most)s whole Rials.", which=Word(name))
        rials(value, price, least=0, most=MAX_PRICE)
    if type(pulse_s) is not int or not 1 <= pulse_s <= MAX_PULSE_S:
        raise BadInput("A pulse lasts from 1 to %(most)s seconds, not %(n)s.", most=MAX_PULSE_S, n=pulse_s)
    if from_at is not None and from_at < now:
        raise BadInput("A price cannot be changed for the past.")
    values["pulse_ms"] = pulse_s * 1000
    row = PriceVersion.create(
        group_id=group_id, from_at=now if from_at is None else from_at, person_id=person_id, **values
    )
    audit_log.record(person_id, None, "price.set", f"price group {group_id}", now, after=values)
    return int(row.id)
