"""By hand: the benches of `avanakctl bench` on a real FreeSWITCH, with the carrier of this folder as the far end.

    python tests/freeswitch/measure.py BINARY dial|raw|crash [options of the bench]

It starts FreeSWITCH with this repository's tree and the carrier on free ports, and runs the bench with
`--switch`, `--gateway lab`, `--prompts`, `--ending 0000` (everybody answers and hears all) added.  For `crash` it
gives the bench the command that starts the switch again, the carrier's log and the call record.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.switch import running_carrier, running_switch

ROOT = Path(__file__).resolve().parents[2]


def main(binary: str, bench: str, *options: str) -> int:
    """Run one bench; its exit status."""
    folder = Path(tempfile.mkdtemp(prefix="avanak_measure_"))
    with running_carrier(folder / "carrier") as carrier:
        gateways = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}", ptime_ms=20),)
        limits = {"sessions_per_second": 500, "max_sessions": 3000}
        with running_switch(binary, folder / "switch", gateways, **limits) as switch:
            command = [
                sys.executable, "-m", "engine", "bench", bench, "--gateway", "lab", "--ending", "0000",
                "--switch", f"esl://:{switch.password}@127.0.0.1:{switch.esl_port}",
                "--prompts", str(switch.prompts), *options,
            ]  # fmt: skip
            if bench == "crash":
                again = ["env", f"AVANAK_ESL_PASSWORD={switch.password}", *_command_line(switch.process.pid)]
                command += ["--switch-command", shlex.join(again), "--cdr", str(switch.cdr),
                            "--far-end-log", str(carrier.folder / "arrived.jsonl")]  # fmt: skip
                switch.process.terminate()
                switch.process.wait(20)
            return subprocess.run(command, cwd=ROOT, env={**os.environ}).returncode


def _command_line(pid: int) -> list[str]:
    """With which words a process was started (Linux)."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
