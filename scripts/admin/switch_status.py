#!/usr/bin/env python3
"""Status of a switch: what it is, what it permits, what it does now, its trunks.

Exit status 0; 1 when a gateway asked for is unknown or down; 2 bad input; 3 no switch reachable.
"""

from __future__ import annotations

import session

from engine.esl import answers, commands


def main() -> int:
    """Ask and print; a line for each fact."""
    arguments = session.parser(__doc__.split("\n", 1)[0])
    arguments.add_argument(
        "--gateway", action="append", default=[], help="show this gateway too (repeatable)"
    )
    options = arguments.parse_args()
    questions = [(name, commands.gateway_status(name)) for name in options.gateway]
    switch = session.connect(options)
    channels = answers.read_channels(switch.ask(commands.show_channels()))
    limits = [
        ("sessions a second permitted (N admits N-1)", commands.session_rate()),
        ("sessions begun in the last second", commands.last_session_rate()),
        ("sessions at once permitted", commands.max_sessions()),
    ]
    print(f"version: {answers.read_version(switch.ask(commands.version()))}")
    print(f"core uuid: {switch.ask(commands.global_variable('core_uuid')).strip()}")
    for label, frame in limits:
        print(f"{label}: {answers.read_limit(switch.ask(frame))}")
    active = sum(channel.callstate == "ACTIVE" for channel in channels)
    print(f"channels now: {len(channels)}, of which answered: {active}")
    print(switch.ask(commands.status()).rstrip())
    print(switch.ask(commands.sofia_status()).rstrip())
    is_well = True
    for name, question in questions:
        gateway = answers.read_gateway(switch.ask(question))
        if gateway is None:
            print(f"gateway {name}: the switch does not know it")
        else:
            state = "up" if gateway.is_up else "DOWN"
            print(f"gateway {name}: {state}, {gateway.state}, failed calls {gateway.failed_calls_out}")
        is_well = is_well and gateway is not None and gateway.is_up
    switch.close()
    return 0 if is_well else 1


if __name__ == "__main__":
    session.run(main)
