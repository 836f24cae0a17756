"""`avanakctl conf check`: what is wrong with a configuration tree and its dialplan, with file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from engine import codecs
from engine.call_end import CDR_COLUMNS
from engine.switch_conf.lint_dialplan import rules_of_contract, rules_of_file
from engine.switch_conf.settings import PACKET_MS, WELL_KNOWN, is_weak
from engine.switch_conf.tree import Element, Finding, Tree, read_tree

NEEDED = {
    "mod_event_socket": "the engine cannot connect",
    "mod_sofia": "there are no SIP trunks",
    "mod_dialplan_xml": "no call finds its dialplan",
    "mod_dptools": "no message is played",
    "mod_commands": "the engine's commands are not understood",
    "mod_cdr_csv": "no call is on record when the engine was away",
    "mod_native_file": "messages in the carrier's codec are not played, every call is transcoded",
    "mod_sndfile": "WAV files are not played",
}
CODEC_MODULES = {"G729": "mod_g729"}
CONFIGURED_BY = {
    "callcenter.conf": "mod_callcenter", "cdr_csv.conf": "mod_cdr_csv", "db.conf": "mod_db",
    "console.conf": "mod_console", "event_socket.conf": "mod_event_socket",
    "json_cdr.conf": "mod_json_cdr", "logfile.conf": "mod_logfile", "sofia.conf": "mod_sofia",
}  # fmt: skip
_PROMPT = re.compile(r"/support/(?:fa|en|\$\{avanak_language\})/([a-z_0-9]+)\.wav")


def check(
    tree: Path, dialplan: Path, environ: Mapping[str, str] = os.environ, prompts: Collection[str] = ()
) -> list[Finding]:
    """Findings of the tree at ``tree`` (the folder of freeswitch.xml) and the dialplan at ``dialplan``.

    ``environ`` stands for the switch's environment, from which passwords may come.  ``prompts`` are those
    of the support line (``fa/offer``); none: they are not checked.  Sorted by file and line; empty when
    there is nothing to say.  Nothing is written, no switch is asked.
    """
    top = tree / "freeswitch.xml"
    read = read_tree(top, environ)
    findings = list(read.findings)
    if top in read.files:
        findings += _rules(read, top, dialplan)
        if prompts:
            findings += _support_prompts(read, prompts)
    return sorted(set(findings), key=lambda one: (str(one.file), one.line, one.sentence))


def _rules(read: Tree, top: Path, dialplan: Path) -> Iterator[Finding]:
    modules = {one.get("module") for one in read.walk("load")}
    wanted = dialplan.resolve()
    included = [one for one in read.files if wanted in one.resolve().parents]
    if not included:
        yield Finding(top, 1, f"the tree includes nothing of the dialplan at {dialplan}")
    yield from _modules(read, top, modules)
    yield from _event_socket(read)
    yield from _gateways(read, top)
    yield from _profiles(read)
    yield from _telephones(read)
    yield from _folders(read)
    yield from _call_record(read)
    for path in included:
        yield from rules_of_file(read, read.files[path], modules)
    yield from rules_of_contract(read, included)


def _modules(read: Tree, top: Path, modules: set[str]) -> Iterator[Finding]:
    where = next(read.walk("modules"), None)
    file, line = (where.file, where.line) if where else (top, 1)
    for name, consequence in NEEDED.items():
        if name not in modules:
            yield Finding(file, line, f"{name} is not loaded: {consequence}")
    for configuration in read.walk("configuration"):
        module = CONFIGURED_BY.get(configuration.get("name"))
        if module and module not in modules:
            sentence = f"{configuration.get('name')} is configured, and {module} is not loaded"
            yield Finding(configuration.file, configuration.line, sentence, "warning")


def _configuration(read: Tree, name: str) -> Iterator[Element]:
    return (one for one in read.walk("configuration") if one.get("name") == name)


def _event_socket(read: Tree) -> Iterator[Finding]:
    for configuration in _configuration(read, "event_socket.conf"):
        for settings in configuration.walk("settings"):
            params = settings.params()
            password = params.get("password")
            if password is None:
                yield Finding(
                    settings.file,
                    settings.line,
                    "no password: FreeSWITCH falls back on one that everybody knows",
                )
                continue
            value = read.expand(password.get("value"))
            # A value that is made up at each start is still a $${name} here: nobody can guess it.
            if not value.startswith("$${") and is_weak(value):
                sentence = (
                    "the event socket's password is empty, short or well known; it is as good as a root shell"
                )
                yield Finding(password.file, password.line, sentence)
            yield from _event_socket_reach(read, params, settings)


def _event_socket_reach(read: Tree, params: dict[str, Element], settings: Element) -> Iterator[Finding]:
    address, acl = params.get("listen-ip"), params.get("apply-inbound-acl")
    host = read.expand(address.get("value")) if address else ""
    if acl is None:
        yield Finding(
            settings.file,
            settings.line,
            "apply-inbound-acl is missing: whoever reaches the port may try passwords",
        )
    elif address and not host.startswith("127.") and read.expand(acl.get("value")) == "loopback.auto":
        sentence = f"the event socket listens on {host}, and only this machine may connect to it"
        yield Finding(acl.file, acl.line, sentence, "warning")
    if host in ("0.0.0.0", "::"):  # noqa: S104 - looked for, not listened on
        assert address is not None
        yield Finding(address.file, address.line, "the event socket listens on every address", "warning")


def _gateways(read: Tree, top: Path) -> Iterator[Finding]:
    seen: dict[str, Element] = {}
    for gateway in read.walk("gateway"):
        name, params = gateway.get("name"), gateway.params()
        if name in seen:
            yield Finding(gateway.file, gateway.line, f"gateway '{name}' is already in {seen[name].file}")
        seen[name] = gateway
        if gateway.file.stem != name:
            sentence = f"gateway '{name}' is in {gateway.file.name}: one file a gateway, named after it"
            yield Finding(gateway.file, gateway.line, sentence, "warning")
        if "proxy" not in params and "realm" not in params:
            yield Finding(gateway.file, gateway.line, f"gateway '{name}' has no proxy: where is the carrier?")
        yield from _gateway_password(read, gateway, params)
        for variable in gateway.walk("variable"):
            if variable.get("name") == "absolute_codec_string":
                yield from _gateway_codecs(read, variable)
        yield from _gateway_secrecy(gateway, params)
    for action in read.walk("action", "anti-action"):
        for name in re.findall(r"sofia/gateway/([\w.-]+)/", read.expand(action.get("data"))):
            if name not in seen:
                yield Finding(action.file, action.line, f"there is no gateway '{name}'")
    if not seen:
        yield Finding(top, 1, "there is no gateway: nobody can be called", "warning")


def _gateway_codecs(read: Tree, variable: Element) -> Iterator[Finding]:
    modules = {one.get("module") for one in read.walk("load")}
    for offer in read.expand(variable.get("value")).split(","):
        found = re.fullmatch(rf"({'|'.join(codecs.KNOWN)})@8000h@(\d+)i", offer)
        if not found or int(found[2]) not in PACKET_MS:
            sentence = f"a codec must be like PCMA@8000h@20i, 40i or 60i, not '{offer}'"
            yield Finding(variable.file, variable.line, sentence)
        elif found[1] in CODEC_MODULES and CODEC_MODULES[found[1]] not in modules:
            sentence = f"{found[1]} needs {CODEC_MODULES[found[1]]}, which is not loaded"
            yield Finding(variable.file, variable.line, sentence)


def _gateway_secrecy(gateway: Element, params: dict[str, Element]) -> Iterator[Finding]:
    transport = params.get("register-transport")
    for variable in gateway.walk("variable"):
        is_srtp = variable.get("name") == "rtp_secure_media"
        if is_srtp and (transport is None or transport.get("value") != "tls"):
            sentence = (
                f"gateway '{gateway.get('name')}': the keys of its SRTP travel in SIP that everybody can read"
            )
            yield Finding(variable.file, variable.line, sentence, "warning")


def _gateway_password(read: Tree, gateway: Element, params: dict[str, Element]) -> Iterator[Finding]:
    registers = params.get("register")
    password = params.get("password")
    if password is None:
        if registers is None or registers.get("value") not in ("false", "no"):
            sentence = f"gateway '{gateway.get('name')}' registers and has no password"
            yield Finding(gateway.file, gateway.line, sentence)
    elif read.expand(password.get("value")).lower() in WELL_KNOWN | {""}:
        yield Finding(
            password.file, password.line, "this password is empty or one that everybody tries first"
        )


def _profiles(read: Tree) -> Iterator[Finding]:
    lists = {one.get("name") for one in read.walk("list")}
    for profile in read.walk("profile"):
        for settings in (one for one in profile.children if one.tag == "settings"):
            params = {name: read.expand(one.get("value")) for name, one in settings.params().items()}
            if "sip-port" not in params:
                continue  # another kind of profile, of a log
            name = profile.get("name")
            if params.get("auth-calls") != "true" and "apply-inbound-acl" not in params:
                yield Finding(settings.file, settings.line, f"profile '{name}' takes calls from strangers")
            by_digest = params.get("auth-calls") == "true" and "challenge-realm" in params
            if params.get("accept-blind-reg") == "true" or (
                params.get("disable-register") != "true" and not by_digest
            ):
                yield Finding(settings.file, settings.line, f"profile '{name}' lets strangers register")
            if by_digest and params.get("inbound-reg-force-matching-username") != "true":
                sentence = f"profile '{name}' lets one telephone register as another"
                yield Finding(settings.file, settings.line, sentence)
            if params.get("enable-chat") != "false" and params.get("auth-messages") != "true":
                yield Finding(settings.file, settings.line, f"profile '{name}' takes messages from strangers")
            acl = params.get("apply-inbound-acl")
            if acl and acl not in lists and not acl.endswith(".auto") and "/" not in acl:
                line = settings.params()["apply-inbound-acl"].line
                yield Finding(settings.file, line, f"there is no list '{acl}' in acl.conf")


def _telephones(read: Tree) -> Iterator[Finding]:
    """Contacts are telephones' own text: calls go to where they registered from, and no contact is dialled as it came."""
    for domain in read.walk("domain"):
        values = {one.get("name"): one.get("value") for one in domain.walk("variable")}
        if values.get("sip-force-contact") != "NDLB-connectile-dysfunction":
            sentence = f"telephones of '{domain.get('name')}' choose the address that their calls go to"
            yield Finding(domain.file, domain.line, sentence)
        for param in domain.walk("param"):
            dialled = param.get("value")
            if (
                param.get("name") == "dial-string"
                and "sofia_contact(" in dialled
                and "url_encode(" not in dialled
            ):
                sentence = (
                    "dial-string takes a telephone's contact as it came, which can begin calls to any number"
                )
                yield Finding(param.file, param.line, sentence)


