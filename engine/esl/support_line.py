"""Commands for the support line: what the dialplan is told, the queue's agents, call-backs.  As `commands`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from engine.esl.checks import (
    check_dialled,
    check_digits,
    check_gateway,
    check_int,
    check_text,
    check_uuid,
    check_word,
)

QUEUE = "support@avanak"
REGISTRATIONS = frozenset(("sofia::register", "sofia::unregister", "sofia::expire"))
DEPARTMENTS = ("support", "billing", "technical", "quality")  # each has a queue in callcenter.conf.xml
DOMAIN = "avanak.support"
PROFILE = "agents"  # where their telephones register (sip_profiles/agents.xml)
EXTENSION = re.compile(r"[1-9][0-9]{2,5}")
SILENT_S = 6  # a registered telephone that does not even ring has fallen off its network
# Whether the caller heard that the call is recorded; the last transfer, and the last that an agent answered, by their ids.
ASKED = frozenset(("avanak_announced", "avanak_transfer", "avanak_taken"))
STATUSES = frozenset(("Available", "On Break", "Logged Out"))
LANGUAGES = frozenset(("fa", "en"))
# Values for the dialplan: paths of clips, words, numbers.  No separator of variables, no blank, no $.
_NAME = re.compile(r"[a-z][a-z_]{0,40}")
_VALUE = re.compile(r"[A-Za-z0-9_./:!*+-]{0,4000}")
_WORDS = re.compile(r"[A-Za-z0-9_.=*#| +-]{1,400}")
_PATH = re.compile(r"[A-Za-z0-9_./:!+-]{1,4000}")
LINE = re.compile(r"[ -~]{1,4000}")
_NETWORK = re.compile(r"[0-9a-f.:]{2,39}/[0-9]{1,3}")
REFUSED_LINES, REFUSED_A_LINE = 4, 31  # of the list «agents» in acl.conf.xml; the switch reads 32 to a line


def subscribe() -> bytes:
    """``event json CUSTOM …``: the queue's events, the dialplan's questions, telephones, beside what is heard already."""
    registrations = " ".join(("sofia::register_failure", *sorted(REGISTRATIONS)))
    return f"event json CUSTOM callcenter::info avanak::support {registrations}\n\n".encode("ascii")


def tell(uuid: str, values: Mapping[str, str]) -> bytes:
    """``uuid_setvar_multi``: the values that the dialplan asked for."""
    pairs = ";".join(
        f"{check_text('variable', name, _NAME, 'a name')}={check_text(name, value, _VALUE, 'plain words')}"
        for name, value in values.items()
    )
    return _api(f"uuid_setvar_multi {check_uuid('call', uuid)} {pairs}")


def go_on(uuid: str) -> bytes:
    """``uuid_break``: the call stops waiting, or its music begins again with the new keys."""
    return _api(f"uuid_break {check_uuid('call', uuid)}")


def say_over_music(uuid: str, path: str) -> bytes:
    """``uuid_displace … start``: plays a clip instead of the music; keys still work meanwhile."""
    return _api(
        f"uuid_displace {check_uuid('call', uuid)} start {check_text('sound', path, _PATH, 'a path')} 0"
    )


def stop_saying(uuid: str, path: str) -> bytes:
    """``uuid_displace … stop``."""
    return _api(f"uuid_displace {check_uuid('call', uuid)} stop {check_text('sound', path, _PATH, 'a path')}")


def record(uuid: str, path: str) -> bytes:
    """``uuid_record … start``: both sides, until the call ends."""
    return _api(f"uuid_record {check_uuid('call', uuid)} start {check_text('file', path, _PATH, 'a path')}")


def hand_over(uuid: str, *, to_department: bool = False) -> bytes:
    """``uuid_transfer``: the caller leaves the agent for the one of ``avanak_extension``, or for the queue of
    ``avanak_department`` (35_transfer.xml).
    """
    extension = "support_department" if to_department else "support_transfer"
    return _api(f"uuid_transfer {check_uuid('call', uuid)} {extension} XML avanak_support")


def agent_list() -> bytes:
    """``callcenter_config agent list``."""
    return _api("callcenter_config agent list")


def member_list(department: str = "support") -> bytes:
    """``callcenter_config queue list members``: callers who wait or talk."""
    name = check_word("department", department, frozenset(DEPARTMENTS))
    return _api(f"callcenter_config queue list members {name}@avanak")


def agent_state(extension: str) -> bytes:
    """``callcenter_config agent get state``: «Waiting» when no call rings there."""
    return _api(f"callcenter_config agent get state {_extension(extension)}")


def where_is(extension: str) -> bytes:
    """``sofia_contact``: where an agent's telephone is registered, as the directory's dial-string asks it."""
    return _api(f"sofia_contact {PROFILE}/{_extension(extension)}@{DOMAIN}")


def dial_string(extension: str) -> bytes:
    """``user_data``: the words by which the directory rings an agent's telephone, with `${…}` as they stand there."""
    return _api(f"user_data {_extension(extension)}@{DOMAIN} param dial-string")


def rung_at(extension: str, words: str) -> bytes:
    """``eval``: what those words make of the telephone's contact now; nothing behind ``{…}`` if they refuse it.

    `words` are the switch's own answer to `dial_string`; BadInput if they are not one line of text.
    """
    told = words.replace("${dialed_user}", _extension(extension)).replace("${dialed_domain}", DOMAIN)
    return _api(f"eval {check_text('dial string', told, LINE, 'one line')}")


def agent_add(extension: str) -> list[bytes]:
    """Add an agent, logged out and in no queue."""
    return [_api(f"callcenter_config agent add {_extension(extension)} Callback")]


