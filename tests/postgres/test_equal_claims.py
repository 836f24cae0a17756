"""The same compensation asked for by two web processes at once is one claim."""

from __future__ import annotations

import pytest
from gevent.threadpool import ThreadPool

from engine.clock import wall_ms
from engine.errors import Conflict
from engine.services.accounts import accounts
from engine.services.onboarding import first_start
from engine.services.sla import incidents
from engine.services.tickets import compensation
from engine.store.database import db
from engine.store.tables.core import User
from engine.store.tables.sla import Claim, ClaimOutage
from engine.store.threads import read, write
from engine.store.writer import Writer, transaction

HOUR = 3_600_000
ROUNDS = 15


@pytest.mark.parametrize("is_same_form", [True, False], ids=["one form sent twice", "two forms"])
@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_equal_claims_at_once_are_one(store: Writer, is_same_form: bool) -> None:
    now = wall_ms()
    write(lambda: first_start.ensure_first(now, "a password for tests"))
    staff = read(lambda: User.get())
    account = write(lambda: accounts.open_by_staff("Sahar", now + 9 * HOUR, None, now))
    kept = staff.password_hash
    owner = write(
        lambda: User.create(
            username="sahar", password_hash=kept, role="owner", account=account, created_at=now
        )
    )
    for each in range(ROUNDS):
        start_at = now - (2 * each + 2) * HOUR
        write(
            lambda at=start_at: incidents.enter(
                staff.id, at, at + HOUR // 2, "the cable was cut", now, account
            )
        )

    def ask(form: str) -> list[str]:
        """Claim each outage, as a web process with a connection of its own; what each came to."""
        found = []
        db.connect(reuse_if_open=True)
        try:
            for each in range(ROUNDS):
                from_at = now - (2 * each + 2) * HOUR
                wanted = compensation.Wanted(
                    account,
                    "outage",
                    "It was down",
                    "nothing rang",
                    from_at,
                    from_at + HOUR // 4,
                    f"{form}{each}",
                )
                try:
                    with transaction():
                        found.append(str(compensation.claim(owner, wanted, now)))
                except Conflict as error:
                    found.append(str(error))
        finally:
            db.close()
        return found

    pool = ThreadPool(2)
    forms = ("a", "a" if is_same_form else "b")
    one, other = (asked.get() for asked in [pool.spawn(ask, form) for form in forms])
    assert read(lambda: Claim.select().count()) == ROUNDS
    assert read(lambda: ClaimOutage.select().count()) == ROUNDS
    for first, second in zip(one, other, strict=True):
        if is_same_form:
            assert first == second
        else:
            claim_id = min(first, second, key=len)
            assert {first, second} == {claim_id, f"This outage was claimed before, claim {claim_id}."}