def _folders(read: Tree) -> Iterator[Finding]:
    for name in ("avanak_prompts_dir", "avanak_recordings_dir", "avanak_cdr_dir"):
        value = read.variables.get(name)
        file, line = _line_of(read, name)
        if not value:
            yield Finding(file, line, f"{name} is not set")
        elif name == "avanak_prompts_dir" and "." in value:
            yield Finding(
                file, line, f"'{value}' has a dot: FreeSWITCH takes what follows it for the file's type"
            )
        elif not Path(value).is_dir():
            yield Finding(file, line, f"there is no folder {value} on this machine", "warning")


def _support_prompts(read: Tree, prompts: Collection[str]) -> Iterator[Finding]:
    """Every prompt that the dialplan plays is one of the manifest, and lies there if there is a support line."""
    names = {each.partition("/")[2] for each in prompts}
    for path in read.files:
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for name in _PROMPT.findall(text):
                if name not in names:
                    yield Finding(path, number, f"the support line has no prompt '{name}'")
    folder = Path(read.variables.get("avanak_prompts_dir") or "") / "support"
    if read.variables.get("avanak_support_numbers", "^none$") == "^none$" or not folder.parent.is_dir():
        return
    missing = sorted(each for each in prompts if not (folder / f"{each}.wav").is_file())
    if missing:
        told = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        file, line = _line_of(read, "avanak_prompts_dir")
        sentence = f"{len(missing)} prompts of the support line are missing in {folder}: {told}"
        yield Finding(file, line, f"{sentence} (`avanakctl line prompts` makes them)", "warning")


