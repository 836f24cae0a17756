"""An engine on the embedded switch with the web UI, in a process of its own, until standard input closes.

Usage: served.py DATA_DIR PASSWORD.  Prints the address when it serves.  Calls last a tenth of their time.
"""

import engine.patch  # isort: skip
import secrets
import sys
from pathlib import Path

from gevent import sleep
from gevent.os import tp_read

from engine.clock import wall_ms
from engine.config import load_settings
from engine.embedded.options import EmbeddedOptions
from engine.runtime.controller import Engine
from engine.runtime.list_importer import Importer
from engine.runtime.switchboard import parse_switches
from engine.services.trunks import gateways
from engine.store.threads import write
from webui import create_app
from webui.server import serve


def main(data_dir: Path, password: str) -> None:
    engine.patch.require_patched()
    settings = load_settings(data_dir=data_dir, admin_password=password, drain_s=0, log_level="WARNING")
    running = Engine(settings)
    options = EmbeddedOptions(
        password=secrets.token_urlsafe(16),
        gateways=("embedded",),
        prompts=settings.prompts_dir,
        recordings=settings.recordings_folder,
        speed=10,
        people="vote=0.9",
        log=data_dir / "rung.log",
        cdr=data_dir / "cdr.csv",
        heartbeat_s=1,
    )
    settings.prompts_dir.mkdir(parents=True)
    running.start(parse_switches("embedded"), options)
    if not running.wait_for_switch(20):
        raise SystemExit("the embedded switch did not come up")
    write(lambda: gateways.add("embedded", 40, 100, None, wall_ms()))
    server = serve(create_app(settings), "127.0.0.1", 0)
    importer = Importer(settings)
    importer.start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    while tp_read(0, 100):
        sleep(0)
    server.stop(1)
    importer.stop()
    running.stop(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
