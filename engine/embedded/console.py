"""Commands of consoles and standard clients that are not about calls: name, uptime, sums, profiles.  Wording of 1.10.12."""

from __future__ import annotations

import ast
import operator
import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.embedded.switch import Switch

RULE = "=" * 97
PROFILE = "external"
_UPTIME_UNITS = {  # of a second, by every spelling
    **dict.fromkeys(("us", "microseconds"), 1e-6), **dict.fromkeys(("ms", "milliseconds"), 1e-3),
    **dict.fromkeys(("", "s", "seconds"), 1.0), **dict.fromkeys(("m", "minutes"), 60.0),
    **dict.fromkeys(("h", "hours"), 3600.0), **dict.fromkeys(("d", "days"), 86400.0),
}  # fmt: skip
_MODULES = frozenset(
    ("mod_commands", "mod_event_socket", "mod_sofia", "mod_dptools", "mod_dialplan_xml", "mod_cdr_csv")
)
_SUM = re.compile(r"[0-9A-Za-z_.+*/^() -]{1,200}")
_NUMBER_AND_LETTER = re.compile(r"[0-9.][A-Za-z_]")
_ERROR = "!err!"
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip


def hostname(switch: Switch, _argument: str) -> str:
    """``hostname`` and ``switchname``."""
    return switch.rendering.hostname


def uptime(switch: Switch, argument: str) -> str:
    """The time since the start, in whole seconds or in the given unit."""
    unit = _UPTIME_UNITS.get(argument)
    if unit is None:
        return "-USAGE: [us|ms|s|m|h|d|microseconds|milliseconds|seconds|minutes|hours|days]\n"
    return f"{int((time.monotonic() - switch.limits.started) / unit)}\n"


def echo(_switch: Switch, argument: str) -> str:
    """``echo``: returns its argument."""
    return argument


def evaluate(switch: Switch, argument: str) -> str:
    """``eval``: text with the global variables of the switch filled in."""
    known = {"hostname": switch.rendering.hostname, "core_uuid": switch.core_uuid}
    return re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], ""), argument)


def expr(_switch: Switch, argument: str) -> str:
    """``expr``: an arithmetic expression; unknown names are 0."""
    if (
        not _SUM.fullmatch(argument)
        or _NUMBER_AND_LETTER.search(argument)
        or "**" in argument
        or "//" in argument
    ):
        return _ERROR
    try:
        value = _value(ast.parse(argument.replace("^", "**").strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, RecursionError):
        return _ERROR
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return 0.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return -_value(node.operand) if isinstance(node.op, ast.USub) else _value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("not a sum")


def module_exists(_switch: Switch, argument: str) -> str:
    """``module_exists``: ``true`` for the modules that this switch simulates."""
    return "true" if argument in _MODULES else "false"


def msleep(_switch: Switch, _argument: str) -> str:
    """``msleep``: answers at once, as nothing here blocks."""
    return "+OK\n"


def complete(names: Iterable[str], argument: str) -> str:
    """``console_complete``: the commands that begin with the argument, four to a line."""
    begun = argument.rpartition(";")[2].strip()
    found = [f"[{name:>20}]\t" for name in sorted(names) if name.startswith(begun)]
    rows = ["".join(found[at : at + 4]) for at in range(0, len(found), 4)]
    return "\n" + "\n".join(rows) + "\n\n" if rows else ""


def profile_status(switch: Switch, words: list[str]) -> str:
    """``sofia status profile NAME [reg]``."""
    if not words or words[0] != PROFILE:
        return "Invalid Profile!\n"
    if words[1:2] == ["reg"]:
        return "\n".join(["", "Registrations:", RULE, "Total items returned: 0", RULE]) + "\n"
    placed = sum(gateway.calls_out for gateway in switch.gateways.values())
    failed = sum(gateway.failed_out for gateway in switch.gateways.values())
    url = "sip:mod_sofia@127.0.0.1:5080"
    fields = {
        "Name": PROFILE, "Domain Name": "N/A", "Auto-NAT": "false", "DBName": f"sofia_reg_{PROFILE}",
        "Pres Hosts": "", "Dialplan": "XML", "Context": "public", "Challenge Realm": "auto_to",
        "RTP-IP": "127.0.0.1", "SIP-IP": "127.0.0.1", "URL": url, "BIND-URL": f"{url};transport=udp,tcp",
        "HOLD-MUSIC": "N/A", "OUTBOUND-PROXY": "N/A", "CODECS IN": "PCMA,PCMU", "CODECS OUT": "PCMA,PCMU",
        "TEL-EVENT": "101", "DTMF-MODE": "rfc2833", "CNG": "0", "SESSION-TO": "0", "MAX-DIALOG": "0",
        "MAX-RECV-RPS": "1000", "NOMEDIA": "false", "LATE-NEG": "false", "PROXY-MEDIA": "false",
        "AGGRESSIVENAT": "false", "CALLS-IN": "0", "FAILED-CALLS-IN": "0", "CALLS-OUT": str(placed),
        "FAILED-CALLS-OUT": str(failed), "REGISTRATIONS": "0",
    }  # fmt: skip
    return "\n".join([RULE, *(f"{label:<17}\t{value}" for label, value in fields.items())]) + "\n"
