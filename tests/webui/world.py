"""One of everything, of Sahar's account, with a mark in each text that nobody else may read."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.agreement.months import Month
from engine.clock import wall_ms
from engine.config import Settings
from engine.services.accounts import access_tokens, documents
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import list_imports, list_shelf, quick_sends, references
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.campaigns.recipients import add_one
from engine.services.campaigns.uploads import Pending
from engine.services.compliance import cap_requests
from engine.services.lists import contact_lists
from engine.services.lists.contact_lists import NewContact
from engine.services.messages import library
from engine.services.money import receipts, subscriptions
from engine.services.notices import notices, special_wishes
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.onboarding import identity
from engine.services.outbox import addresses, deliveries
from engine.services.sla import claims, closing, exclusions, incidents, maintenance
from engine.services.support_line import agents, call_backs, call_recordings, calls, voice_prompts
from engine.services.tickets import clocks, remote_help, tickets
from engine.services.tickets.attachments import Attachments
from engine.services.tickets.department_rules import CLAIM, REMOTE, SPECIAL
from engine.services.trunks import switches
from engine.states import AccountState
from engine.store import threads
from engine.store.database import db
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import (
    Account,
    Attempt,
    Campaign,
    CampaignCounts,
    CampaignPulse,
    Recipient,
    User,
)
from engine.store.tables.customers import Payment
from engine.store.tables.money import LedgerTxn
from engine.store.tables.programs import OneTimeCode
from engine.store.tables.sla import MonitorSpan, UnknownTime
from engine.store.tables.support import Attachment, Delivery, TicketClock
from engine.store.tables.support_line import SupportCall
from engine.store.tables.webhooks import Webhook
from engine.store.threads import write
from tests.pictures import png
from tests.policies import ANYTHING
from tests.tickets.cast import verified_address

MARK = "zanbaq"  # stands in every text of Sahar's things
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PNG = png()
STAFF = ("admin", "operator", "quality", "agent", "finance")
RECORDED = "01a21aa9-6472-75a7-8c5b-175eafbc6600"  # the attempt that was recorded
SAMPLE = Path(__file__).resolve().parents[2] / "scripts/sample/message.wav"


@dataclass
class World:
    """Ids of what was made, under the names of the routes' parts."""

    ids: dict[str, Any] = field(default_factory=dict)

    def path(self, rule: str) -> str:
        """An address for a rule such as ``/tickets/<int:ticket_id>``."""
        for name, value in self.ids.items():
            for converter in ("int:", "", "any(pdf, csv):", "any(csv, xlsx):", "path:",
                              "any(start, pause, resume, stop):", "any(agree, finish, cancel):",
                              "any(shutout, letin):", "any(grant, refuse):", "any(hours, days):", "any(fa, en):"):  # fmt: skip
                rule = rule.replace(f"<{converter}{name}>", str(value))
        return rule


