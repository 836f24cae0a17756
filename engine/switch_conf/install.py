"""Writes the configuration of one switch: this repository's tree and dialplan, with its settings filled in."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from xml.sax.saxutils import quoteattr

from engine import codecs
from engine.errors import BadInput
from engine.switch_conf import DIALPLAN, TREE, posting, support
from engine.switch_conf.settings import GatewaySettings, InstallSettings

MARKER = ".avanak-conf.json"  # what we wrote, so that nobody else's changes are overwritten
SRTP_SUITES = (
    "AES_CM_256_HMAC_SHA1_80:AES_CM_128_HMAC_SHA1_80"  # FreeSWITCH offers some that authenticate nothing, too
)
SECRET, OPEN, PROGRAM = 0o600, 0o644, 0o755
_SET = re.compile(r'cmd="(?:set|exec-set)" data="([a-z_]+)=[^"]*"')
_SAMPLES = ("sip_profiles/carrier/sample.xml", "autoload_configs/acl/sample.xml")


def install(
    dest: Path,
    settings: InstallSettings,
    *,
    force: bool = False,
    tree: Path = TREE,
    dialplan: Path = DIALPLAN,
) -> list[Path]:
    """Writes the tree to ``dest`` (for ``freeswitch -conf dest``) and returns the files written.

    1. The settings are checked; nothing is written if one is bad.
    2. A folder that holds other files than ours, or ours changed by hand, is refused; ``force`` overrides.
    3. Files are replaced one by one, each whole; those with secrets can be read by their owner alone.
    4. Files of an earlier installation that are no longer wanted (a gateway that has gone) are removed.

    Raises BadInput with one sentence when settings or folder cannot be used, or it cannot be written.
    """
    settings.check()
    if dest.exists() and not dest.is_dir():
        raise BadInput("%(dest)s is a file, not a folder", dest=dest)
    texts = _texts(settings, tree, dialplan)
    before = _read_marker(dest)
    if not force:
        _refuse_foreign(dest, texts, before)
    marker = {name: _digest(text) for name, (text, _) in texts.items()}
    texts[MARKER] = (json.dumps({"files": marker}, indent=1, sort_keys=True) + "\n", OPEN)
    try:
        for folder in sorted({Path(name).parent for name in _SAMPLES}):
            (dest / folder).mkdir(parents=True, exist_ok=True)  # included by name, so they must exist
        written = [
            _write(dest / name, text, mode, settings.owner) for name, (text, mode) in sorted(texts.items())
        ]
        for name in before.keys() - texts.keys():
            (dest / name).unlink(missing_ok=True)
    except (OSError, LookupError) as error:
        raise BadInput(
            "the configuration cannot be written to %(dest)s: %(why)s", dest=dest, why=error
        ) from error
    return written


def _texts(settings: InstallSettings, tree: Path, dialplan: Path) -> dict[str, tuple[str, int]]:
    """Every file to write: its name below the folder, with text and mode."""
    texts: dict[str, tuple[str, int]] = {}
    for root, prefix in ((tree, ""), (dialplan, "dialplan/")):
        if not root.is_dir():
            raise BadInput(
                "%(root)s is missing: a configuration can only be installed from a checkout", root=root
            )
        for path in sorted(root.rglob("*")):
            name = prefix + path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in (".xml", ".md") and name not in _SAMPLES:
                texts[name] = (path.read_text(encoding="utf-8"), OPEN)
    texts["vars.xml"] = (fill_in(texts["vars.xml"][0], settings.variables()), SECRET)
    if settings.support_days:
        texts["dialplan/support/15_hours.xml"] = (support.hours_xml(settings.support_days), OPEN)
    modules = "autoload_configs/modules.conf.xml"
    if any("G729" in codecs.read(gateway.codecs) for gateway in settings.gateways):
        texts[modules] = (_with_module(texts[modules][0], "mod_sndfile", "mod_g729"), OPEN)
    if settings.records_url:
        texts[modules] = (_with_module(texts[modules][0], "mod_cdr_csv", "mod_json_cdr"), OPEN)
        texts["autoload_configs/json_cdr.conf.xml"] = (posting.json_cdr_xml(settings), SECRET)
        texts[posting.SENDER] = (posting.sender(settings), PROGRAM)
        texts[posting.SENDER_SETTINGS] = (posting.sender_settings(settings), SECRET)
    if settings.has_tls:
        texts["tls/cafile.pem"] = (settings.tls_authorities, OPEN)
    if settings.tls_certificate and (settings.has_tls or settings.agents_tls):
        texts["tls/agent.pem"] = (settings.tls_certificate, SECRET)
    for gateway in settings.gateways:
        texts[f"sip_profiles/carrier/{gateway.name}.xml"] = (gateway_xml(gateway), SECRET)
        if gateway.inbound:
            texts[f"autoload_configs/acl/{gateway.name}.xml"] = (_acl_xml(gateway), OPEN)
    return texts


def fill_in(text: str, values: dict[str, str]) -> str:
    """``vars.xml`` with the values of the named variables replaced; BadInput if one has no line there.

    Lines that read the environment stay as they are: the environment wins.
    """
    left = dict(values)

    def replace(found: re.Match[str]) -> str:
        value = left.pop(found[1], None)
        return found[0] if value is None else f'cmd="set" data="{found[1]}={value}"'

    filled = _SET.sub(replace, text)
    if left:
        raise BadInput("vars.xml has no line for %(left)s", left=sorted(left))
    return filled


def _with_module(modules: str, beside: str, module: str) -> str:
    """modules.conf.xml that loads `module`, too."""
    line = f'<load module="{beside}"/>'
    if line not in modules:
        raise BadInput(
            "modules.conf.xml has no line for %(beside)s, beside which %(module)s is loaded",
            beside=beside,
            module=module,
        )
    return modules.replace(line, f'{line}\n    <load module="{module}"/>')


def gateway_xml(gateway: GatewaySettings) -> str:
    """The file of one gateway, as FreeSWITCH reads it."""
    by = "" if gateway.transport == "udp" else f";transport={gateway.transport}"
    params: list[tuple[str, str, str]] = [("The carrier's address.", "proxy", gateway.proxy + by)]
    if by:
        params.append(("Its SIP goes by this.", "register-transport", gateway.transport))
        params.append(("Without how it is reached.", "realm", gateway.proxy))
    if gateway.username:
        params.append(("Who we are to the carrier.", "username", gateway.username))
    if gateway.password:
        params.append(
            ("Kept here alone: this file can be read by its owner only.", "password", gateway.password)
        )
    params += [
        ("Whether the carrier wants us to register.", "register", str(gateway.register).lower()),
        ("The caller's number in From.", "caller-id-in-from", str(gateway.caller_id_in_from).lower()),
        (
            "Seconds between questions whether the carrier is there (OPTIONS); 0: none.",
            "ping",
            str(gateway.ping_s),
        ),
        ("Calls from this gateway land here.", "context", "public"),
    ]
    lines = ["<include>", f"  <gateway name={quoteattr(gateway.name)}>"]
    for comment, name, value in params:
        lines += [f"    <!-- {comment} -->", f"    <param name={quoteattr(name)} value={quoteattr(value)}/>"]
    offer = codecs.preferences(codecs.read(gateway.codecs), gateway.ptime_ms)
    lines += [
        "    <variables>",
        "      <!-- Codecs and packet time of calls placed by hand; the engine sends its own. -->",
        f'      <variable name="absolute_codec_string" value="{offer}" direction="outbound"/>',
        *_where_voice_goes(gateway),
        *_secured(gateway),
        "    </variables>",
        "  </gateway>",
        "</include>",
    ]
    return "\n".join(lines) + "\n"


def _where_voice_goes(gateway: GatewaySettings) -> list[str]:
    """Lines that say where voice is sent, and that nobody waits for ICE, which we never offer.

    Whoever can send a packet to our port draws the voice of a trunk with ``source`` away; one behind NAT needs it.
    """
    is_fixed = str(gateway.voice_to == "sdp").lower()
    return [
        "      <!-- true: voice goes where the carrier's SDP says; false: where its voice comes from (behind NAT). -->",
        f'      <variable name="disable_rtp_auto_adjust" value="{is_fixed}" direction="outbound"/>',
        "      <!-- ICE is not offered; a carrier that answers with it gets its voice all the same. -->",
        '      <variable name="ignore_sdp_ice" value="true" direction="outbound"/>',
    ]


def _secured(gateway: GatewaySettings) -> list[str]:
    """Lines for a trunk whose voice is encrypted."""
    if gateway.srtp == "none":
        return []
    return [
        "      <!-- SRTP; its keys travel in the SIP. -->",
        f'      <variable name="rtp_secure_media" value="{gateway.srtp}:{SRTP_SUITES}" direction="outbound"/>',
    ]


def _acl_xml(gateway: GatewaySettings) -> str:
    nodes = "".join(f'  <node type="allow" cidr="{network}"/>\n' for network in gateway.inbound)
    return f"<include>\n  <!-- Where the gateway {gateway.name} calls us from. -->\n{nodes}</include>\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_marker(dest: Path) -> dict[str, str]:
    """Names and digests of what an earlier installation wrote; empty without one."""
    try:
        found = json.loads((dest / MARKER).read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput("%(dest)s cannot be read: %(why)s", dest=dest / MARKER, why=error) from error
    # What it names is removed when it is no longer wanted: never anything outside the folder.
    return {
        str(name): str(digest)
        for name, digest in found.items()
        if not Path(name).is_absolute() and ".." not in Path(name).parts
    }


def _refuse_foreign(dest: Path, texts: dict[str, tuple[str, int]], before: dict[str, str]) -> None:
    if not dest.is_dir():
        return
    if not before and any(dest.iterdir()):
        raise BadInput(
            "%(dest)s holds files that Avanak did not write; choose another folder, or force it", dest=dest
        )
    for name in sorted({*texts, *before}):
        path = dest / name
        if not path.exists():
            continue
        if name not in before:
            raise BadInput("%(path)s was not written by Avanak; move it away, or force it", path=path)
        if _digest(path.read_text(encoding="utf-8")) != before[name]:
            raise BadInput(
                "%(path)s was changed by hand since it was written; keep a copy, then force it", path=path
            )


def _write(path: Path, text: str, mode: int, owner: str) -> Path:
    """Replaces the file whole: a switch that reloads meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if owner:
        shutil.chown(beside, user=owner)
        shutil.chown(path.parent, user=owner)
    beside.chmod(mode)
    beside.replace(path)
    return path
