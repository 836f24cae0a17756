"""Whether an answer names another place for the voice than the early media before it.  Pure.

FreeSWITCH 1.10.12 keeps to the SDP of the first 183: the message would go to the announcement's address, or in its codec,
and count as heard.  The answer's SDP is read when FreeSWITCH invites again (`commands.renegotiate`).
"""

from __future__ import annotations

import re

from engine.esl.events import Event

_ADDRESS = re.compile(r"^c=IN IP[46] ([^\s/]+)", re.M)
_AUDIO = re.compile(r"^m=audio ([0-9]{1,5})(?:/[0-9]+)? \S+((?: [0-9]{1,3})+)", re.M)
_MEDIA = re.compile(r"^m=", re.M)
_NOWHERE = re.compile(r"[0.:]+")  # on hold: no place to move to
LONGEST_SDP = 20_000


def has_moved(event: Event) -> bool:
    """Whether a CHANNEL_ANSWER says so; what cannot be read has not moved."""
    if event.get("Caller-Channel-Progress-Media-Time") in (None, "", "0"):
        return False
    used = tuple(event.variable(name) for name in ("remote_media_ip", "remote_media_port", "rtp_use_pt"))
    told = _read(event.variable("switch_r_sdp") or "")
    if told is None or not all(used):
        return False
    host, port, payloads = told
    return (
        _NOWHERE.fullmatch(host) is None
        and port != "0"
        and ((host, port) != used[:2] or used[2] not in payloads)
    )


def _read(sdp: str) -> tuple[str, str, list[str]] | None:
    """Address, port and payloads of the first audio."""
    sdp = sdp[:LONGEST_SDP]
    audio = _AUDIO.search(sdp)
    if audio is None:
        return None
    end = _MEDIA.search(sdp, audio.end())
    first = _MEDIA.search(sdp)
    assert first is not None
    address = _ADDRESS.search(sdp, audio.end(), end.start() if end else len(sdp)) or _ADDRESS.search(
        sdp, 0, first.start()
    )
    return (address[1], audio[1], audio[2].split()) if address else None
