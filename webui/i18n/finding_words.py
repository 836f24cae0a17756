"""The auditor's findings in words, for the page of staff; the log has the details in English."""

from __future__ import annotations

from engine.sentences import Sentence

# by the kind of `engine.store.findings.Finding`
_WORDS: dict[str, Sentence] = {
    "seats": Sentence("Seats taken and calls in memory differed."),
    "run": Sentence("A campaign's live calls were counted wrong in memory."),
    "counts": Sentence("The stored counts differed from the recipients."),
    "live_without_attempt": Sentence("Recipients are in a call that does not exist."),
    "attempt_without_recipient": Sentence("Open calls belong to no recipient."),
    "not_final": Sentence("A finished campaign has recipients without a final state."),
    "attempt_unfollowed": Sentence("An open call was not tracked; the switch was asked about it."),
    "switch_unserved": Sentence("A switch is served by no engine; its calls were ended as lost."),
    "call_gone": Sentence("Calls had ended on the switch, but no event had reported it."),
    "channel_after_end": Sentence("Calls were still up after their end in the books; they were hung up."),
    "attempt_counts": Sentence("The stored counts differed from the calls."),
    "tries": Sentence("The tries of some recipients differ from their calls."),
    "money_unbalanced": Sentence("A booking's entries do not sum to zero."),
    "money_balance": Sentence("A stored balance differs from its entries."),
    "money_held": Sentence("The amount held for a campaign differs from its entries."),
    "money_short": Sentence("The amount held for a campaign does not cover its live calls."),
    "money_left_open": Sentence("A finished campaign still held money."),
    "money_price": Sentence("A call was not charged exactly once at its price."),
    "money_charge": Sentence("The amount of a booking differs from the price of its calls."),
}
_SUBJECTS: dict[str, Sentence] = {
    "campaign": Sentence("campaign %(name)s"),
    "switch": Sentence("switch %(name)s"),
    "gateway": Sentence("gateway %(name)s"),
    "account": Sentence("account %(name)s"),
    "booking": Sentence("booking %(name)s"),
    "attempt": Sentence("attempt %(name)s"),
}


def describe(kind: str) -> Sentence:
    """The description of a kind of finding; the kind itself if it has none."""
    return _WORDS.get(kind, Sentence(kind))


def subject(words: str) -> Sentence:
    """The subject of a finding: ``campaign 7``."""
    what, _, name = words.partition(" ")
    return Sentence(_SUBJECTS[what], name=name) if what in _SUBJECTS else Sentence(words)
