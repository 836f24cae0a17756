"""The switch's configuration: the tree and the dialplan of this repository, checked and installed."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TREE = CHECKOUT / "freeswitch-conf"
DIALPLAN = CHECKOUT / "dialplan"
