"""Who is in an account is its owner's to say; which numbers may be rung at all is the staff's."""

from __future__ import annotations

import re

import pytest

from engine.services.accounts import people
from engine.services.compliance.traffic_caps import Destinations
from engine.store.tables.core import User
from engine.store.tables.customers import AuditEntry
from engine.store.threads import read

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person

PASSWORD = "a password of their own"


def invited(browser, username: str, role: str, where: str = "/people/invite") -> str:
    """Invite somebody; the path of the address that is shown."""
    answer = browser.post(where, {"username": username, "role": role})
    assert answer.status_code == 200, answer.text
    found = re.search(r'value="https?://[^/]+(/people/join/[^"]+)"', answer.text)
    assert found
    return found[1]


def test_an_owner_invites_a_colleague_who_chooses_a_password_once(owner, enter, anyone) -> None:
    path = invited(owner, "Newcomer", "member")
    row = read(lambda: User.get(User.username == "newcomer"))
    me = read(lambda: User.get(User.username == "owner"))
    assert (row.role, row.account_id) == ("member", me.account_id)
    assert "newcomer" in anyone.get(path).text
    short = anyone.post(path, {"password": "short", "again": "short"}, page=path)
    assert short.status_code == 400
    assert anyone.post(path, {"password": PASSWORD, "again": PASSWORD}, page=path).location == "/"
    assert people.password_fits(read(lambda: User.get_by_id(row.id).password_hash), PASSWORD)
    again = enter(None)
    assert again.get(path).status_code == 409  # it has been used
    other = {"password": PASSWORD + "2", "again": PASSWORD + "2"}
    assert again.post(path, other, page="/login").status_code == 409
    assert people.password_fits(read(lambda: User.get_by_id(row.id).password_hash), PASSWORD)


def test_an_invitation_that_was_made_up_or_changed_is_refused(owner, anyone) -> None:
    path = invited(owner, "newcomer", "member")
    assert anyone.get(path[:-4] + "AAAA").status_code == 409
    assert anyone.get("/people/join/none").status_code == 409


@pytest.mark.parametrize("role", ["operator", "administrator", "nobody"])
def test_an_owner_makes_no_staff(owner, role: str) -> None:
    assert owner.post("/people/invite", {"username": "newcomer", "role": role}).status_code == 400
    colleague = read(lambda: User.get(User.username == "colleague"))
    assert owner.post(f"/people/{colleague.id}/role", {"role": role}).status_code == 400
    assert read(lambda: User.get_by_id(colleague.id).role) == "member"
    assert read(lambda: User.get_or_none(User.username == "newcomer")) is None


def test_whoever_is_shut_out_is_out_at_once_and_the_last_owner_stays(owner, enter) -> None:
    colleague = enter("colleague")
    person_id = read(lambda: User.get(User.username == "colleague")).id
    assert colleague.get("/campaigns").status_code == 200
    assert owner.post(f"/people/{person_id}/shutout").status_code == 302
    assert colleague.get("/campaigns").location.startswith("/login")
    assert owner.post(f"/people/{person_id}/link").status_code == 409
    assert owner.post(f"/people/{person_id}/letin").status_code == 302
    assert enter("colleague").get("/campaigns").status_code == 200
    me = read(lambda: User.get(User.username == "owner"))
    refused = owner.post(f"/people/{me.id}/role", {"role": "member"})
    assert refused.status_code == 400
    assert "last active owner" in refused.text
    kept = read(lambda: [row.action for row in AuditEntry.select().where(AuditEntry.action ** "person.%")])
    assert kept == ["person.change", "person.change"]


def test_the_administrator_invites_staff_and_an_accounts_owner_and_it_is_in_the_audit_log(
    enter, cast
) -> None:
    admin = enter("admin")
    invited(admin, "nightshift", "agent")
    invited(admin, "second-owner", "owner", f"/people/invite?account={cast.sahar}")
    rows = read(lambda: {row.username: row for row in User.select()})
    assert (rows["nightshift"].role, rows["nightshift"].account_id) == ("agent", None)
    assert (rows["second-owner"].role, rows["second-owner"].account_id) == ("owner", cast.sahar)
    page = admin.get(f"/accounts/audit?account={cast.sahar}").text
    assert "Person added" in page
    assert "second-owner" in page


def test_members_and_agents_do_not_see_who_is_there(enter, world) -> None:
    for username in ("colleague", "agent"):
        assert enter(username).get("/people").status_code == 403
    assert enter("operator").get("/people").status_code == 200
    assert enter("operator").post("/people/invite", {"username": "x", "role": "agent"}).status_code == 403


def test_a_destination_is_closed_and_opened_by_country_and_prefix(operator, enter, world) -> None:
    def is_open(number: str) -> bool:
        found = Destinations()
        read(lambda: found.refresh(0))
        return found.is_open(number)

    assert is_open("+989121234567")
    assert not is_open("+97150123456")
    closed = {"country": "98", "prefix": "۹۱۲", "state": "closed", "note": "a test"}
    assert operator.post("/destinations/set", closed).status_code == 302
    assert (
        operator.post("/destinations/set", {"country": "971", "prefix": "50", "state": "open"}).status_code
        == 302
    )
    assert not is_open("+989121234567")
    assert is_open("+97150123456")
    page = operator.get("/destinations").text
    assert "United Arab Emirates" in page
    wrong = operator.post("/destinations/set", {"country": "98", "prefix": "x", "state": "open"})
    assert wrong.status_code == 400
    assert operator.post("/destinations/98912/remove").status_code == 302
    assert is_open("+989121234567")
    assert operator.post("/destinations/98912/remove").status_code == 404
    agent = enter("agent")
    assert agent.post("/destinations/set", closed).status_code == 403
    assert agent.get("/destinations").status_code == 200
    audited = read(
        lambda: [row.subject for row in AuditEntry.select() if row.action.startswith("destination.")]
    )
    assert audited == ["98912", "97150", "98912"]


def test_what_staff_do_to_a_customers_data_is_in_the_audit_log_and_what_customers_do_is_not(
    operator, owner, enter, world
) -> None:
    account, campaign = world.ids["account_id"], world.ids["campaign_id"]
    before = read(lambda: AuditEntry.select().count())
    assert owner.post("/do-not-call/add", {"number": "09123450000"}).status_code == 302
    assert read(lambda: AuditEntry.select().count()) == before
    where = f"?account={account}"
    assert operator.post(f"/do-not-call/add{where}", {"number": "09123450001"}).status_code == 302
    assert operator.post(f"/do-not-call/remove{where}", {"number": "09123450001"}).status_code == 302
    assert operator.post(f"/campaigns/{campaign}/start").status_code == 302
    assert operator.post(f"/campaigns/{campaign}/pause").status_code == 302
    assert owner.post(f"/campaigns/{campaign}/resume").status_code == 302
    page = enter("admin").get(f"/accounts/audit{where}").text
    for act in (
        "Number put on the do-not-call list",
        "Number removed from the do-not-call list",
        "Campaign started",
        "Campaign paused",
    ):
        assert act in page
    assert "Campaign resumed" not in page
