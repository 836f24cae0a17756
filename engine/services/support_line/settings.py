"""Settings of the support line that staff change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.accounts import audit_log
from engine.services.accounts.permissions import Actor, require
from engine.store.tables.support_line import SupportSetting


@dataclass(frozen=True, slots=True)
class LineSettings:
    """What staff may change; whole numbers, seconds where the name ends in `_s`."""

    offer_after_s: int = 80  # in the queue, then a call-back is offered (agreement, section 4)
    offer_again_s: int = 60  # after an offer that was not taken
    announce_every_s: int = 45  # place and expected wait
    ring_agent_s: int = 20  # an agent's telephone
    ring_caller_s: int = 35  # a caller's telephone, in a call-back
    call_back_tries: int = 3  # in which the caller's telephone was rung
    call_back_pause_s: int = 600  # between two of them
    call_back_again_s: int = 60  # after a try in which no agent answered
    call_backs_a_day: int = 10  # in 24 hours to one number
    call_backs_in_vain_a_day: int = 3  # in 24 hours to one number in which nobody pressed 1
    call_backs_to_others_a_day: int = 3  # to one number, and of one caller, where these are not the same
    max_no_answer: int = 3  # then the agent is paused
    message_s: int = 120  # longest spoken message
    record_calls: int = 1  # 1: answered calls are recorded, with an announcement; 0: not
    recording_days: int = 90


BOUNDS: dict[str, tuple[int, int]] = {
    "offer_after_s": (5, 1800),
    "offer_again_s": (10, 1800),
    "announce_every_s": (15, 600),
    "ring_agent_s": (5, 60),
    "ring_caller_s": (10, 60),
    "call_back_tries": (1, 10),
    "call_back_pause_s": (30, 86_400),
    "call_back_again_s": (10, 3600),
    "call_backs_a_day": (1, 100),
    "call_backs_in_vain_a_day": (1, 100),
    "call_backs_to_others_a_day": (0, 100),
    "max_no_answer": (1, 20),
    "message_s": (10, 600),
    "record_calls": (0, 1),
    "recording_days": (1, 3650),
}
TITLES: dict[str, Sentence] = {
    "offer_after_s": Sentence("seconds in the queue until a call-back is offered"),
    "offer_again_s": Sentence("seconds until the offer is repeated"),
    "announce_every_s": Sentence("seconds between two announcements of place and wait"),
    "ring_agent_s": Sentence("seconds that an agent's telephone rings"),
    "ring_caller_s": Sentence("seconds that a caller's telephone rings in a call-back"),
    "call_back_tries": Sentence("tries of a call-back"),
    "call_back_pause_s": Sentence("seconds between two tries of a call-back"),
    "call_back_again_s": Sentence("seconds until a call-back that no agent answered is tried again"),
    "call_backs_a_day": Sentence("call-backs to one number in 24 hours"),
    "call_backs_in_vain_a_day": Sentence("call-backs to one number in 24 hours that nobody took"),
    "call_backs_to_others_a_day": Sentence(
        "call-backs in 24 hours to one number that others asked for, and of one caller for other numbers"
    ),
    "max_no_answer": Sentence("calls that an agent leaves unanswered until they are paused"),
    "message_s": Sentence("longest spoken message in seconds"),
    "record_calls": Sentence("answered calls are recorded, and it is said so"),
    "recording_days": Sentence("days for which recordings are kept"),
}


def current() -> LineSettings:
    """The settings as they are now; those that nobody changed have their default."""
    known = {field.name for field in fields(LineSettings)}
    rows = {row.name: int(row.value) for row in SupportSetting.select() if row.name in known}
    return replace(LineSettings(), **rows)


def change(person: Actor, values: dict[str, int], now: int) -> LineSettings:
    """Change some of them; BadInput names one that does not exist or lies outside its bounds."""
    require(person, "line.manage")
    before = current()
    for name, value in values.items():
        if name not in BOUNDS:
            raise BadInput("The support line has no setting '%(name)s'.", name=name)
        least, most = BOUNDS[name]
        if not least <= value <= most:
            raise BadInput("%(name)s: from %(least)s to %(most)s.", name=TITLES[name], least=least, most=most)
    for name, value in values.items():
        if getattr(before, name) == value:
            continue
        SupportSetting.insert(name=name, value=str(value), changed_at=now, changed_by=person.id).on_conflict(
            conflict_target=[SupportSetting.name],
            update={
                SupportSetting.value: str(value),
                SupportSetting.changed_at: now,
                SupportSetting.changed_by: person.id,
            },
        ).execute()
        audit_log.record(
            person.id, None, "support_line_setting", name, now, str(getattr(before, name)), str(value)
        )
    return current()
