#!/usr/bin/env python3
"""One test call through the engine's dialplan, with each of its events and the cause of its end.

It rings a real telephone.  Exit status 0 when it was answered, 1 when not, 2 bad input,
3 no switch reachable or no end of the call seen, 130 interrupted (the call is hung up).
"""

from __future__ import annotations

import argparse
import time
import uuid

import session

from engine.call_end import CallEnd
from engine.errors import SwitchUnavailable
from engine.esl import commands
from engine.esl.events import BackgroundJob, Event, read_event
from engine.esl.originate import OriginateTemplate
from engine.esl.protocol import EVENT_JSON, Frame

EVENTS = (
    "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER PLAYBACK_START PLAYBACK_STOP "
    "DTMF CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB"
)
DETAILS = ("Playback-File-Path", "DTMF-Digit", "Hangup-Cause", "variable_sip_term_status", "_body")
# After a job that failed, the end of its channel may still be on the way.
GRACE_S = 2.0
POLL_MS = 200


def arguments() -> argparse.Namespace:
    """The command line."""
    made = session.parser(__doc__.split("\n", 1)[0])
    made.add_argument("number", help="the number to ring, digits as the carrier wants them")
    made.add_argument("--gateway", required=True, help="the SIP trunk")
    made.add_argument("--message", required=True, help="name of the message that the dialplan plays")
    made.add_argument("--caller-id", help="digits shown to the callee")
    made.add_argument("--ring-timeout", type=int, default=30, metavar="S", help="default: 30")
    made.add_argument("--max-length", type=int, default=120, metavar="S", help="longest call (default: 120)")
    made.add_argument("--ptime-ms", type=int, choices=(20, 40, 60), help="PCMA in packets of this length")
    made.add_argument("--vote", metavar="KEYS", help="keys that count as a vote, for example 123")
    return made.parse_args()


def main() -> int:
    """Ring, print, and tell how it ended."""
    options = arguments()
    call = str(uuid.uuid4())
    template = OriginateTemplate(
        gateway=options.gateway,
        message=options.message,
        account_id=0,
        ring_timeout_s=options.ring_timeout,
        max_s=options.max_length,
        caller_id=options.caller_id,
        ptime_ms=options.ptime_ms,
        vote_keys=options.vote,
    )
    # The seconds since the epoch: no attempt of the engine's has such an id, and it is told apart in the call record.
    frame = template.render(call, int(time.time()), options.number)
    switch = session.connect(options)
    switch.subscribe(EVENTS)
    for header in ("Unique-ID", "Job-UUID"):
        switch.ask(commands.filter_events(header, call))
    print(f"call {call}: {switch.ask(frame).strip()}")
    try:
        ended = watch(switch, options.ring_timeout + options.max_length + 15)
    except KeyboardInterrupt:
        switch.ask(commands.uuid_kill(call))
        raise
    switch.close()
    return tell(ended)


def watch(switch: session.Session, longest_s: float) -> CallEnd | BackgroundJob:
    """Print the call's events until its end: that of the channel, or of the job if there was none."""
    began = time.monotonic()
    deadline = began + longest_s
    refused: BackgroundJob | None = None
    while time.monotonic() < deadline:
        text = switch.next_event(POLL_MS)
        if text is None:
            continue
        event = Event(Frame(EVENT_JSON, {}, text.encode()))
        details = " ".join(f"{name}={value.strip()}" for name in DETAILS if (value := event.get(name)))
        print(f"{time.monotonic() - began:7.3f} s  {event.name}  {details}", flush=True)
        reading = read_event(event)
        if isinstance(reading, CallEnd):
            return reading
        if isinstance(reading, BackgroundJob) and not reading.ok:
            refused = reading
            deadline = min(deadline, time.monotonic() + GRACE_S)
    if refused is None:
        raise SwitchUnavailable(f"no end of the call was seen within {longest_s:g} s; it may still be up")
    return refused


def tell(ended: CallEnd | BackgroundJob) -> int:
    """Print the result in words; 0 if somebody answered."""
    if isinstance(ended, BackgroundJob):
        print(f"not placed: the switch refused it, cause {ended.cause or ended.body or 'none given'}")
        return 1
    if ended.answered_at is None:
        print(f"not answered: cause {ended.cause}, SIP {ended.sip_status}")
        return 1
    vote = f", vote {ended.vote}" if ended.vote else ""
    fault = f", fault {ended.fault}" if ended.fault else ""
    print(f"answered: heard {ended.heard_ms / 1000:.1f} s, ended by {ended.cause}{vote}{fault}")
    return 0


if __name__ == "__main__":
    session.run(main)
