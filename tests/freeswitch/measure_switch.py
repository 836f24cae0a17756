"""By hand: what a call costs FreeSWITCH with this repository's dialplan, against plain `&playback(file)`.

    python -m tests.freeswitch.measure_switch BINARY [--calls 60] [--turns 3] [--seconds 10]

One switch, one carrier, one file; the two kinds of call in turns, so that both meet the same machine.  The
processor's time is that of the FreeSWITCH process between the first originate and the last hang-up of a turn, less
what it takes idle.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import click

from engine.esl.originate import OriginateTemplate
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.switch import Switch, running_carrier, running_switch

PACKETS_MS = (20, 40, 60)
RATE = 12  # calls a second
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """The processor's time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def plain(switch: Switch, packet_ms: int) -> Callable[[str, int], str]:
    """A call that plays the file and nothing else."""
    file = switch.prompts / "ten"
    return lambda call, place: (
        f"bgapi originate {{origination_uuid={call},originate_timeout=30,ignore_early_media=true,"
        f"absolute_codec_string=PCMA@8000h@{packet_ms}i}}sofia/gateway/lab/0912{place:03d}0000 &playback({file})"
    )


def ours(packet_ms: int) -> Callable[[str, int], str]:
    """A call as the engine places it."""
    template = OriginateTemplate("lab", "ten", 1, 1, caller_id="02191000000", ptime_ms=packet_ms)
    return lambda call, place: template.render(call, place + 1, f"98912{place:03d}0000").decode().strip()


def turn(switch: Switch, line: EventSocket, words: Callable[[str, int], str], calls: int) -> float:
    """ms of the processor a call of one turn."""
    pid = switch.process.pid
    before, idle_from = cpu_s(pid), time.monotonic()
    time.sleep(2)
    idle = (cpu_s(pid) - before) / (time.monotonic() - idle_from)
    began, began_s = cpu_s(pid), time.monotonic()
    for place in range(calls):
        time.sleep(max(0.0, began_s + place / RATE - time.monotonic()))
        reply = line.command(words(str(uuid.uuid4()), place))
        assert reply.startswith("+OK"), reply
    for _ in range(calls):
        end = line.wait(60, Event_Name="CHANNEL_HANGUP_COMPLETE")
        assert end["Hangup-Cause"] == "NORMAL_CLEARING", end["Hangup-Cause"]
    taken = cpu_s(pid) - began - idle * (time.monotonic() - began_s)
    return taken * 1000 / calls


@click.command()
@click.argument("binary")
@click.option("--calls", default=60, show_default=True)
@click.option("--turns", default=3, show_default=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--packets", default=",".join(map(str, PACKETS_MS)), show_default=True)
def main(binary: str, calls: int, turns: int, seconds: float, packets: str) -> None:
    """Print the medians and their ratio for each packet time."""
    folder = Path(tempfile.mkdtemp(prefix="avanak_switch_"))
    with running_carrier(folder / "carrier") as carrier:
        gateways = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}", ptime_ms=20),)
        limits = {"sessions_per_second": 500, "max_sessions": 3000}
        with running_switch(binary, folder / "switch", gateways, **limits) as switch:
            prompts.write_message(switch.prompts, "ten", prompts.sweep(seconds))
            line = switch.connect()
            line.subscribe("CHANNEL_HANGUP_COMPLETE")
            for packet_ms in (int(word) for word in packets.split(",")):
                found: dict[str, list[float]] = {"plain": [], "ours": []}
                for number in range(2 * turns):
                    kind = ("plain", "ours", "ours", "plain")[number % 4]
                    words = plain(switch, packet_ms) if kind == "plain" else ours(packet_ms)
                    found[kind].append(turn(switch, line, words, calls))
                medians = {kind: statistics.median(times) for kind, times in found.items()}
                each = " ".join(f"{kind} {[round(one, 1) for one in times]}" for kind, times in found.items())
                click.echo(
                    f"{packet_ms} ms: plain {medians['plain']:.1f} ms, ours {medians['ours']:.1f} ms,"
                    f" {medians['ours'] / medians['plain']:.3f}  ({each})"
                )


if __name__ == "__main__":
    sys.exit(main())
