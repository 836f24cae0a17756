"""An SMSC for tests, a process of its own: prints its port, then one JSON line for every text that arrived.

Numbers that end in 1 are refused (wrong number), in 2 the queue is full, in 3 the SMSC vanishes without an answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys

import smpp34


async def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = smpp34.Server("127.0.0.1", port, system_id="smsc")
    await server.start()
    tell(str(port))
    count = 0
    while True:
        event = await server.next()
        if not isinstance(event, smpp34.SubmitSmEvent):
            continue
        count += 1
        told = {
            "from": event.source_addr,
            "to": event.destination_addr,
            "text": event.short_message.hex(),
            "coding": event.data_coding,
            "esm": event.esm_class,
        }
        tell(json.dumps(told))
        end = event.destination_addr[-1]
        if end == "1":
            await settled(event.reject(smpp34.ESME_RINVDSTADR))
        elif end == "2":
            await settled(event.reject(smpp34.ESME_RMSGQFUL))
        elif end == "3":
            os._exit(0)
        else:
            await settled(event.accept(f"id{count}"))


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def settled(answer: object) -> None:
    if asyncio.iscoroutine(answer) or asyncio.isfuture(answer):
        await answer


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
