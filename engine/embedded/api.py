"""The ``api`` commands of the embedded switch, with the wording of FreeSWITCH 1.10.12."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from engine.embedded import console
from engine.embedded.calls import CAUSES, Call, stamp
from engine.embedded.gateways import ACTIONS
from engine.embedded.limits import up_time
from engine.embedded.support import commands as support_commands

if TYPE_CHECKING:
    from engine.embedded.switch import Switch

_NO_CHANNEL = "-ERR No such channel!\n"


def run(switch: Switch, command: str, argument: str) -> bytes:
    """The answer to one command; an unknown one is refused as in FreeSWITCH."""
    if switch.support is not None:
        said = support_commands.run(switch.support, command, argument)
        if said is not None:
            return said.encode("utf-8", "surrogateescape")
    handler = _COMMANDS.get(command)
    if handler is None:
        return f"-ERR {command} Command not found!\n".encode("utf-8", "surrogateescape")
    answer = handler(switch, argument)
    return answer if isinstance(answer, bytes) else answer.encode("utf-8", "surrogateescape")


def _status(switch: Switch, _argument: str) -> str:
    limits, alive, now = switch.limits, switch.sessions, time.monotonic()
    starts_five, alive_five = limits.five_minutes(alive, now)
    return (
        f"UP {up_time(now - limits.started)}\n"
        "FreeSWITCH (Version 1.10.12-release  64bit) is ready\n"
        f"{limits.since_startup} session(s) since startup\n"
        f"{alive} session(s) - peak {limits.peak_sessions}, last 5min {alive_five} \n"
        f"{limits.sps_now(alive, now)} session(s) per Sec out of max {limits.sps}, peak {limits.sps_peak}, "
        f"last 5min {starts_five} \n"
        f"{limits.max_sessions} session(s) max\n"
        "min idle cpu 0.00/98.30\n"
        "Current Stack Size/Max 240K/8192K\n"
    )


def _version(_switch: Switch, argument: str) -> str:
    if argument == "short":
        return "1.10.12-release\n"
    return "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n"


def _channel_row(switch: Switch, call: Call) -> dict[str, str]:
    answered = call.is_answered
    number, caller_id = call.order.number, call.caller_id
    codec = {"codec": "PCMA", "rate": "8000", "bit_rate": "64000"} if answered else {}
    return {
        "uuid": call.uuid,
        "direction": "outbound",
        "created": stamp(call.created_us),
        "created_epoch": str(call.created_us // 1_000_000),
        "name": f"sofia/external/{number}",
        "state": "CS_EXECUTE" if answered else "CS_CONSUME_MEDIA",
        "cid_name": "Outbound Call" if answered else "",
        "cid_num": number if answered else caller_id,
        "ip_addr": "",
        "dest": number,
        "application": call.application if answered else "",
        "application_data": call.application_data if answered else "",
        "dialplan": "",
        "context": "default",
        **{f"read_{name}": codec.get(name, "") for name in ("codec", "rate", "bit_rate")},
        **{f"write_{name}": codec.get(name, "") for name in ("codec", "rate", "bit_rate")},
        "secure": "",
        "hostname": switch.rendering.hostname,
        "presence_id": "",
        "presence_data": "",
        "accountcode": "",
        "callstate": "ACTIVE" if answered else _ring_state(call),
        "callee_name": "" if answered else "Outbound Call",
        "callee_num": caller_id if answered else number,
        "callee_direction": "RECV" if answered else "",
        "call_uuid": call.uuid,
        "sent_callee_name": "",
        "sent_callee_num": "",
        "initial_cid_name": "",
        "initial_cid_num": caller_id,
        "initial_ip_addr": "",
        "initial_dest": number,
        "initial_dialplan": "",
        "initial_context": "default",
    }


def _ring_state(call: Call) -> str:
    if call.early_ms is not None:
        return "EARLY"
    return "DOWN" if call.progress_ms is None else "RINGING"


def _show(switch: Switch, argument: str) -> bytes | str:
    words = argument.split()
    if words[:1] == ["registrations"]:  # nothing registers with it
        return orjson.dumps({"row_count": 0}) if words[1:] == ["as", "json"] else "\n0 total.\n"
    if not words or words[0] not in ("channels", "calls"):
        return "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]\n"
    if words[1:] == ["count"]:
        return f"\n{switch.sessions} total.\n"
    rows = [_channel_row(switch, call) for call in switch.calls.values()]
    if switch.support is not None:
        rows += support_commands.channel_rows(switch.support)
    if words[1:] == ["as", "json"]:
        return orjson.dumps({"row_count": len(rows), "rows": rows} if rows else {"row_count": 0})
    lines = [",".join(rows[0])] if rows else []
    lines += [",".join(value.replace(",", " ") for value in row.values()) for row in rows]
    return "\n".join([*lines, "", f"{len(rows)} total."]) + "\n"


def _sofia(switch: Switch, argument: str) -> str:
    words = argument.split()
    if words == ["status"]:
        lines = [f"{'Name':>25}\t{'Type':>7}\t{'Data':>42}\tState", console.RULE]
        lines.append(
            f"{'external':>25}\t{'profile':>7}\t{'sip:mod_sofia@127.0.0.1:5080':>42}\tRUNNING ({len(switch.calls)})"
        )
        for gateway in switch.gateways.values():
            state = "NOREG" if gateway.up else "NOREG (down)"
            lines.append(
                f"{'external::' + gateway.name:>25}\t{'gateway':>7}\t{'sip:x@127.0.0.1:5090':>42}\t{state}"
            )
        return "\n".join([*lines, console.RULE, "1 profile 0 aliases"]) + "\n"
    if words[:2] == ["status", "gateway"] and len(words) == 3:
        return _gateway_status(switch, words[2])
    if words[:2] == ["status", "profile"]:
        return console.profile_status(switch, words[2:])
    return "-USAGE: sofia status [gateway <name> | profile <name> [reg]]\n"


def _gateway_status(switch: Switch, name: str) -> str:
    gateway = switch.gateways.get(name)
    if gateway is None:
        return "Invalid Gateway!\n"
    up_seconds = int(time.monotonic() - switch.limits.started) if gateway.up else 0
    fields = {
        "Name": name, "Profile": "external", "Scheme": "Digest", "Realm": "127.0.0.1:5090", "Username": "x",
        "Password": "yes", "From": "<sip:x@127.0.0.1:5090>",
        "Contact": f"<sip:gw+{name}@127.0.0.1:5080;transport=udp;gw={name}>", "Exten": "x",
        "To": "sip:x@127.0.0.1:5090", "Proxy": f"sip:{gateway.host}:5090", "Context": "public", "Expires": "3600",
        "Freq": "3600", "Ping": "0", "PingFreq": "0", "PingTime": "0.00", "PingState": "0/0/0", "State": "NOREG",
        "Status": "UP" if gateway.up else "DOWN", "Uptime": f"{up_seconds}s", "CallsIN": "0",
        "CallsOUT": str(gateway.calls_out), "FailedCallsIN": "0", "FailedCallsOUT": str(gateway.failed_out),
    }  # fmt: skip
    lines = [f"{label:<8}\t{value}" for label, value in fields.items()]
    return "\n".join([console.RULE, *lines, console.RULE]) + "\n"


def _uuid_exists(switch: Switch, argument: str) -> str:
    return "true" if argument in switch.calls else "false"


def _uuid_dump(switch: Switch, argument: str) -> bytes | str:
    words = argument.split()
    call = switch.calls.get(words[0]) if words else None
    if call is None:
        return _NO_CHANNEL
    return switch.dump(call, as_json=words[1:] == ["json"])


def _uuid_getvar(switch: Switch, argument: str) -> str:
    identity, _, name = argument.partition(" ")
    call = switch.calls.get(identity)
    if call is None:
        return _NO_CHANNEL
    return call.results.get(name) or call.variables.get(name) or "_undef_"


def _uuid_media_reneg(switch: Switch, argument: str) -> str:
    """Nothing here speaks by RTP: there is nothing to agree on again."""
    return "+OK Success\n" if argument in switch.calls else "-ERR Operation Failed\n"


def _uuid_bridge(switch: Switch, argument: str) -> str:
    found = [switch.calls.get(identity) for identity in argument.split()]
    if len(found) != 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    first, second = found
    if first is None or second is None or not (first.is_answered and second.is_answered):
        return "-ERR Invalid uuid\n"
    switch.bridge(first, second)
    return f"+OK {second.uuid}\n"


def _uuid_kill(switch: Switch, argument: str) -> str:
    identity, _, cause = argument.partition(" ")
    call = switch.calls.get(identity)
    if call is None:
        return _NO_CHANNEL
    switch.hang_up(call, cause.strip() or "NORMAL_CLEARING")
    return "+OK\n"


def _hupall(switch: Switch, argument: str) -> str:
    words = argument.split()
    cause = words[0] if words and words[0] in CAUSES else "MANAGER_REQUEST"
    if len(words) < 3:
        switch.hang_up_all(switch.calls.values(), cause)
        if switch.support is not None:
            switch.support.end_all(cause)
        return f"+OK hangup all channels with cause: {cause}\n"
    name, value = words[1], words[2]
    matching = [
        call for call in switch.calls.values()
        if (call.results.get(name) or call.variables.get(name, "")) == value
    ]  # fmt: skip
    switch.hang_up_all(matching, cause)
    return f"+OK hangup all channels matching [{name}]=[{value}] with cause: {cause}\n"


def _fsctl(switch: Switch, argument: str) -> str:
    words = argument.split()
    name = words[0] if words else ""
    value = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    if name == "sps":
        if value:
            switch.limits.set_sps(value)
        return f"+OK sessions per second: {switch.limits.sps}\n"
    if name == "max_sessions":
        if value:
            switch.limits.max_sessions = value
        return f"+OK max sessions: {switch.limits.max_sessions}\n"
    if name in ("pause", "resume") and words[1:] in ([], ["outbound"]):
        switch.is_paused = name == "pause"
        return "+OK"
    if name == "pause_check":
        return str(switch.is_paused).lower() if words[1:] == ["outbound"] else "false"
    if name == "loglevel":
        return "+OK log level: DISABLE [-1]\n"
    return "-ERR\n"


def _global_getvar(switch: Switch, argument: str) -> str:
    known = {
        "core_uuid": switch.core_uuid,
        "hostname": switch.rendering.hostname,
        "switchname": switch.rendering.hostname,
    }
    if argument:
        return known.get(argument, "")
    return "".join(f"{name}={value}\n" for name, value in known.items())


def _cdr_csv(switch: Switch, argument: str) -> str:
    if argument != "rotate":
        return "-USAGE: cdr_csv rotate\n"
    switch.cdr.rotate()
    return "+OK\n"


def _simulate(switch: Switch, argument: str) -> str:
    """``avanak_simulate gateway NAME ACTION [VALUE]``, ``… idle PERCENT``, ``… status``; FreeSWITCH has no such command."""
    words = argument.split()
    if words[:1] == ["idle"] and len(words) == 2 and words[1].isdigit() and int(words[1]) <= 100:
        switch.idle_cpu = float(words[1])
        switch.heartbeat()
        return f"+OK idle {words[1]}\n"
    if words[:1] == ["gateway"] and len(words) >= 3:
        gateway = switch.gateways.get(words[1])
        return (gateway.simulate(words[2:]) if gateway else f"-ERR there is no gateway {words[1]}") + "\n"
    if words == ["status"]:
        gateways = [
            {"name": one.name, "up": one.up, "channels": one.channels, "live": one.live,
             "congestion": one.congestion, "slow_ms": one.slow_ms, "answer_rate": one.answer_rate,
             "fate": one.fate_word, "lost": one.lost}
            for one in switch.gateways.values()
        ]  # fmt: skip
        return (
            orjson.dumps({"embedded": True, "speed": switch.options.speed, "gateways": gateways}).decode()
            + "\n"
        )
    return f"-USAGE: avanak_simulate gateway NAME ACTION ({ACTIONS}) | idle PERCENT | status\n"


def _strepoch(_switch: Switch, _argument: str) -> str:
    return str(int(time.time()))


def _reloadxml(_switch: Switch, _argument: str) -> str:
    return "+OK [Success]\n"


def _bgapi(switch: Switch, argument: str) -> str:
    """``api bgapi COMMAND``, as consoles send it; the answer of an originate also belongs to the job."""
    job_uuid = str(uuid.uuid4())
    command, _, rest = argument.partition(" ")
    start_job(switch, job_uuid, command, rest)
    return f"+OK Job-UUID: {job_uuid}\n"


def start_job(switch: Switch, job_uuid: str, command: str, argument: str) -> None:
    """Run a command in the background; a BACKGROUND_JOB event reports its end."""

    def done(body: str) -> None:
        switch.events.background_job(job_uuid, command, argument, body)

    if command == "originate":
        switch.originate(argument, done)
    elif command == "host_lookup":
        _look_up(switch, argument, done)
    else:
        body = run(switch, command, argument)
        done(body.decode("utf-8", "surrogateescape"))


def _look_up(switch: Switch, host: str, done: Callable[[str], None]) -> None:
    gateway = next((one for one in switch.gateways.values() if one.host == host), None)
    if gateway is None:
        done("!err!")
    else:
        gateway.look_up(done)


def _complete(_switch: Switch, argument: str) -> str:
    return console.complete(_COMMANDS, argument)


def _create_uuid(_switch: Switch, _argument: str) -> str:
    return str(uuid.uuid4())


_COMMANDS: dict[str, Callable[[Switch, str], bytes | str]] = {
    "status": _status,
    "version": _version,
    "show": _show,
    "sofia": _sofia,
    "uuid_exists": _uuid_exists,
    "uuid_dump": _uuid_dump,
    "uuid_getvar": _uuid_getvar,
    "uuid_kill": _uuid_kill,
    "uuid_bridge": _uuid_bridge,
    "uuid_media_reneg": _uuid_media_reneg,
    "hupall": _hupall,
    "fsctl": _fsctl,
    "global_getvar": _global_getvar,
    "cdr_csv": _cdr_csv,
    "avanak_simulate": _simulate,
    "strepoch": _strepoch,
    "reloadxml": _reloadxml,
    "create_uuid": _create_uuid,
    "bgapi": _bgapi,
    "hostname": console.hostname,
    "switchname": console.hostname,
    "uptime": console.uptime,
    "echo": console.echo,
    "eval": console.evaluate,
    "expr": console.expr,
    "module_exists": console.module_exists,
    "msleep": console.msleep,
    "console_complete": _complete,
}
