"""The command line of the tests' carrier."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.freeswitch.carrier_endings import ENDINGS


def read_options(description: str | None) -> argparse.Namespace:
    """What the carrier was started with."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--transport", choices=("udp", "tcp", "tls"), default="udp")
    parser.add_argument("--certificate", type=Path, help="PEM with the key, for tls")
    parser.add_argument("--srtp", action="store_true", help="encrypt the voice where it is offered")
    parser.add_argument("--codecs", default="PCMA,PCMU", help="what it takes of an offer; 488 without any")
    parser.add_argument("--log", type=Path, help="one JSON line for each call that arrived")
    parser.add_argument("--ends", type=Path, help="one JSON line for each call that is over")
    parser.add_argument("--registers", type=Path, help="one JSON line for each REGISTER")
    parser.add_argument("--presses", type=Path, help="one JSON line for each key pressed")
    parser.add_argument("--user", default="", help="the account that may register and call; empty: everybody")
    parser.add_argument("--password", default="")
    parser.add_argument("--everybody", choices=ENDINGS, help="the ending of all numbers")
    parser.add_argument("--audio", type=Path, help="folder for what was heard")
    parser.add_argument("--ring-ms", type=int, default=300, help="ringing time of numbers without a meaning")
    parser.add_argument(
        "--listen-ms", type=int, default=1000, help="after how much of the message 0007 hangs up"
    )
    return parser.parse_args()
