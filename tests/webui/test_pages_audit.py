"""The audit log in Persian: what services note is in words, what people wrote stays as it is."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.accounts import documents
from engine.services.campaigns import approvals
from engine.services.compliance import traffic_caps
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.sla import authorisation
from engine.states import MessageState
from engine.store.tables.core import Message, User
from engine.store.tables.customers import AuditEntry
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.webui.world import MARK
from webui.i18n import audit_words

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person

ROOT = Path(__file__).resolve().parents[2]
CELL = re.compile(r'<td class="pre" dir="auto">(.*?)</td>', re.DOTALL)
WRITTEN = re.compile(rf"Other|(Sahar ?)?{MARK}[ a-z.]*|Sahar|operator|[a-z_]+:(read|write)|hoo…")


def test_every_act_and_subject_that_is_noted_has_words() -> None:
    """What is written with its name in the call; names that are put together are walked over below."""
    missing, seen = set(), 0
    for path in (one for room in ("engine", "webui") for one in (ROOT / room).rglob("*.py")):
        for call in (
            node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
        ):
            if ast.unparse(call.func) != "audit_log.record" or len(call.args) < 4:
                continue
            seen += 1
            _who, _account, act, subject = call.args[:4]
            if isinstance(act, ast.Constant) and act.value not in audit_words.ACTS:
                missing.add(act.value)
            if isinstance(subject, ast.JoinedStr) and isinstance(begin := subject.values[0], ast.Constant):
                kind = str(begin.value).rstrip().removesuffix(" of")
                if kind not in audit_words.SUBJECTS:
                    missing.add(kind)
    assert seen > 40
    assert missing == set()


def test_the_audit_log_has_no_english_on_a_persian_page(enter, operator, quality, world) -> None:
    account, message = world.ids["account_id"], world.ids["message_id"]
    number = normalise("09121234567")
    assert isinstance(number, NormalNumber)
    now, staff = wall_ms(), read(lambda: User.get(User.username == "operator").id)
    write(lambda: Message.update(state=MessageState.WAITING).where(Message.id == message).execute())
    write(lambda: approvals.ask_by_phone(message, number, staff, now, ANYTHING))
    quality.post(f"/messages/approval/{message}/reject", {"reason": "نام شرکت گفته نشده"})
    operator.post(f"/accounts/{account}/grants", {"grants": ["own_voice", "any_hour", "advertising"]})
    operator.post(f"/accounts/{account}/suspend", {"reason": "بدهی"})
    write(lambda: traffic_caps.set_destination("49", True, "", now, staff))
    write(lambda: traffic_caps.set_destination("49", False, "", now, staff))
    admin = enter("admin")
    admin.post(
        "/calendar",
        {"action": "add", "day": "1405/09/10", "name_fa": "تعطیل", "name_en": "x", "reason": "دولت"},
    )
    told = {"verdict": "approved", "amount": 5_000, "way": "account_credit", "reason": "درست است"}
    write(lambda: authorisation.note(staff, "claim_voted", "claim 1", now, after=told))
    write(
        lambda: authorisation.note(
            staff, "report_answered", "report 1", now, after={"state": "dismissed", "outage": None}
        )
    )
    span = {"start_at": now, "end_at": None, "is_void": True}
    write(
        lambda: authorisation.note(
            staff, "outage_corrected", "outage 1", now, before=span, after={**span, "is_void": False}
        )
    )
    noted = read(lambda: {row.action for row in AuditEntry.select()})
    assert {
        "message.by_phone",
        "message.rejected",
        "account.grant",
        "destination.set",
        "calendar.edit",
    } <= noted
    admin.post("/language", {"language": "fa"})
    page = admin.get("/accounts/audit").text
    cells = [text for text in CELL.findall(page) if text]
    assert len(cells) > 15
    said = re.compile("[A-Za-z]{2,}")
    english = [WRITTEN.sub("", re.sub("<[^>]*>", "", text)) for text in cells]
    assert [text for text in english if said.search(text)] == []
    for words in (
        "وضعیت: در انتظار تأیید تلفنی",
        "مجوزها: پیام تبلیغاتی، صدای خود بدون تأیید",
        "باز: خیر",
        "رأی: تأییدشده",
        "قطعی نبوده: بله",
    ):
        assert words in page, words


def test_what_staff_take_of_a_customers_data_is_noted(enter, owner, operator, world) -> None:
    campaign, document = world.ids["campaign_id"], world.ids["document_id"]
    taken = [f"/campaigns/{campaign}/result.csv", f"/documents/{document}"]
    for browser in (owner, operator):
        before = read(lambda: AuditEntry.select().count())
        for path in taken:
            assert browser.get(path).status_code == 200, path
        noted = read(lambda before=before: list(AuditEntry.select().order_by(AuditEntry.id).offset(before)))
        wanted = [] if browser is owner else ["campaign.download", "document.view"]
        assert [row.action for row in noted] == wanted
    assert operator.get(f"/do-not-call/export.csv?account={world.ids['account_id']}").status_code == 200
    newest = read(lambda: AuditEntry.select().order_by(AuditEntry.id.desc()).get())
    assert (newest.action, newest.account_id) == ("do_not_call.download", world.ids["account_id"])


def test_a_document_is_for_those_who_review_what_it_belongs_to(
    enter, operator, owner, world, settings
) -> None:
    account, paper = world.ids["account_id"], world.ids["document_id"]
    stored = documents.take(
        settings.data_dir / "documents", account, io.BytesIO(b"%PDF-1.7 receipt"), "receipt.pdf"
    )
    receipt = write(lambda: documents.note(account, stored, 1))
    finance = enter("finance")

    def statuses(document: int) -> list[int]:
        return [who.get(f"/documents/{document}").status_code for who in (operator, finance, owner)]

    assert statuses(paper) == [200, 404, 200]
    assert statuses(receipt) == [404, 200, 200]