def make_world(folder: Path, cast: Any) -> World:
    """Fill the open database and the folder beside it."""
    settings, now = Settings(data_dir=folder), wall_ms()
    made = World({"account_id": cast.sahar, "campaign_id": cast.campaign})
    ids = made.ids
    (folder / "prompts").mkdir(exist_ok=True)
    shutil.copyfile(SAMPLE, folder / "prompts" / "hello.wav")
    who = write(lambda: _people(cast.sahar, now))
    owner, staff = who["owner"], who["operator"]
    ids["person_id"] = who["colleague"].id
    _money(ids, cast.sahar, owner, folder, now)
    _tickets(ids, cast.sahar, owner, staff, settings, now)
    _service(ids, cast.sahar, staff, now)
    _notices(ids, cast.sahar, who["admin"], now)
    write(lambda: _repeated(cast.campaign, cast.sahar, now))
    ids["attempt_id"] = write(lambda: _recorded(cast.campaign, now))
    (folder / "recordings").mkdir()
    shutil.copyfile(SAMPLE, folder / "recordings" / f"{RECORDED}.wav")
    ids["request_id"] = write(
        lambda: cap_requests.ask(cast.sahar, owner.id, cast.campaign, f"{MARK} needs more", now)
    )
    ids["quick_id"] = write(lambda: _quick_send(cast.sahar, now))
    write(lambda: _support_line(ids, cast.sahar, who["admin"], staff, folder / "recordings", now))
    ids["list_id"] = write(
        lambda: list_shelf.keep(Pending("none", owner.id, cast.sahar, now), MARK, f"{MARK} subscribers", now)
    )
    ids["import_id"] = write(
        lambda: list_imports.note(
            cast.campaign, Pending("none", owner.id, cast.sahar, now, f"{MARK}.csv"), now
        )
    )
    ids.update(
        message_id=write(lambda: library.add(cast.sahar, f"{MARK} hello", "hello", 5_000, now)).id,
        gateway_id=1, switch_id=write(lambda: switches.register("lab", "", True, now)),
        day=20_000, given="grant", token="none", ended_id=10**6, recipient_id=1, switch="lab", terms_id="2025", action="agree",
        how="shutout", prefix="98", kind="csv", filename="app.css", name="swagger-ui.css",
        month=Month.containing(now // 1000).key,
    )  # fmt: skip
    write(lambda: _web_service(ids, cast.sahar, now))
    from engine.services.sla import agreements

    ids["terms_id"] = threads.read(agreements.versions).terms[-1].id
    with db.connection_context():
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    threads.close_readers()
    return made


def _web_service(ids: dict[str, Any], account: int, now: int) -> None:
    """What programs make: a contact list, a quick send, a code."""
    number = normalise("09121112233")
    assert isinstance(number, NormalNumber)
    ids["contact_list_id"] = contact_lists.make(account, f"{MARK} parents", now)
    ids["contact_id"] = contact_lists.add(ids["contact_list_id"], [NewContact(number, MARK, {})])[0]
    campaign = quick_sends.standing_campaign(account, QuickOptions(), now, ANYTHING)
    ids["quick_send_id"] = add_one(campaign, number.e164, True, "hello")
    references.note(campaign, [(ids["quick_send_id"], MARK)])
    row = OneTimeCode.create(
        account_id=account, number=number.e164, salt="x", code_hash="x", created_at=now, expires_at=now + HOUR
    )
    ids["code_id"] = row.id


def _repeated(campaign_id: int, account_id: int, now: int) -> None:
    CampaignRepeat.create(
        campaign_id=campaign_id,
        account_id=account_id,
        person_id=1,
        every="week",
        next_at=now + 86_400_000,
        created_at=now,
    )


def _recorded(campaign_id: int, now: int) -> int:
    """A call that was recorded."""
    row = Recipient.get(Recipient.campaign_id == campaign_id)
    made = Attempt.create(
        uuid=RECORDED, recipient_id=row.id, campaign_id=campaign_id, switch_id=1, gateway_id=1, core_uuid="",
        state="ended", try_no=1, created_at=now, answered_at=now, ended_at=now, disposition="answered",
        record_ms=3000,
    )  # fmt: skip
    return int(made.id)


def _support_line(
    ids: dict[str, Any], account: int, admin: User, staff: User, recordings: Path, now: int
) -> None:
    """An agent, a recorded call of the account's, and a call-back that is due."""
    ids["what"], ids["language"], ids["clip"] = "days", "fa", "offer"
    sound = voice_prompts.clip_of(recordings.parent / "prompts", "fa", "offer").path
    sound.parent.mkdir(parents=True)
    shutil.copyfile(SAMPLE, sound)
    ids["agent_id"], _ = agents.add(admin, staff.id, "101", now)
    uuid = "01a22446-63cb-765f-9ed0-7b8557d7cf98"
    calls.came(uuid, 1, "", "989121112233", now)
    calls.joined(uuid, now)
    call = SupportCall.get()
    SupportCall.update(account_id=account, notes=f"{MARK} asks").where(SupportCall.id == call.id).execute()
    ids["call_id"] = call.id
    call_recordings.begun(uuid, now)
    sound = call_recordings.path_of(recordings, uuid)
    sound.parent.mkdir()
    shutil.copyfile(SAMPLE, sound)
    ids["call_back_id"] = call_backs.register(uuid, "+989121112233", now)


def _quick_send(account_id: int, now: int) -> int:
    """One number that was called quickly."""
    standing = Campaign.create(
        account=account_id, name="quick", state="running", standing_key="quick/test", created_at=now
    )
    CampaignCounts.create(campaign=standing)
    CampaignPulse.create(campaign=standing)
    return int(Recipient.create(campaign_id=standing.id, line=0, number="+989121112233", state="pending").id)


def _people(account_id: int, now: int) -> dict[str, User]:
    kept = User.get().password_hash
    for role in ("agent", "finance"):
        User.create(username=role, password_hash=kept, role=role, created_at=now, language="en")
    Account.update(created_at=now - 70 * DAY, name=f"Sahar {MARK}").where(Account.id == account_id).execute()
    MonitorSpan.create(monitor="test", from_at=now - 70 * DAY, until_at=now)
    return {row.username: row for row in User.select()}


def _money(ids: dict[str, Any], account: int, owner: User, folder: Path, now: int) -> None:
    def work() -> None:
        ids["plan_id"] = subscriptions.add_plan(3, 300_000, None, now)
        ids["subscription_id"] = subscriptions.buy(account, ids["plan_id"], now, owner.id)
        Account.update(state=AccountState.MOBILE_VERIFIED).where(Account.id == account).execute()
        stored = documents.take(folder / "documents", account, io.BytesIO(PNG), f"{MARK}.png")
        ids["review_id"] = identity.submit(
            account, "firm", f"Sahar {MARK}", "10380284790", [stored], owner.id, now
        )
        ids["document_id"] = identity.documents_of(ids["review_id"])[0].id
        Account.update(state=AccountState.ACTIVE).where(Account.id == account).execute()
        ids["payment_id"] = receipts.submit(account, 500_000, f"{MARK}-7788", now, person_id=owner.id)

    write(work)
    assert threads.read(lambda: Payment.select().count() and LedgerTxn.select().count())


def _tickets(
    ids: dict[str, Any], account: int, owner: User, staff: User, settings: Settings, now: int
) -> None:
    file = Attachments(settings).receive(io.BytesIO(b"a line\n"), f"{MARK}.txt")

    def work() -> None:
        ids["ticket_id"] = tickets.open_ticket(
            owner, account, REMOTE, f"{MARK} does not ring", f"{MARK} words", now, files=[file]
        )
        ids["attachment_id"] = Attachment.get().id
        tickets.reply(staff, ids["ticket_id"], f"{MARK} secret of the staff", now, internal=True)
        ids["remote_id"] = remote_help.propose(
            staff, ids["ticket_id"], "anydesk", now + DAY, now + DAY + HOUR, now
        )
        about = tickets.open_ticket(owner, account, CLAIM, f"{MARK} claim", f"{MARK} was down", now)
        wanted = claims.NewClaim(
            account, "outage", f"{MARK} was down", now - 3 * HOUR, now - 2 * HOUR, about, owner.id
        )
        ids["claim_id"] = claims.submit(wanted, now)

    write(work)

    def later() -> None:
        """A deadline that was missed, a special notice, a program's token."""
        asks = tickets.open_ticket(owner, account, SPECIAL, f"{MARK} crisis", f"{MARK} ring me", now - DAY)
        clocks.settle(now + 30 * DAY, asks)
        ids["clock_id"] = TicketClock.get(TicketClock.ticket_id == asks).id
        verified_address(owner, account, "email", f"{MARK}.special@example.com", ["tickets"], now)
        ids["wish_id"] = special_wishes.agree(owner, asks, "email", f"{MARK}.special@example.com", now)
        Account.update(permissions="web_service").where(Account.id == account).execute()
        ids["webhook_id"] = webhook_of(account, now)
        ids["token_id"] = access_tokens.make(owner, NewToken(f"{MARK} shop", tuple(Scope)), now).token_id

    write(later)


def webhook_of(account: int, now: int) -> int:
    """A hook of the account, made as the command line would: its address is never asked."""
    row = Webhook.create(
        account_id=account,
        url=f"https://{MARK}.example.com/",
        kinds="outage",
        secret="whsec_MDEy",
        created_at=now,
    )
    return int(row.id)


def _service(ids: dict[str, Any], account: int, staff: User, now: int) -> None:
    def work() -> None:
        ids["outage_id"] = incidents.enter(
            staff.id, now - 40 * DAY, now - 40 * DAY + 41 * MINUTE, f"{MARK} cable", now, account
        )
        ids["report_id"] = incidents.report(account, now - HOUR, "ticket", f"{MARK} is down", now)
        ids["exclusion_id"] = exclusions.add(
            staff.id,
            "customer_request",
            now - 40 * DAY,
            now - 40 * DAY + MINUTE,
            f"{MARK} asked",
            now,
            account,
        )
        ids["maintenance_id"] = maintenance.plan(
            staff.id, now + 5 * DAY, now + 5 * DAY + HOUR, maintenance.Text("تعمیر"), now
        )
        ids["unknown_id"] = UnknownTime.create(
            start_at=now - 35 * DAY, end_at=now - 35 * DAY + MINUTE, reason="the monitor was off"
        ).id

    write(work)
    month = Month.containing((now - 32 * DAY) // 1000)
    closing.close_month(month, closing.StatementPolicy(credits="all"), now, write, at_once=True)
    ids["number"] = f"{month.key}-{account}"


def _notices(ids: dict[str, Any], account: int, admin: User, now: int) -> None:
    def work() -> None:
        words = notices.Words(f"اطلاعیه {MARK}", f"Notice {MARK}")
        ids["address_id"] = addresses.add(admin, account, "email", f"{MARK}@example.com", ["notices"], now)
        ids["notice_id"] = notices.draft(admin, words, now, account_ids=[account])
        notices.publish(admin, ids["notice_id"], now)
        ids["delivery_id"] = Delivery.get().id

    write(work)
    assert threads.read(lambda: len(deliveries.of_notice(ids["notice_id"]))) == 1
