"""Commands to the switch, built by pure functions.

Each returns the bytes of exactly one frame, its empty line included, and raises
``BadCommand`` for a value that is not a digit string, an id or a word of the given list.
The syntax is in each docstring.  Sources: FreeSWITCH 1.10 mod_commands and
mod_event_socket; the replies are in tests/esl/transcripts.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.esl.checks import (
    MAX_ID,
    NAME,
    PASSWORD,
    BadCommand,
    check_gateway,
    check_host,
    check_int,
    check_text,
    check_uuid,
    check_word,
)

# The events that the engine needs; never ALL, because FreeSWITCH disconnects a listener that falls behind.
EVENTS = ("CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB", "HEARTBEAT")
EXTRA_EVENTS = frozenset(
    (
        "CHANNEL_CREATE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_HANGUP",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
        "DTMF",
    )
)
PROBE = "avanak_probe/avanak"  # extension/context of dialplan/avanak/05_probe.xml
FILTER_HEADERS = frozenset(("Unique-ID", "Job-UUID"))
# Causes of hang-ups that we order ourselves.
CAUSES = frozenset(("MANAGER_REQUEST", "NORMAL_CLEARING", "ALLOTTED_TIMEOUT", "ORIGINATOR_CANCEL"))


def auth(password: str) -> bytes:
    """``auth PASSWORD``; the error for a bad password does not repeat it."""
    if not isinstance(password, str) or not PASSWORD.fullmatch(password):
        raise BadCommand(
            "the event socket's password must be 1 to 128 visible ASCII characters without spaces"
        )
    return f"auth {password}\n\n".encode("ascii")


def leave() -> bytes:
    """``exit``: the switch says goodbye and closes.  (``linger`` is refused on such connections.)"""
    return b"exit\n\n"


def subscribe(extra: Iterable[str] = ()) -> bytes:
    """``event json NAMES``: the engine's events and some of ``EXTRA_EVENTS``."""
    names = [*EVENTS, *(check_word("event", name, EXTRA_EVENTS) for name in extra)]
    return ("event json " + " ".join(names) + "\n\n").encode("ascii")


def filter_events(header: str, uuid: str) -> bytes:
    """``filter HEADER UUID``: only events with this uuid; several filters add up."""
    check_word("filter header", header, FILTER_HEADERS)
    return f"filter {header} {check_uuid('filter', uuid)}\n\n".encode("ascii")


def hupall_campaign(campaign_id: int, cause: str = "MANAGER_REQUEST") -> bytes:
    """``api hupall CAUSE avanak_campaign N``: ends every call of a campaign, and no other."""
    return _hupall("avanak_campaign", check_int("campaign", campaign_id, 0, MAX_ID), cause)


def _hupall(variable: str, value: int, cause: str) -> bytes:
    return _api(f"hupall {check_word('cause', cause, CAUSES)} {variable} {value}")


def uuid_kill(uuid: str, cause: str = "MANAGER_REQUEST") -> bytes:
    """``api uuid_kill UUID CAUSE``."""
    return _api(f"uuid_kill {check_uuid('call', uuid)} {check_word('cause', cause, CAUSES)}")


def uuid_exists(uuid: str) -> bytes:
    """``api uuid_exists UUID``: «true» or «false»."""
    return _api(f"uuid_exists {check_uuid('call', uuid)}")


def renegotiate(uuid: str) -> bytes:
    """``api uuid_media_reneg UUID``: invites again with the same offer; the answer says where the voice goes."""
    return _api(f"uuid_media_reneg {check_uuid('call', uuid)}")


def bridge(first: str, second: str) -> bytes:
    """``api uuid_bridge FIRST SECOND``: two answered calls hear each other; each leaves its dialplan."""
    return _api(f"uuid_bridge {check_uuid('call', first)} {check_uuid('call', second)}")


def partner(uuid: str) -> bytes:
    """``api uuid_getvar UUID bridge_uuid``: the call that it is joined to; «_undef_» when to none."""
    return _api(f"uuid_getvar {check_uuid('call', uuid)} bridge_uuid")


def probe(uuid: str) -> bytes:
    """``bgapi originate {…}loopback/avanak_probe/avanak &hangup``: calls the dialplan's echo and nobody else.

    It ends when it was answered; the answer comes as BACKGROUND_JOB with this uuid.
    """
    check_uuid("probe", uuid)
    return (
        f"bgapi originate {{originate_timeout=5,ignore_early_media=true}}loopback/{PROBE} &hangup\n"
        f"Job-UUID: {uuid}\n\n"
    ).encode("ascii")


def host_lookup(host: str, uuid: str) -> bytes:
    """``bgapi host_lookup HOST``: the switch asks its own name server, and waits as long as that takes.

    The answer comes as BACKGROUND_JOB with this uuid: an address, or «!err!».
    """
    return f"bgapi host_lookup {check_host(host)}\nJob-UUID: {check_uuid('job', uuid)}\n\n".encode("ascii")


def show_channels() -> bytes:
    """``api show channels as json``: every live channel, about 1 KB each."""
    return _api("show channels as json")


def show_modules() -> bytes:
    """``api show modules as json``: what the loaded modules registered."""
    return _api("show modules as json")


def module_exists(name: str) -> bytes:
    """``api module_exists NAME``: «true» or «false»; some modules show in no list."""
    return _api(f"module_exists {check_text('module', name, NAME, 'a lower-case name')}")


def status() -> bytes:
    """``api status``: the switch's uptime and sessions, for people."""
    return _api("status")


def version() -> bytes:
    """``api version``."""
    return _api("version")


def clock() -> bytes:
    """``api strepoch``: the cheapest command, used to check that the switch answers."""
    return _api("strepoch")


def global_variable(name: str = "core_uuid") -> bytes:
    """``api global_getvar NAME``; ``core_uuid`` changes when the switch restarts."""
    return _api(f"global_getvar {check_text('global variable', name, NAME, 'a lower-case name')}")


def gateway_status(gateway: str) -> bytes:
    """``api sofia status gateway NAME``; «Invalid Gateway!» when there is none."""
    return _api(f"sofia status gateway {check_gateway(gateway)}")


def sofia_status() -> bytes:
    """``api sofia status``: profiles and gateways with their states, for people."""
    return _api("sofia status")


def session_rate() -> bytes:
    """``api fsctl sps``: the sessions a second that the switch permits (N admits N−1)."""
    return _api("fsctl sps")


def last_session_rate() -> bytes:
    """``api fsctl last_sps``: the sessions begun in the last full second."""
    return _api("fsctl last_sps")


def max_sessions() -> bytes:
    """``api fsctl max_sessions``: how many simultaneous calls the switch permits."""
    return _api("fsctl max_sessions")


def is_paused() -> bytes:
    """``api fsctl pause_check outbound``: ``true`` while an admin has paused outgoing calls."""
    return _api("fsctl pause_check outbound")


def _api(words: str) -> bytes:
    return f"api {words}\n\n".encode("ascii")
