"""An account is opened online: registered, called, verified, reviewed, paid, and then it may send."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.accounts import account_states, accounts, audit_log, documents, people, permissions
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import campaigns, codes
from engine.services.campaigns.codes import Asker, Sent, TooSoon
from engine.services.compliance import caller_ids
from engine.services.compliance.policy import Policy
from engine.services.money import ledger, subscriptions
from engine.services.onboarding import identity, registration
from engine.services.onboarding.registration import Registered
from engine.store.tables.core import Campaign, Recipient, User
from engine.store.tables.customers import MobileCode
from engine.store.threads import read, write
from tests.money.world import World
from tests.policies import ANYTHING

PDF = b"%PDF-1.4 registration notice"


class Speaker:
    """Stands for the spoken prompt: remembers the codes."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def __call__(self, code: str, language: str) -> str:
        self.codes.append(code)
        return f"code-{len(self.codes)}"


def register(world: World, username: str = "owner", mobile: str = "۰۹۱۲۱۱۱۲۲۳۳") -> Registered:
    return write(lambda: registration.register("Sahar Co", "firm", mobile, username, "!none", world.now))


def send_code(
    account_id: int, now: int, speaker: Speaker, asker: Asker = Asker("net", True), policy: Policy = ANYTHING
) -> Sent:
    return registration.send_code(account_id, asker, now, speaker, write, policy)


def staff(world: World, role: str = "operator", name: str = "staff") -> int:
    return write(lambda: people.add_hashed(name, "!none", role, world.now))


def verified(world: World, username: str = "owner", mobile: str = "09121112233") -> Registered:
    made = register(world, username, mobile)
    speaker = Speaker()
    send_code(made.account_id, world.now, speaker)
    assert write(lambda: registration.verify_code(made.account_id, speaker.codes[0], world.now))
    return made


def submit(world: World, made: Registered, folder: Path) -> int:
    stored = documents.take(folder, made.account_id, io.BytesIO(PDF), "../../etc/روزنامه.pdf")
    return write(
        lambda: identity.submit(
            made.account_id, "firm", "شرکت سحر", "10380284790", [stored], made.person_id, world.now
        )
    )


def test_from_registration_to_sending(world: World, tmp_path: Path) -> None:
    made = register(world)
    account = made.account_id
    with pytest.raises(SendingRefused, match="mobile of the account has not been verified"):
        write(lambda: accounts.may_send(account, "service", world.now))
    speaker = Speaker()
    recipient_id = send_code(account, world.now, speaker).recipient_id
    call = read(lambda: Recipient.get_by_id(recipient_id))
    standing = read(lambda: Campaign.get_by_id(call.campaign_id))
    assert (call.number, call.prompt, standing.priority) == ("+989121112233", "code-1", 20)
    assert standing.account_id == read(lambda: accounts.house().id)
    assert write(lambda: registration.verify_code(account, " " + speaker.codes[0], world.now))

    with pytest.raises(SendingRefused, match="identity"):
        write(lambda: accounts.may_send(account, "service", world.now))
    review = submit(world, made, tmp_path)
    document = read(lambda: identity.documents_of(review))[0]
    assert document.name == "روزنامه.pdf"
    assert documents.file_of(tmp_path, document).read_bytes() == PDF
    admin = staff(world)
    write(lambda: identity.accept(review, admin, world.now))
    assert read(lambda: accounts.get(account).name) == "شرکت سحر"

    plan = write(lambda: subscriptions.add_plan(12, 600_000, admin, world.now))
    with pytest.raises(ledger.NoCredit):
        write(lambda: subscriptions.buy(account, plan, world.now))
    world.top_up(account, 1_000_000)
    write(lambda: subscriptions.buy(account, plan, world.now, made.person_id))
    row = read(lambda: accounts.get(account))
    assert (row.state, row.expires_at) == ("active", subscriptions.add_months(world.now, 12))
    assert world.balance(account) == 400_000
    campaign = world.campaign(account, mobiles=2)
    world.run_out(campaign)
    assert world.state(campaign) == "finished"
    world.clean()
    actions = [row.action for row in read(lambda: audit_log.entries(account))]
    assert actions == ["identity.accepted"]


