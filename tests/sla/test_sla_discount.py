"""The discount is taken off the next month's subscription when that is paid, once, and stands on its invoice."""

from __future__ import annotations

from engine.services.money import ledger, payments, subscriptions
from engine.services.sla import credits
from engine.states import AccountState
from engine.store.tables.core import Account
from engine.store.tables.customers import Subscription
from engine.store.threads import read, write
from tests.sla.cast import AFTER, ALL, HOUR, PRICE, close, firm, outage, person, watched


def test_the_next_month_costs_less_by_the_discount_once(store) -> None:
    sahar, staff = firm("Sahar"), person()
    watched()
    write(lambda: Account.update(state=AccountState.ACTIVE).where(Account.id == sahar).execute())
    plan = write(lambda: subscriptions.add_plan(1, PRICE, staff, AFTER))
    outage(200, staff)  # more than 180 minutes: ten percent
    close(ALL)
    discount = -(-PRICE // 10)
    assert read(lambda: credits.open_discount(sahar)) == discount
    left = read(lambda: payments.amount_for(sahar, plan))
    assert left == PRICE - discount

    write(lambda: ledger.top_up(sahar, left, "payment/1", AFTER + HOUR))
    bought = write(lambda: subscriptions.buy(sahar, plan, AFTER + HOUR))
    row = read(lambda: Subscription.get_by_id(bought))
    assert read(lambda: credits.discount_of(row)) == discount
    assert read(lambda: ledger.money_of(sahar).available) == 0
    # The month after costs the whole price again, and closing once more gives nothing more.
    close(ALL, AFTER + 2 * HOUR)
    assert read(lambda: credits.open_discount(sahar)) == 0
    assert read(lambda: payments.amount_for(sahar, plan)) == PRICE
    earlier = read(
        lambda: (
            Subscription.select().where(Subscription.account_id == sahar).order_by(Subscription.id).first()
        )
    )
    assert read(lambda: credits.discount_of(earlier)) == 0