def _line_of(read: Tree, variable: str) -> tuple[Path, int]:
    """Where a global variable is set; the first file if it is not."""
    for path in read.files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if f'data="{variable}=' in line:
                return path, number
    return next(iter(read.files)), 1


def _call_record(read: Tree) -> Iterator[Finding]:
    for configuration in _configuration(read, "cdr_csv.conf"):
        params = {
            name: one
            for settings in configuration.walk("settings")
            for name, one in settings.params().items()
        }
        for name, wanted in (("legs", "ab"), ("master-file-only", "true")):
            if name not in params or params[name].get("value") != wanted:
                line = params[name].line if name in params else configuration.line
                yield Finding(
                    configuration.file, line, f"{name} must be {wanted}, or calls are missing from the record"
                )
        chosen = params["default-template"].get("value") if "default-template" in params else ""
        template = next((one for one in configuration.walk("template") if one.get("name") == chosen), None)
        if template is None:
            yield Finding(configuration.file, configuration.line, f"there is no template '{chosen}'")
        elif not f"{template.text.strip()},".startswith(",".join(f"${{{one}}}" for one in CDR_COLUMNS) + ","):
            sentence = "the engine reads these columns first, in this order: " + ",".join(CDR_COLUMNS)
            yield Finding(template.file, template.line, sentence)
