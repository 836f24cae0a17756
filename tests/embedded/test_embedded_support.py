"""The support line of the embedded switch beside what a real FreeSWITCH 1.10.12 said (transcripts/support)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from engine.esl.support_line import contact_of
from tests.embedded.conftest import Start
from tests.freeswitch.eventsocket import EventSocket

FOLDER = Path(__file__).parent / "transcripts" / "support"
# What comes at no fixed moment, or from the engine's commands.
LOOSE = {"members-count", "agent-state-get", "agent-contact-change", "agent-status-change", "agent-add"}


def kind(event: dict[str, Any]) -> str:
    """The event in a word or two."""
    return str(
        event.get("CC-Action")
        or event.get("Avanak-Step")
        or f"{event['Caller-Direction']} {event['Hangup-Cause']}"
    )


def recorded(name: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"{name}.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if kind(event) not in LOOSE]


def read_headers(events: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    """By kind: the names of the headers that the engine or mod_callcenter's own readers go by."""
    return {kind(event): {name for name in event if name[:3] in ("CC-", "Ava")} for event in events}


class Console:
    """What the engine does, by hand."""

    def __init__(self, port: int, password: str) -> None:
        self._line = EventSocket(port, password)
        self._line.subscribe("CUSTOM callcenter::info avanak::support")
        self._line.subscribe("CHANNEL_HANGUP_COMPLETE")
        self.seen: list[dict[str, Any]] = []

    def api(self, words: str) -> str:
        return self._line.api(words)

    def until(self, wanted: str, timeout_s: float = 10) -> dict[str, Any]:
        """Read on to an event of that kind."""
        while True:
            event = self._line.wait(timeout_s)
            if kind(event) not in LOOSE:
                self.seen.append(event)
            if kind(event) == wanted:
                return event

    def agent(self, extension: str, **figures: int) -> None:
        self.api(f"callcenter_config agent add {extension} Callback")
        self.api(f"callcenter_config tier add support@avanak {extension} 1 1")
        self.api(f"callcenter_config agent set contact {extension} {contact_of(extension, 5)}")
        for key, value in figures.items():
            self.api(f"callcenter_config agent set {key} {extension} {value}")
        self.api(f"callcenter_config agent set status {extension} 'Available'")

    def tell(self, uuid: str, values: str) -> None:
        """Answer a question of the dialplan."""
        self.api(f"uuid_setvar_multi {uuid} {values}")
        self.api(f"uuid_break {uuid}")

    def queued(self, words: str) -> str:
        """A caller in the queue; the channel."""
        self.api(f"avanak_simulate ring {words}")
        uuid = str(self.until("came")["Unique-ID"])
        self.tell(uuid, "avanak_support=open;avanak_language=fa")
        self.until("member-queue-start")
        return uuid


@pytest.fixture
def console(start: Start, tmp_path: Path) -> Console:
    switch = start(support_numbers="02191001234", book=tmp_path / "book", message_seconds=0.1)
    return Console(switch.address[1], switch.password)


def test_an_answered_call_gives_the_events_that_a_real_switch_gave(console: Console) -> None:
    truth = recorded("waits-answered-caller-leaves")
    console.agent("501")
    console.queued("09121110001")
    console.until("agent-state-change")
    console.until("bridge-agent-start")
    console.until("agent-state-change")
    assert "|In a queue call|" in console.api("callcenter_config agent list")
    console.api("avanak_simulate leave 09121110001")
    console.until("member-queue-end")
    console.until("agent-state-change")
    ends = {"outbound NORMAL_CLEARING", "inbound NORMAL_CLEARING"}
    assert [kind(one) for one in console.seen if kind(one) not in ends] == [
        kind(one) for one in truth if kind(one) not in ends
    ]
    ours, theirs = read_headers(console.seen), read_headers(truth)
    for name, headers in theirs.items():
        assert headers <= ours.get(name, headers), name


def test_a_busy_agent_is_offered_again_after_the_delay_and_the_caller_gives_up(console: Console) -> None:
    truth = recorded("agent-busy-then-no-answer-then-abandoned")
    console.api("avanak_simulate phone 501 busy")
    console.agent("501", busy_delay_time=600)
    console.queued("09121110011")
    failed = console.until("bridge-agent-fail")
    assert failed["CC-Hangup-Cause"] == "USER_BUSY"
    console.until("agent-state-change")
    console.api("avanak_simulate leave 09121110011")
    console.until("member-queue-end")
    names = [kind(one) for one in truth]
    offer = names.index(
        "agent-offering", names.index("agent-offering") + 1
    )  # the first is of a telephone that is away
    ours = [kind(one) for one in console.seen]
    assert ours[ours.index("agent-offering") :][:4] == names[offer : offer + 4]
    theirs = read_headers(truth)
    for name, headers in read_headers(console.seen).items():
        assert theirs.get(name, headers) <= headers, name


def test_a_key_of_the_offer_leaves_the_queue_as_on_a_real_switch(console: Console) -> None:
    truth = recorded("star-then-called-back")
    uuid = console.queued("09121110008")
    console.api(f"uuid_setvar_multi {uuid} cc_exit_keys=0123456789*")
    console.api(f"uuid_break {uuid}")
    console.api("avanak_simulate press 09121110008 *")
    left = console.until("member-queue-end")
    said = next(one for one in truth if kind(one) == "member-queue-end")
    assert [left[name] for name in ("CC-Cause", "CC-Cancel-Reason")] == [
        said[name] for name in ("CC-Cause", "CC-Cancel-Reason")
    ]
    assert console.until("keyed")["Avanak-Keyed"] == "*"
    console.tell(uuid, "avanak_check=ok;avanak_read_back=file_string:///x/read_back.wav!/x/confirm.wav")
    console.api("avanak_simulate press 09121110008 1")
    console.until("confirmed")
    console.tell(uuid, "avanak_registered=true")
    assert console.until("inbound NORMAL_CLEARING")["Unique-ID"] == uuid


def test_replies_are_worded_as_a_real_switch_words_them(console: Console) -> None:
    nobody = "11111111-1111-4111-8111-111111111111"
    assert console.api("callcenter_config agent list") == "+OK"
    assert console.api("callcenter_config agent get state 501") == "-ERR Agent not found!"
    console.agent("501")
    assert console.api("callcenter_config agent add 501 Callback") == "-ERR Agent already exist!"
    assert console.api("callcenter_config tier add support@avanak 501 1 1") == "-ERR Tier already exist!"
    assert console.api("callcenter_config agent set status 501 'Nonsense'") == "-ERR Invalid Agent Status!"
    assert console.api("callcenter_config tier list") == (
        "queue|agent|state|level|position\nsupport@avanak|501|Ready|1|1\n+OK"
    )
    assert console.api(f"uuid_break {nobody}") == "-ERR No such channel!"
    assert console.api(f"uuid_record {nobody} start /x.wav") == "-ERR Cannot locate session!"
    assert console.api(f"db select/avanak_call/{nobody}") == "-ERR no reply"
    assert console.api(f"db insert/avanak_call/{nobody}/true") == "+OK"
    assert console.api(f"db select/avanak_call/{nobody}") == "true"
    assert console.api("module_exists mod_callcenter") == "true"