def test_a_returned_identity_says_why_and_comes_again(world: World, tmp_path: Path) -> None:
    made, admin = verified(world), staff(world)
    review = submit(world, made, tmp_path)
    with pytest.raises(Conflict, match="submitted already"):
        submit(world, made, tmp_path)
    with pytest.raises(BadInput, match="why"):
        write(lambda: identity.return_(review, " ", admin, world.now))
    write(lambda: identity.return_(review, "the notice cannot be read", admin, world.now))
    assert read(lambda: identity.reviews(made.account_id))[0].reason == "the notice cannot be read"
    with pytest.raises(Conflict, match="decided already"):
        write(lambda: identity.accept(review, admin, world.now))
    again = submit(world, made, tmp_path)
    write(lambda: identity.accept(again, admin, world.now))
    assert read(lambda: accounts.get(made.account_id).state) == "identity_verified"


def test_what_is_proved_while_suspended_does_not_end_the_suspension(world: World, tmp_path: Path) -> None:
    admin, speaker = staff(world), Speaker()
    account = register(world).account_id
    send_code(account, world.now, speaker)
    write(lambda: account_states.suspend(account, "asked for by the police", admin, world.now))
    assert write(lambda: registration.verify_code(account, speaker.codes[0], world.now))
    assert read(lambda: accounts.get(account).state) == "suspended"
    write(lambda: account_states.unsuspend(account, admin, world.now))
    assert read(lambda: accounts.get(account).state) == "mobile_verified"

    review = submit(world, Registered(account, admin), tmp_path)
    write(lambda: account_states.suspend(account, "asked for by the police", admin, world.now))
    write(lambda: identity.accept(review, admin, world.now))
    row = read(lambda: accounts.get(account))
    assert (row.state, row.state_reason) == ("suspended", "asked for by the police")
    write(lambda: account_states.unsuspend(account, admin, world.now))
    assert read(lambda: accounts.get(account).state) == "identity_verified"


def test_codes_are_hashed_and_limited(world: World) -> None:
    account = register(world).account_id
    speaker = Speaker()
    send_code(account, world.now, speaker)
    row = read(lambda: MobileCode.get())
    assert speaker.codes[0] not in (row.code_hash, row.salt)
    with pytest.raises(TooSoon) as soon:
        send_code(account, world.now + 1_000, speaker)
    assert soon.value.wait_s == 59
    wrong = f"{(int(speaker.codes[0]) + 1) % 100_000:05d}"
    for _ in range(codes.MAX_WRONG):
        assert not write(lambda: registration.verify_code(account, wrong, world.now))
    with pytest.raises(BadInput, match="too often"):
        write(lambda: registration.verify_code(account, speaker.codes[0], world.now))
    with pytest.raises(BadInput, match="expired"):
        write(lambda: registration.verify_code(account, speaker.codes[-1], world.now + 10 * 60_000))


def test_an_old_code_ends_with_the_new_one(world: World) -> None:
    account = register(world).account_id
    speaker = Speaker()
    send_code(account, world.now, speaker)
    send_code(account, world.now + 61_000, speaker)
    if speaker.codes[0] != speaker.codes[1]:
        assert not write(lambda: registration.verify_code(account, speaker.codes[0], world.now + 62_000))
    assert write(lambda: registration.verify_code(account, speaker.codes[1], world.now + 62_000))
    with pytest.raises(BadInput):
        write(lambda: registration.verify_code(account, speaker.codes[1], world.now + 63_000))


def test_a_name_is_one_line_that_no_terminal_obeys(world: World) -> None:
    made = write(
        lambda: registration.register(
            " شرکت\r\nمی\u200cخواهم \x1b[31m\u202e=1 ",
            "firm",
            "09121112233",
            "owner",
            "!none",
            world.now,
        )
    )
    assert read(lambda: accounts.get(made.account_id).name) == "شرکت می\u200cخواهم [31m=1"
    for empty in ("\x1b\u202e", "\u200b a"):
        with pytest.raises(BadInput, match="2 to 200"):
            write(
                lambda name=empty: registration.register(
                    name, "firm", "09121112233", "other", "!none", world.now
                )
            )


