"""By hand: the support line's figures on a real FreeSWITCH.

    python -m tests.freeswitch.support.measure BINARY reach [TURNS]
    python -m tests.freeswitch.support.measure BINARY waiting [TURNS] [options of `bench dial`]

`reach`: from the confirmed key to the row, and from an agent who is free to the first rings of a call-back.
`waiting`: `bench dial` on one switch in turns without and with a hundred callers in its queue (SIPp).
"""

import engine.patch  # noqa: F401, I001 - patches for gevent, before anything else is imported

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import click

from engine.clock import wall_ms
from engine.services.support_line import agents, hours
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack
from engine.store.threads import read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.measure_switch import cpu_s
from tests.freeswitch.support.house import (
    NUMBER,
    House,
    call_of,
    engine_with_agents,
    fast_prompts,
    running_house,
    write_hours,
)
from tests.freeswitch.support.sipp import crowd, ears
from tests.freeswitch.switch import ROOT, running_carrier, running_switch
from tests.waits import wait_for

WAITING = 100


def reach(binary: str, turns: int) -> None:
    """Print the three times of each turn in seconds, and their median and largest."""
    folder = Path(tempfile.mkdtemp(prefix="avanak_reach_"))
    rows = []
    with running_house(binary, folder / "switch") as house, engine_with_agents(house, folder):
        house.agent("501", tone_hz=500)
        for turn in range(turns):
            rows.append(_turn(house, f"0912114{turn:04d}"))
            click.echo(" ".join(f"{value:.3f}" for value in rows[-1]))
    for name, values in zip(
        ("confirmed to the row", "free to the agent's ring", "to the caller's"),
        zip(*rows, strict=True),
        strict=True,
    ):
        click.echo(f"{name}: median {median(values):.3f} s, largest {max(values):.3f} s, {len(values)} turns")


def _turn(house: House, number: str) -> tuple[float, float, float]:
    agent = User.get(User.username == "agent1")
    for name in ("agent1", "agent2"):
        write(lambda name=name: agents.sign_out(User.get(User.username == name), wall_ms()))
    caller = house.caller(number)
    leg = caller.call(NUMBER)
    wait_for(lambda: (c := call_of("+98" + number[1:])) and c.asked_at, "the offer", 25)
    time.sleep(0.5)
    caller.press("*")
    time.sleep(1.5)
    rows = read(CallBack.select().count)
    caller.press("1")
    row_s = _since(time.monotonic(), lambda: read(CallBack.select().count) > rows)
    wait_for(lambda: leg.state == "over", "goodbye", 10)
    (phone,) = (one for one in house.phones if one.user == "501")
    rang, far = len(phone.rang), len(house.far.rang)
    free = time.monotonic()
    write(lambda: agents.sign_in(agent, wall_ms()))
    wait_for(lambda: len(house.far.rang) > far, "the caller's ring", 20)
    rings = phone.rang[rang] - free, house.far.rang[far] - free
    wait_for(lambda: house.far.up, "the caller's answer", 10)
    time.sleep(0.7)
    house.far.press("1")
    wait_for(lambda: read(CallBack.select().where(CallBack.state != "done").count) == 0, "the talk", 10)
    house.far.hang_up(house.far.up)
    wait_for(lambda: phone.up is None, "the agent's end", 5)
    caller.stop()
    return row_s, *rings


def _since(begun: float, what: Callable[[], bool]) -> float:
    while not what():
        assert time.monotonic() < begun + 10
        time.sleep(0.005)
    return time.monotonic() - begun


def waiting(binary: str, turns: int, *options: str) -> None:
    """Print the calls a minute of each turn and the cores that FreeSWITCH took, without and with callers who wait."""
    folder = Path(tempfile.mkdtemp(prefix="avanak_waiting_"))
    with running_carrier(folder / "carrier") as carrier, ears():
        gateways = (
            GatewaySettings("lab", f"127.0.0.1:{carrier.port}", ptime_ms=20, inbound=("127.0.0.2/32",)),
        )
        limits = {"sessions_per_second": 500, "max_sessions": 3000, "support_numbers": NUMBER}
        with running_switch(binary, folder / "switch", gateways, **limits) as switch:
            fast_prompts(switch.prompts)
            command = [
                sys.executable, "-m", "tests.freeswitch.open_engine", "bench", "dial", "--gateway", "lab",
                "--ending", "0000", "--switch", f"esl://:{switch.password}@127.0.0.1:{switch.esl_port}",
                "--prompts", str(switch.prompts), "--json", *options,
            ]  # fmt: skip
            line = switch.connect()
            # Callers come before the engine, so that their coming costs it nothing.
            write_hours(switch, is_open=True)
            for _ in range(turns):
                for count in (0, WAITING):
                    callers = crowd(switch, folder, count, patience_s=600) if count else None
                    wait_for(lambda count=count: _waiting(line) == count, "the queue", 60)
                    bench = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                    seen, began, taken = 0, time.monotonic(), cpu_s(switch.process.pid)
                    while bench.poll() is None:
                        seen = max(seen, _waiting(line))
                        time.sleep(1)
                    assert bench.stdout is not None
                    found = json.loads(bench.stdout.read())
                    cores = (cpu_s(switch.process.pid) - taken) / (time.monotonic() - began)
                    click.echo(f"{seen} waited, FreeSWITCH took {cores:.2f} cores: {json.dumps(found)}")
                    if callers is not None:
                        callers.terminate()
                        callers.wait()
                        line.api("hupall")
                        wait_for(lambda: _waiting(line) == 0, "an empty queue", 10)
            line.close()


def _waiting(line: EventSocket) -> int:
    answer = line.api("callcenter_config queue list members support@avanak")
    return answer.count("|Waiting|")


def main(binary: str, what: str, turns: str = "10", *options: str) -> None:
    hours.office = lambda now: hours.OpenHours(True, now, now + 3_600_000)  # type: ignore[assignment]
    if what == "reach":
        reach(binary, int(turns))
    else:
        waiting(binary, int(turns), *options)


if __name__ == "__main__":
    main(*sys.argv[1:])
