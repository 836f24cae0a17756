"""The synthetic call of the availability monitor on a real switch."""

import uuid

from engine.esl import commands
from tests.freeswitch.eventsocket import EventSocket


def test_a_probe_is_answered_by_the_echo_and_ends(line: EventSocket):
    job = str(uuid.uuid4())
    line.command(commands.probe(job).decode().rstrip("\n"))
    event = line.wait(10, **{"Event-Name": "BACKGROUND_JOB", "Job-UUID": job})
    assert event["_body"].startswith("+OK")
    ended = line.wait(10, **{"Event-Name": "CHANNEL_HANGUP_COMPLETE"})
    assert ended["Hangup-Cause"] == "NORMAL_CLEARING"