def agent_departments(extension: str, departments: Collection[str]) -> list[bytes]:
    """Set the departments whose queues an agent answers; a queue that needs no change answers -ERR."""
    name = _extension(extension)
    return [
        _api(f"callcenter_config tier add {each}@avanak {name} 1 1")
        if each in departments
        else _api(f"callcenter_config tier del {each}@avanak {name}")
        for each in DEPARTMENTS
    ]


def agent_remove(extension: str) -> list[bytes]:
    """Remove an agent."""
    name = _extension(extension)
    return [*agent_departments(extension, ()), _api(f"callcenter_config agent del {name}")]


def agent_status(extension: str, status: str) -> bytes:
    """Set an agent's status: Available, On Break or Logged Out."""
    return _api(
        f"callcenter_config agent set status {_extension(extension)} '{check_word('status', status, STATUSES)}'"
    )


def agent_number(extension: str, key: str, value: int) -> bytes:
    """Set one of the agent's figures: wrap_up_time, max_no_answer, reject_delay_time, busy_delay_time, no_answer_delay_time."""
    keys = ("wrap_up_time", "max_no_answer", "reject_delay_time", "busy_delay_time", "no_answer_delay_time")
    check_word("figure", key, frozenset(keys))
    return _api(f"callcenter_config agent set {key} {_extension(extension)} {check_int(key, value, 0, 3600)}")


def agent_contact(extension: str, contact: str) -> bytes:
    """Set where the agent is rung; only with a value of `contact_of`."""
    return _api(f"callcenter_config agent set contact {_extension(extension)} {contact}")


def contact_of(extension: str, ring_s: int, gateway: str = "", dialled: str = "", confirm: str = "") -> str:
    """An agent's contact: the registered telephone, or an outside number, where 1 must be pressed."""
    check_int("ring time", ring_s, 1, 120)
    head = f"originate_timeout={ring_s},ignore_early_media=true,outbound_redirect_fatal=true"
    if not gateway:
        return f"{{{head},progress_timeout={SILENT_S}}}user/{_extension(extension)}@{DOMAIN}"
    check_text("prompt", confirm, _PATH, "a path")
    return (
        f"{{{head},group_confirm_key=1,group_confirm_file={confirm},group_confirm_timeout=15}}"
        f"sofia/gateway/{check_gateway(gateway)}/{check_dialled('number', dialled)}"
    )


def call_back(
    uuid: str,
    caller_uuid: str,
    contact: str,
    *,
    gateway: str,
    digits: str,
    dialled: str,
    ring_s: int,
    language: str,
) -> bytes:
    """``bgapi originate``: the agent first; the dialplan (70_call_back.xml) then rings the caller.

    `contact` is a value of `contact_of`.  `digits` are shown to the agent, `dialled` is the number as its carrier wants
    it; it and the gateway are checked and travel as variables of this call.
    """
    check_digits("number", digits)
    variables = (
        f"origination_uuid={check_uuid('try', uuid)},avanak_caller_uuid={check_uuid('call', caller_uuid)},"
        f"avanak_gateway={check_gateway(gateway)},avanak_digits={check_dialled('number', dialled)},"
        f"avanak_ring_s={check_int('ring time', ring_s, 1, 120)},"
        f"avanak_language={check_word('language', language, LANGUAGES)},"
        f"origination_caller_id_number={digits},origination_caller_id_name=call-back"
    )
    return (
        f"bgapi originate {{{variables},{contact[1:]} support_call_back XML avanak_support\nJob-UUID: {uuid}\n\n"
    ).encode("ascii")


def reached(uuid: str) -> bytes:
    """``db select``: how far a call-back got, by the switch's own record: «rung», «talked» or nothing."""
    return _api(f"db select/avanak_call_back/{check_uuid('try', uuid)}")


def served(uuid: str) -> bytes:
    """``db select``: «true» if an ended call was put through to an agent, by the switch's own record."""
    return _api(f"db select/avanak_call/{check_uuid('call', uuid)}")


def forget(uuid: str) -> list[bytes]:
    """``db delete``: removes the switch's record of a call or try whose end is in the store."""
    checked = check_uuid("call", uuid)
    return [_api(f"db delete/{book}/{checked}") for book in ("avanak_call", "avanak_call_back")]


def ask(uuid: str, name: str) -> bytes:
    """``uuid_getvar``: one of the variables in `ASKED`; «_undef_» if it is not set."""
    return _api(f"uuid_getvar {check_uuid('call', uuid)} {check_word('variable', name, ASKED)}")


def refuse(networks: Sequence[str]) -> list[bytes]:
    """``global_setvar`` and ``reloadacl``: telephones in these networks cannot register or call, whatever their password."""
    checked = [check_text("network", each, _NETWORK, "a network") for each in networks]
    frames = []
    for line in range(REFUSED_LINES):
        some = checked[line * REFUSED_A_LINE : (line + 1) * REFUSED_A_LINE]
        frames.append(_api(f"global_setvar avanak_refused_{line + 1}={''.join(f',{each}' for each in some)}"))
    return [*frames, _api("reloadacl")]


def simulate(words: str) -> bytes:
    """``avanak_simulate …``: how the simulated people of an embedded switch behave."""
    return _api(f"avanak_simulate {check_text('words', words, _WORDS, 'words and keys')}")


def _extension(value: str) -> str:
    return check_text("extension", value, EXTENSION, "3 to 6 digits")


def _api(words: str) -> bytes:
    return f"api {words}\n\n".encode("ascii")
