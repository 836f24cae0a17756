"""The policy for tests of one service: any hour, no caps.  Tests of an engine or of pages have that of their settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.services.compliance.message_kinds import KindHours
from engine.services.compliance.policy import Policy
from engine.services.compliance.traffic_caps import Caps

ANYTHING = Policy(
    hours=KindHours(),
    caps=Caps(10**9, 1000.0, 0),
    zone=ZoneInfo("UTC"),
    advertising_prefix="",
    max_call_s=660,
    code_calls_an_hour=100,
)
