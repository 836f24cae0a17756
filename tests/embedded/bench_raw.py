"""By hand: what one call costs the embedded switch, and whether it keeps up.

    python tests/embedded/bench_raw.py [originates a second] [seconds] [message seconds]

A raw client in this process sends originates at an even pace and reads CHANNEL_ANSWER,
CHANNEL_HANGUP_COMPLETE and BACKGROUND_JOB as JSON without parsing them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
import time
import uuid
from pathlib import Path

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess


def main(rate: int = 1000, seconds: int = 20, message_s: float = 1.0) -> None:
    folder = Path(tempfile.mkdtemp())
    options = EmbeddedOptions(
        message_seconds=message_s,
        log=folder / "rung.log",
        cdr=folder / "cdr.csv",
        sps=rate * 2,
        max_sessions=50000,
    )
    switch = EmbeddedProcess.start(options)
    sock = socket.create_connection(switch.address)
    sock.sendall(
        f"auth {switch.password}\n\nevent json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB\n\n".encode()
    )
    sock.setblocking(False)
    total = rate * seconds
    sent = ended = received = 0
    pending = b""
    tail = b""
    before, began = switch.cpu_s(), time.monotonic()
    while ended < total and time.monotonic() < began + seconds + 15:
        due = min(total, int((time.monotonic() - began) * rate))
        lines = []
        while sent < due:
            lines.append(
                f"bgapi originate {{origination_uuid={uuid.uuid4()},origination_caller_id_number=02191001234,"
                "originate_timeout=30,ignore_early_media=true,absolute_codec_string=PCMA@8000h@20i,"
                f"avanak_attempt={sent},avanak_campaign=7,avanak_account=1,avanak_message=m1,avanak_optout=11,"
                f"avanak_max_s=120}}sofia/gateway/lab/0912{sent % 1000:03d}0000 avanak XML avanak\nJob-UUID: {uuid.uuid4()}\n\n"
            )
            sent += 1
        pending += "".join(lines).encode()
        if pending:
            with contextlib.suppress(BlockingIOError):
                pending = pending[sock.send(pending) :]
        try:
            data = sock.recv(1 << 20)
            received += len(data)
            data = tail + data
            ended += data.count(b'{"Event-Name":"CHANNEL_HANGUP_COMPLETE"')
            tail = data[-30:] if b'{"Event-Name":"CHANNEL_HANGUP_COMPLETE"' not in data[-30:] else b""
        except BlockingIOError:
            time.sleep(0.002)
    took = time.monotonic() - began
    cpu = switch.cpu_s() - before
    switch.stop()
    rung = (folder / "rung.log").read_text().count("\n")
    records = (folder / "cdr.csv").read_text().count("\n")
    sys.stdout.write(json.dumps({
        "originates_per_s": rate, "sent": sent, "ended": ended, "rung": rung, "records": records,
        "seconds": round(took, 1), "cpu_ms_per_call": round(1000 * cpu / max(1, ended), 3),
        "kb_per_call": round(received / max(1, ended) / 1000, 1),
    }) + "\n")  # fmt: skip


if __name__ == "__main__":
    main(*(float(word) if "." in word else int(word) for word in sys.argv[1:]))  # type: ignore[arg-type]
