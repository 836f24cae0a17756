"""What is made of words and digits reaches the telephone as it was made: texts, codes, notices; and key 11."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.sentences import sentence_of
from engine.services.campaigns import quick_sends
from engine.services.messages import otp_prompt, prompts
from engine.services.notices import notices
from engine.services.notices.notices import Words
from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.services.outbox import addresses, deliveries
from engine.services.sla import incidents
from engine.states import AccountState
from engine.store.tables.core import Account, Recipient, User
from engine.store.tables.support import Delivery
from engine.store.threads import read, write
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.runtime.lab import Lab
from tests.waits import wait_for


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


def heard_by(carrier: CarrierProcess, number: str) -> bytes:
    """The voice of the last call to a number."""
    return Path(carrier.wait_for_end(number, 30)["audio"]).read_bytes()


def sound_of(lab: Lab, prompt: str) -> bytes:
    return (lab.engine.settings.prompts_dir / f"{prompt}.PCMA").read_bytes()


def test_a_spoken_text_arrives_untouched(lab: Lab, carrier: CarrierProcess) -> None:
    made = lab.engine.speech.make("قبض شما دویست هزار ریال است", lab.engine.settings.prompts_dir)
    lab.message_id = write(
        lambda: prompts.add(Account.select().first().id, "bill", made.prompt, made.duration_ms, wall_ms())
    )
    campaign_id = lab.campaign(["09191000000"], gateways=["lab"])
    lab.finish(campaign_id)
    sound = sound_of(lab, made.prompt)
    assert heard_by(carrier, "989191000000").count(sound) == 1
    (attempt,) = lab.attempts(campaign_id)
    assert (attempt.heard_ms, attempt.disposition) == (made.duration_ms, "answered")


def test_a_code_is_spoken_once_it_is_asked_for(lab: Lab, carrier: CarrierProcess) -> None:
    prompt, length_ms = otp_prompt.prompt_for_code("482915", prompts_dir=lab.engine.settings.prompts_dir)
    number = numbers.normalise("09192000000")
    assert not isinstance(number, Reason)
    options = quick_sends.QuickOptions(priority=quick_sends.OTP_PRIORITY, gateways=("lab",))
    sent = write(
        lambda: quick_sends.send(
            Account.select().first().id,
            number,
            prompt,
            options,
            wall_ms(),
            lab.engine.policy,
            message_ms=length_ms,
        )
    )
    lab.engine.dialer.wake()
    wait_for(lambda: read(lambda: quick_sends.state_of(sent)).state == "delivered", "the code to be heard")
    assert heard_by(carrier, "989192000000").count(sound_of(lab, prompt)) == 1


def test_key_11_ends_the_calls_of_all_campaigns_to_that_number(lab: Lab, carrier: CarrierProcess) -> None:
    first = lab.campaign(["09193000011"], gateways=["lab"], optout=True)
    lab.finish(first)
    second = lab.campaign(["09193000011", "09194000000"], gateways=["lab"])
    lab.finish(second)
    assert lab.recipient(second, "+989193000011").state == "excluded"
    assert [call["number"] for call in carrier.arrived].count("989193000011") == 1


def test_a_published_notice_rings_the_customer_and_says_it(lab: Lab, carrier: CarrierProcess) -> None:
    def publish() -> None:
        admin = User.get(User.username == "admin")
        firm = Account.create(name="Shop", created_at=wall_ms(), state=AccountState.ACTIVE)
        for number in ("09195000000", "09196000001"):
            addresses.add(admin, int(firm.id), "voice", number, ["notices"], wall_ms())
        words = Words("تعمیرات", text_fa="فردا از ساعت ده تا یازده سامانه در دسترس نیست.")
        notices.publish(admin, notices.draft(admin, words, wall_ms()), wall_ms())

    write(publish)
    wait_for(lambda: _messages("989195000000").state == "sent", "the call to be heard")
    wait_for(
        lambda: str(sentence_of(_messages("989196000001").error)) == "the call ended: busy", "the busy one"
    )
    assert [row.address for row in read(deliveries.failures)] == ["+989196000001"]
    recipient = read(lambda: Recipient.get(Recipient.number == "+989195000000"))
    assert heard_by(carrier, "989195000000").count(sound_of(lab, recipient.prompt)) == 1


def test_staff_are_rung_when_the_service_is_down(lab: Lab, carrier: CarrierProcess) -> None:
    def begin() -> None:
        admin = User.get(User.username == "admin")
        addresses.add(admin, None, "voice", "09197000000", ["incidents"], wall_ms())
        incidents.enter(int(admin.id), wall_ms() - 60_000, None, "the carrier is down", wall_ms())

    write(begin)
    wait_for(lambda: _messages("989197000000") and _messages("989197000000").state == "sent", "the call", 40)
    row = _messages("989197000000")
    assert "منتشر" in row.text
    recipient = read(lambda: Recipient.get_by_id(row.recipient_id))
    assert heard_by(carrier, "989197000000").count(sound_of(lab, recipient.prompt)) == 1


def _messages(number: str) -> Delivery:
    return read(lambda: Delivery.get_or_none(Delivery.address == f"+{number}"))
