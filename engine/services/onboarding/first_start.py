"""What a new installation starts with: the house account, a price list, an administrator."""

from __future__ import annotations

import secrets

from engine.services.accounts import accounts, people
from engine.services.money import pricing
from engine.store import database
from engine.store.tables.core import User

FIRST_ADMIN = "admin"
TURN = 823403  # any number, as long as all engines agree on it


def ensure_first(now: int, password: str = "") -> str | None:
    """Make the house account, the price list and `admin`, where missing; the password if it was made up here.

    Inside a transaction; of several engines that start at once, the first does it.
    """
    database.take_turns(TURN)
    accounts.ensure_house(now)
    pricing.ensure_default(now)
    if User.select().exists():
        return None
    made = password or secrets.token_urlsafe(12)
    people.add_hashed(FIRST_ADMIN, people.hash_of(made, is_first=True), "administrator", now)
    return None if password else made
