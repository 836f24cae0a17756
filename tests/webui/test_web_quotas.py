"""What an account may keep and ask for in a day, and long tickets a page at a time."""

from __future__ import annotations

import io
import re

import pytest

from engine.clock import wall_ms
from engine.services.accounts import people, quotas
from engine.services.campaigns import campaigns
from engine.services.messages import library
from engine.services.money import payments, receipts
from engine.services.tickets import tickets, views
from engine.states import AccountState
from engine.store.tables.core import Account, User
from engine.store.tables.customers import Payment
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.conftest import Browser, Cast
from tests.webui.test_web_new_campaign import begin


def owner_of(account_id: int) -> User:
    found: User = read(lambda: User.get(User.account == account_id, User.role == "owner"))
    return found


def long_ticket(cast: Cast, count: int, words: str = "word") -> int:
    """A ticket of Sahar's with so many messages, most of them of staff (whom no quota holds)."""
    owner, now = owner_of(cast.sahar), wall_ms()
    staff = read(lambda: User.get(User.username == "operator"))

    def work() -> int:
        made = tickets.open_ticket(owner, cast.sahar, "support", "a long one", f"message 1 {words}", now)
        for n in range(2, count + 1):
            tickets.reply(staff, made, f"message {n} {words}", now + n)
        return made

    return write(work)


def seen(page: str) -> list[int]:
    return [int(n) for n in re.findall(r"message (\d+) ", page)]


def test_a_long_ticket_is_shown_a_page_at_a_time(owner: Browser, cast: Cast) -> None:
    path = f"/tickets/{long_ticket(cast, 120)}"
    all_seen, pages = [], 0
    while path:
        page = owner.get(path).text
        all_seen = seen(page) + all_seen
        found = re.search(r'href="(/tickets/\d+\?before=\d+)"', page)
        path, pages = (found[1] if found else ""), pages + 1
    assert pages == 3
    assert all_seen == list(range(1, 121))


def test_the_page_of_a_ticket_with_much_in_it_stays_small(owner: Browser, cast: Cast) -> None:
    path = f"/tickets/{long_ticket(cast, 200, 'word ' * 3_900)}"
    assert len(owner.get(path).data) < views.SHOWN_CHARACTERS + 50_000


def test_programs_page_too(cast: Cast) -> None:
    ticket_id, owner, now = long_ticket(cast, 60), owner_of(cast.sahar), wall_ms()
    newest = read(lambda: views.one(owner, ticket_id, now))
    assert len(newest.messages) == views.SHOWN
    assert newest.older == newest.messages[0].message.id
    rest = read(lambda: views.one(owner, ticket_id, now, newest.older))
    assert (len(rest.messages), rest.older) == (10, None)


def act(what: str, account_id: int, n: int) -> None:
    """One more of something for the account, inside a write."""
    now, owner = wall_ms(), User.get(User.account == account_id, User.role == "owner")
    if what == "MESSAGES":
        library.add(account_id, f"message {n}", f"prompt-{n}", 1_000, now)
    elif what == "DRAFTS":
        campaigns.create(account_id, campaigns.CampaignRules(name=f"draft {n}"), None, now, ANYTHING)
    elif what == "PEOPLE":
        people.invite(f"colleague-{n}", "member", owner, now, account_id)
    elif what == "TICKETS_A_DAY":
        tickets.open_ticket(owner, account_id, "support", f"ticket {n}", "words", now)
    else:
        first = tickets.open_ticket(owner, account_id, "support", "one", "words", now, key="one")
        tickets.reply(owner, first, f"writing {n}", now)


@pytest.mark.parametrize("what", ["MESSAGES", "DRAFTS", "PEOPLE", "TICKETS_A_DAY", "WRITINGS_A_DAY"])
@pytest.mark.parametrize("state", [AccountState.REGISTERED, AccountState.ACTIVE])
def test_an_account_has_so_many(
    app, cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str, state: str
) -> None:
    monkeypatch.setattr(quotas, what, quotas.Quota(7, 4))
    write(lambda: Account.update(state=state).where(Account.id == cast.other).execute())
    done, said = 0, ""
    while not said:
        try:
            write(lambda: act(what, cast.other, done))
        except quotas.QuotaUsed as refused:
            said = str(refused)
        else:
            done += 1
    most = 4 if state == AccountState.REGISTERED else 7
    assert str(most) in said
    # The owner is one of the people; the ticket that is written into begins with a writing.
    assert done == most - (what in ("PEOPLE", "WRITINGS_A_DAY"))


