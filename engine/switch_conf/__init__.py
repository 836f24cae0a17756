"""The switch's configuration: checks and installs this repository's tree and dialplan."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TREE = CHECKOUT / "freeswitch-conf"
DIALPLAN = CHECKOUT / "dialplan"
