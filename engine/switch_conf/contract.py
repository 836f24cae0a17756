"""The channel variables that engine and dialplan share, as a table for programs.

dialplan/README.md is the same table for people; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

ENGINE, DIALPLAN = "engine", "dialplan"


@dataclass(frozen=True, slots=True)
class Variable:
    """One `avanak_` variable.

    ``set_by`` is ``engine`` (in the originate string) or ``dialplan``; ``values`` a regular expression of
    what it may hold; ``result`` is true for what the engine reads back; ``used`` false for an engine's
    variable that the dialplan passes over (it marks the call for ``hupall`` and the record).
    """

    name: str
    set_by: str
    values: str
    result: bool = False
    used: bool = True


VARIABLES: tuple[Variable, ...] = (
    Variable("avanak_attempt", ENGINE, r"[1-9]\d{0,18}", used=False),
    Variable("avanak_campaign", ENGINE, r"\d{1,19}", used=False),
    Variable("avanak_account", ENGINE, r"\d{1,19}", used=False),
    Variable("avanak_message", ENGINE, r"[0-9a-z_-]{1,64}"),
    Variable("avanak_max_s", ENGINE, r"[1-9]\d{0,4}"),
    Variable("avanak_vote_keys", ENGINE, r"[0-9]{1,10}"),
    Variable("avanak_repeat_key", ENGINE, r"[0-9*#]"),
    Variable("avanak_optout", ENGINE, "11"),
    Variable("avanak_keys", ENGINE, "voice"),
    Variable("avanak_record", ENGINE, "true"),
    Variable("avanak_record_s", ENGINE, r"[1-9]\d{0,4}"),
    Variable("avanak_hold", ENGINE, "true"),
    Variable("avanak_heard_ms", DIALPLAN, r"\d{1,9}", result=True),
    Variable("avanak_finished", DIALPLAN, "true", result=True),
    Variable("avanak_vote", DIALPLAN, "[0-9]", result=True),
    Variable("avanak_opted_out", DIALPLAN, "true", result=True),
    Variable("avanak_fault", DIALPLAN, "prompt_missing|record_cut", result=True),
    Variable("avanak_record_path", DIALPLAN, r"/.+\.wav", result=True),
    Variable("avanak_plays", DIALPLAN, "x{1,4}", result=True),
    Variable("avanak_asked", DIALPLAN, "x{1,2}"),
    Variable("avanak_pressed", DIALPLAN, "[0-9*#]{1,2}"),
    Variable("avanak_pressed_invalid", DIALPLAN, "[0-9*#]{1,2}"),
    Variable("avanak_second", DIALPLAN, "1"),
    Variable("avanak_record_until", DIALPLAN, r"\d{10}"),
    # The support line: what the engine tells a call that came in, …
    Variable("avanak_opens", ENGINE, r"file_string://.+"),
    Variable("avanak_read_back", ENGINE, r"file_string://.+"),
    Variable("avanak_extension", ENGINE, r"[1-9]\d{2,5}"),
    Variable("avanak_department", ENGINE, "support|billing|technical|quality"),
    Variable("avanak_transfer", ENGINE, r"[1-9]\d{0,18}"),
    # … what it gives a call-back along, …
    Variable("avanak_caller_uuid", ENGINE, r"[0-9a-f-]{36}"),
    Variable("avanak_gateway", ENGINE, r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"),
    Variable("avanak_digits", ENGINE, r"\d{5,17}"),
    Variable("avanak_ring_s", ENGINE, r"[1-9]\d{0,2}"),
    # … and what the dialplan begins with and the engine may set as well.
    Variable("avanak_taken", DIALPLAN, r"[1-9]\d{0,18}"),
    Variable("avanak_language", DIALPLAN, "fa|en"),
    Variable("avanak_place", DIALPLAN, r"\d{10}"),
    Variable("avanak_support", DIALPLAN, "open|closed"),
    Variable("avanak_choice", DIALPLAN, "[12]"),
    Variable("avanak_kind", DIALPLAN, "message|complaint|suggestion"),
    Variable("avanak_from", DIALPLAN, r"\d{1,15}"),
    Variable("avanak_keyed", DIALPLAN, r"[0-9*]{1,16}"),
    Variable("avanak_rest", DIALPLAN, r"\d{1,15}"),
    Variable("avanak_tries", DIALPLAN, "x{1,3}"),
    Variable("avanak_check", DIALPLAN, "ok|invalid|abroad|premium|our_own"),
    Variable("avanak_message_s", DIALPLAN, r"[1-9]\d{1,2}"),
    Variable("avanak_records", ENGINE, "true"),
    Variable("avanak_announced", DIALPLAN, "true"),
    Variable("avanak_registered", DIALPLAN, "true"),
    Variable("avanak_step", DIALPLAN, "rung|talked", result=True),
)
BY_NAME = {one.name: one for one in VARIABLES}