def test_texts_spoken_in_a_day(app, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "SPOKEN_A_DAY", quotas.Quota(2, 1))
    now = wall_ms()

    def spoken(at: int) -> None:
        quotas.check_spoken(cast.sahar, at)
        library.add(cast.sahar, "spoken", "s", 1_000, at, origin=library.SPOKEN, text="words")

    write(lambda: spoken(now - 2 * quotas.DAY_MS))
    write(lambda: spoken(now - 5))
    write(lambda: spoken(now - 4))
    with pytest.raises(quotas.QuotaUsed):
        write(lambda: spoken(now))
    write(lambda: spoken(now + quotas.DAY_MS))


def test_the_smaller_ones_are_smaller() -> None:
    for quota in (
        quotas.MESSAGES, quotas.SPOKEN_A_DAY, quotas.DRAFTS, quotas.PEOPLE, quotas.TICKETS_A_DAY, quotas.WRITINGS_A_DAY,
    ):  # fmt: skip
        assert 0 < quota.small * 5 <= quota.full


def test_campaigns_that_are_being_put_together(
    owner: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "UPLOADS", quotas.Quota(3, 1))
    for _ in range(3):
        assert begin(owner, cast.sahar).status_code == 302
    answer = begin(owner, cast.sahar)
    assert answer.status_code == 400
    assert "are being put together" in answer.text


def test_a_page_of_long_messages_has_fewer_and_all_pages_have_all(cast: Cast) -> None:
    ticket_id, owner, now = long_ticket(cast, 30, "word " * 3_990), owner_of(cast.sahar), wall_ms()
    found: list[int] = []
    before: int | None = None
    while True:
        page = read(lambda before=before: views.one(owner, ticket_id, now, before))
        assert 0 < sum(len(each.message.text) for each in page.messages) <= views.SHOWN_CHARACTERS
        found[:0] = [int(each.message.text.split()[1]) for each in page.messages]
        before = page.older
        if before is None:
            break
    assert found == list(range(1, 31))


def unconfirmed(cast: Cast) -> None:
    write(
        lambda: Account.update(state=AccountState.MOBILE_VERIFIED).where(Account.id == cast.sahar).execute()
    )


def test_payments_that_nobody_pays_do_not_fill_the_queue(owner: Browser, cast: Cast) -> None:
    """Each is asked about for an hour, a hundred at a time: one account's would hold up those of all others."""
    unconfirmed(cast)
    statuses = [
        owner.post("/balance/top-up", {"amount": "100000"}, page="/balance").status_code for _ in range(12)
    ]
    assert statuses == [200] * quotas.PAYMENTS.small + [400] * 2
    # Coming back without having paid makes no room.
    rows = read(lambda: payments.payments(cast.sahar))
    for row in rows:
        owner.get(f"/balance/callback?Authority={row.authority}&Status=NOK")
    assert owner.post("/balance/top-up", {"amount": "100000"}, page="/balance").status_code == 400
    an_hour_ago = wall_ms() - payments.GIVE_UP_MS
    write(lambda: Payment.update(created_at=an_hour_ago).execute())
    assert owner.post("/balance/top-up", {"amount": "100000"}, page="/balance").status_code == 200


def test_receipts_wait_a_few_at_a_time(owner: Browser, cast: Cast) -> None:
    unconfirmed(cast)

    def tell(number: int) -> int:
        form = {"amount": "500000", "reference": f"REF-{number:04d}"}
        return owner.post("/balance/receipt", form, page="/balance").status_code

    assert [tell(number) for number in range(7)] == [302] * quotas.RECEIPTS.small + [400] * 2
    staff = read(lambda: User.get(User.username == "admin"))
    waiting = read(lambda: payments.payments(cast.sahar, provider="receipt"))
    write(lambda: receipts.refuse(waiting[0].id, "not there", staff.id, wall_ms()))
    assert tell(8) == 302


def test_a_do_not_call_list_is_small_until_the_identity_is_confirmed(
    owner: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "SMALL_DO_NOT_CALL", 5)

    def bring(first: int, count: int) -> int:
        rows = "number\n" + "\n".join(f"0912000{first + n:04d}" for n in range(count))
        form = {"file": (io.BytesIO(rows.encode()), "a.csv"), "columns": "", "sheet": ""}
        return owner.post("/do-not-call/import", form, page="/do-not-call").status_code

    def add(number: int) -> int:
        return owner.post(
            "/do-not-call/add", {"number": f"0912000{number:04d}"}, page="/do-not-call"
        ).status_code

    unconfirmed(cast)
    assert bring(0, 6) == 400
    assert bring(0, 4) == 200
    assert (add(100), add(101), bring(200, 1)) == (302, 400, 400)
    write(lambda: Account.update(state=AccountState.ACTIVE).where(Account.id == cast.sahar).execute())
    assert (add(101), bring(200, 20)) == (302, 200)