@pytest.mark.parametrize("mobile", ["02188776655", "12", "+14155550100", "09421234567"])
def test_only_a_mobile_registers(world: World, mobile: str) -> None:
    with pytest.raises(BadInput):
        register(world, mobile=mobile)


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"MZ\x90\x00", "not a PDF"),
        (b"", "not a PDF"),
        (b"<html>", "not a PDF"),
        (b"%PDF-" + b"x" * 11_000_000, "larger"),
    ],
)
def test_documents_are_what_they_say(tmp_path: Path, head: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        documents.take(tmp_path, 1, io.BytesIO(head), "/etc/passwd")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_kinds_need_their_permission(world: World) -> None:
    account = world.account(10_000)
    admin = staff(world)
    write(lambda: caller_ids.confirm(account, "09421234567", admin, world.now))
    with pytest.raises(SendingRefused, match="advertising"):
        world.campaign(account, mobiles=1, kind="advertising", caller_id="09421234567")
    write(lambda: accounts.grant(account, ["advertising"], admin, world.now))
    world.run_out(world.campaign(account, mobiles=1, kind="advertising", caller_id="09421234567"))
    entries = read(lambda: audit_log.entries(account, person_id=admin))
    assert ("account.grant", True) in [
        (entry.action, "advertising" in (entry.after or "")) for entry in entries
    ]
    with pytest.raises(BadInput, match="none of"):
        write(lambda: accounts.grant(account, ["everything"], admin, world.now))


def test_every_query_goes_through_the_account(world: World, tmp_path: Path) -> None:
    """Owner and colleague see their own; an outsider is told that there is no such thing."""
    owner = verified(world)
    outsider = verified(world, "outsider", "09121112234")
    review = submit(world, owner, tmp_path)
    document = read(lambda: identity.documents_of(review))[0].id
    campaign = world.campaign(owner.account_id, mobiles=1, start=False)
    colleague = write(lambda: people.add_hashed("colleague", "!none", "member", world.now, owner.account_id))
    looks = [
        lambda account: identity.get(review, account),
        lambda account: documents.get(document, account),
        lambda account: campaigns.get(campaign, account),
        lambda account: people.get(colleague, account),
    ]
    for look in looks:
        assert read(lambda look=look: look(owner.account_id))
        with pytest.raises(NotFound):
            read(lambda look=look: look(outsider.account_id))
    assert read(lambda: identity.reviews(outsider.account_id)) == []
    rows = {row.username: row for row in read(lambda: list(User.select()))}
    assert permissions.may(rows["owner"], "money.pay", owner.account_id)
    assert not permissions.may(rows["colleague"], "money.pay", owner.account_id)
    assert permissions.may(rows["colleague"], "campaign.change", owner.account_id)
    assert permissions.may(rows["admin"], "money.adjust", owner.account_id)
    with pytest.raises(NotFound):
        permissions.require(rows["outsider"], "campaign.view", owner.account_id)
    with pytest.raises(NotAllowed):
        permissions.require(rows["colleague"], "identity.review", owner.account_id)
    assert permissions.scope(rows["owner"]) == owner.account_id
    assert permissions.scope(rows["admin"]) is None


def test_the_last_owner_stays(world: World) -> None:
    made = register(world)
    with pytest.raises(Conflict, match="last active owner"):
        write(lambda: people.change(made.person_id, None, world.now, is_active=False))
    write(lambda: people.add_hashed("second", "!none", "owner", world.now, made.account_id))
    write(lambda: people.change(made.person_id, None, world.now, role="member"))


def test_subscriptions_add_up_and_expire(world: World) -> None:
    account = world.account(1_000_000)
    before = read(lambda: accounts.get(account).expires_at)
    plan = write(lambda: subscriptions.add_plan(1, 1_000, None, world.now))
    write(lambda: subscriptions.buy(account, plan, world.now))
    until = read(lambda: accounts.get(account).expires_at)
    assert until == subscriptions.add_months(before, 1)
    assert write(lambda: account_states.expire_due(until - 1)) == []
    assert write(lambda: account_states.expire_due(until)) == [account]
    with pytest.raises(SendingRefused, match="renew"):
        write(lambda: accounts.may_send(account, "service", until))
    write(lambda: subscriptions.buy(account, plan, until + 5))
    row = read(lambda: accounts.get(account))
    assert (row.state, row.expires_at) == ("active", subscriptions.add_months(until + 5, 1))


def test_months_are_jalali() -> None:
    from datetime import datetime

    from engine.agreement.dates import jalali_parts, local_day
    from engine.clock import TEHRAN

    at = int(datetime(2025, 9, 22, 10, 30, tzinfo=TEHRAN).timestamp() * 1000)  # 31 Shahrivar 1404
    assert jalali_parts(local_day(subscriptions.add_months(at, 1) // 1000)) == (1404, 7, 30)
    assert jalali_parts(local_day(subscriptions.add_months(at, 6) // 1000)) == (1404, 12, 29)
    assert jalali_parts(local_day(subscriptions.add_months(at, 12) // 1000)) == (1405, 6, 31)
