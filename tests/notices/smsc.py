"""An SMSC for tests, a process of its own: prints its port, then one JSON line for every text that arrived.

Numbers that end in 1 are refused (wrong number), in 2 the queue is full, in 3 the SMSC vanishes without an answer.
Whoever binds as a transceiver is brought a receipt of each text that was taken, twice; to numbers that end in 8 the second
part is undeliverable.  A receipt that is not acknowledged stays.
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
    waiting: list[tuple[str, str]] = []
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme) and event.can_receive:
            asyncio.get_running_loop().create_task(bring(event, waiting))
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
            name = f"id{count}"
            await settled(event.accept(name))
            second = end == "8" and event.esm_class and event.short_message[5] == 2
            waiting += [(name, "UNDELIV" if second else "DELIVRD")] * 2


async def bring(receiver: smpp34.Esme, waiting: list[tuple[str, str]]) -> None:
    while True:
        while waiting:
            name, word = waiting[0]
            text = f"id:{name} sub:001 dlvrd:001 submit date:2611290700 done date:2611290701 stat:{word} err:000 text:"
            answer = await receiver.deliver_sm("3000", text.encode(), source_addr="98912", esm_class=4)
            if answer.command_status:
                return
            waiting.pop(0)
            tell(json.dumps({"receipt": name, "taken": True}))
        await asyncio.sleep(0.05)


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def settled(answer: object) -> None:
    if asyncio.iscoroutine(answer) or asyncio.isfuture(answer):
        await answer


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
