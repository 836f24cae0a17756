"""`conf install`: what is written, with which rights, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BadInput
from engine.switch_conf.install import MARKER, fill_in, install
from engine.switch_conf.lint import check
from engine.switch_conf.settings import GatewaySettings, InstallSettings

PASSWORD = "a-long-password-of-mine"
TRUNK = GatewaySettings("pars", "203.0.113.5:5061", "0219100", "p&ss\"<word>", register=True, ptime_ms=60,
                        inbound=("203.0.113.0/28",))  # fmt: skip
SETTINGS = InstallSettings(
    event_socket_password=PASSWORD, gateways=(TRUNK, GatewaySettings("shiraz", "203.0.113.9"))
)


def test_the_installed_tree_has_nothing_wrong(tmp_path: Path) -> None:
    folders: dict[str, Any] = {
        name: str(tmp_path / name) for name in ("prompts_dir", "recordings_dir", "cdr_dir")
    }
    for folder in folders.values():
        Path(folder).mkdir()
    written = install(tmp_path / "fs", dataclasses.replace(SETTINGS, **folders))
    assert check(tmp_path / "fs", tmp_path / "fs" / "dialplan", {}) == []
    assert all(path.is_file() for path in written)
    assert not (tmp_path / "fs/sip_profiles/carrier/sample.xml").exists()


def test_secrets_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    install(tmp_path / "fs", SETTINGS)
    holding = [path for path in (tmp_path / "fs").rglob("*") if path.is_file() and "word" in path.read_text()]
    secret = [path for path in holding if PASSWORD in path.read_text() or "p&amp;ss" in path.read_text()]
    assert {path.name for path in secret} == {"vars.xml", "pars.xml"}
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}


def test_a_second_installation_changes_only_what_differs(tmp_path: Path) -> None:
    install(tmp_path, SETTINGS)
    before = {path: path.read_text() for path in tmp_path.rglob("*.xml")}
    install(tmp_path, dataclasses.replace(SETTINGS, gateways=(TRUNK,), max_sessions=77))
    after = {path: path.read_text() for path in tmp_path.rglob("*.xml")}
    assert {path.name for path in before.keys() - after.keys()} == {"shiraz.xml"}
    assert [path.name for path in after if after[path] != before[path]] == ["vars.xml"]
    assert "avanak_max_sessions=77" in (tmp_path / "vars.xml").read_text()


def test_a_foreign_folder_is_refused_and_can_be_forced(tmp_path: Path) -> None:
    (tmp_path / "vars.xml").write_text("somebody's work")
    with pytest.raises(BadInput, match="holds files that Avanak did not write"):
        install(tmp_path, SETTINGS)
    assert (tmp_path / "vars.xml").read_text() == "somebody's work"
    assert install(tmp_path, SETTINGS, force=True)


def test_what_was_changed_by_hand_is_refused_by_name(tmp_path: Path) -> None:
    install(tmp_path, SETTINGS)
    changed = tmp_path / "sip_profiles/carrier.xml"
    changed.write_text(changed.read_text().replace("Avanak", "Mine"))
    with pytest.raises(BadInput, match=r"carrier\.xml was changed by hand"):
        install(tmp_path, SETTINGS)
    install(tmp_path, SETTINGS, force=True)
    assert "Mine" not in changed.read_text()


def test_a_gateway_made_by_hand_is_not_overwritten(tmp_path: Path) -> None:
    install(tmp_path, dataclasses.replace(SETTINGS, gateways=()))
    (tmp_path / "sip_profiles/carrier/pars.xml").write_text("<include/>")
    with pytest.raises(BadInput, match=r"pars\.xml was not written by Avanak"):
        install(tmp_path, SETTINGS)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "fs").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        install(tmp_path / "fs", SETTINGS)


def test_a_marker_cannot_make_it_remove_files_elsewhere(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    install(tmp_path / "fs", SETTINGS)
    marker = tmp_path / "fs" / MARKER
    found = json.loads(marker.read_text())
    found["files"] |= {"../precious": "x", str(precious): "x"}
    marker.write_text(json.dumps(found))
    install(tmp_path / "fs", SETTINGS, force=True)
    assert precious.read_text() == "kept"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"event_socket_password": "ClueCon"}, "well-known"),
        ({"event_socket_password": "short"}, "12 characters"),
        ({"event_socket_password": 'long-enough-but"quoted'}, "quotes"),
        ({"event_socket_password": "long-enough-$${x}"}, "quotes"),
        ({"event_socket_ip": "localhost"}, "IP address"),
        ({"event_socket_allow": "everybody"}, "not a network"),
        ({"sip_port": 0}, "SIP port"),
        ({"rtp_start": 30000, "rtp_end": 20000}, "no room"),
        ({"sessions_per_second": 1}, "sessions per second"),
        ({"max_sessions": 0}, "most sessions"),
        ({"loglevel": "loud"}, "log level"),
        ({"prompts_dir": "/var/lib/avanak.d/prompts"}, "dot"),
        ({"prompts_dir": "prompts"}, "absolute"),
        ({"cdr_dir": "/var/lib/my calls"}, "blanks"),
        ({"cdr_dir": ""}, "absolute"),
        ({"recordings_dir": '/x"/><param'}, "quotes"),
        ({"gateways": (GatewaySettings("a b", "h"),)}, "a name is made of"),
        ({"gateways": (GatewaySettings("../../etc/x", "h"),)}, "a name is made of"),
        ({"gateways": (GatewaySettings("a", "h;transport=tls"),)}, "proxy"),
        ({"gateways": (GatewaySettings("a", "h", ptime_ms=30),)}, "20, 40 or 60"),
        ({"gateways": (GatewaySettings("a", "h", codecs="G722"),)}, "Codecs are"),
        ({"gateways": (GatewaySettings("a", "h", codecs="G729"),)}, "with PCMA or PCMU"),
        ({"gateways": (GatewaySettings("a", "h", transport="sctp"),)}, "transport is one of"),
        ({"gateways": (GatewaySettings("a", "h", srtp="yes"),)}, "SRTP is one of"),
        ({"gateways": (GatewaySettings("a", "h", voice_to="nat"),)}, "where voice goes is one of"),
        ({"gateways": (GatewaySettings("a", "h", transport="tls"),)}, "--tls-authorities-file"),
        ({"tls_certificate": "-----BEGIN CERTIFICATE-----"}, "private key"),
        ({"gateways": (GatewaySettings("a", "h", register=True),)}, "user name"),
        ({"gateways": (GatewaySettings("a", "h", "u", "1234"),)}, "everybody tries"),
        ({"gateways": (GatewaySettings("a", "h", "u", "$${conf_dir}"),)}, "control"),
        ({"gateways": (GatewaySettings("a", "h", ping_s=-1),)}, "ping"),
        ({"gateways": (GatewaySettings("a", "h", inbound=("x",)),)}, "not a network"),
        ({"gateways": (GatewaySettings("a", "h"), GatewaySettings("a", "h"))}, "twice"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(
    change: dict[str, Any], word: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=word):
        install(tmp_path / "fs", dataclasses.replace(SETTINGS, **change))
    assert not (tmp_path / "fs").exists()


def test_a_variable_without_a_line_is_not_lost_in_silence() -> None:
    with pytest.raises(BadInput, match="no line for nosuch"):
        fill_in('<X-PRE-PROCESS cmd="set" data="avanak_x=1"/>', {"nosuch": "2"})


def test_trunks_by_tcp_and_tls_with_their_codecs(tmp_path: Path) -> None:
    authorities = "-----BEGIN CERTIFICATE-----\n…"
    own = authorities + "-----BEGIN PRIVATE KEY-----\n…"
    wanted = dataclasses.replace(
        SETTINGS,
        gateways=(
            GatewaySettings("near", "192.0.2.1:5070", transport="tcp", codecs="PCMU PCMA", ptime_ms=40),
            GatewaySettings("far", "192.0.2.2", transport="tls", srtp="mandatory", codecs="G729,PCMA"),
        ),
        tls_authorities=authorities,
        tls_certificate=own,
    )
    install(tmp_path / "fs", wanted)
    near, far = (
        (tmp_path / "fs/sip_profiles/carrier" / f"{name}.xml").read_text() for name in ("near", "far")
    )
    assert 'value="192.0.2.1:5070;transport=tcp"' in near
    assert 'name="register-transport" value="tcp"' in near
    assert 'value="PCMU@8000h@40i,PCMA@8000h@40i"' in near
    assert "rtp_secure_media" not in near
    assert 'name="rtp_secure_media" value="mandatory:AES_CM_256_HMAC_SHA1_80:AES_CM_128_HMAC_SHA1_80"' in far
    assert "mod_g729" in (tmp_path / "fs/autoload_configs/modules.conf.xml").read_text()
    assert 'data="avanak_tls=true"' in (tmp_path / "fs/vars.xml").read_text()
    assert (tmp_path / "fs/tls/cafile.pem").read_text() == authorities
    assert (tmp_path / "fs/tls/agent.pem").stat().st_mode & 0o777 == 0o600
    found = [one for one in check(tmp_path / "fs", tmp_path / "fs/dialplan", {}) if one.severity == "error"]
    assert found == []
    install(tmp_path / "fs", SETTINGS)  # without them they are gone
    assert not (tmp_path / "fs/tls/agent.pem").exists()


def test_voice_goes_where_the_gateway_is_set_to_send_it(tmp_path: Path) -> None:
    trunks = (GatewaySettings("plain", "192.0.2.1"), GatewaySettings("nat", "192.0.2.2", voice_to="source"))
    install(tmp_path / "fs", dataclasses.replace(SETTINGS, gateways=trunks))
    for name, is_fixed in (("plain", "true"), ("nat", "false")):
        text = (tmp_path / "fs/sip_profiles/carrier" / f"{name}.xml").read_text()
        assert f'name="disable_rtp_auto_adjust" value="{is_fixed}"' in text
    install(
        tmp_path / "fs", dataclasses.replace(SETTINGS, gateways=trunks[::-1])
    )  # nothing counts as changed


def test_what_is_wrong_with_codecs_and_secrecy_is_found(tmp_path: Path) -> None:
    trunk = GatewaySettings("open", "192.0.2.1", srtp="optional", codecs="G729,PCMA")
    install(tmp_path / "fs", dataclasses.replace(SETTINGS, gateways=(trunk,)))
    modules = tmp_path / "fs/autoload_configs/modules.conf.xml"
    modules.write_text(modules.read_text().replace('<load module="mod_g729"/>', ""))
    path = tmp_path / "fs/sip_profiles/carrier/open.xml"
    path.write_text(path.read_text().replace("PCMA@8000h@20i", "OPUS@48000h@20i"))
    said = {one.sentence for one in check(tmp_path / "fs", tmp_path / "fs/dialplan", {})}
    assert "G729 needs mod_g729, which is not loaded" in said
    assert "a codec must be like PCMA@8000h@20i, 40i or 60i, not 'OPUS@48000h@20i'" in said
    assert "gateway 'open': the keys of its SRTP travel in SIP that everybody can read" in said
