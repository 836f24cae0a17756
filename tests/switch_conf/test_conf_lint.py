"""`conf check`: each fault is planted in a copy of the tree, and must be found at its line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.call_end import CDR_COLUMNS
from engine.services.support_line import voice_prompts
from engine.switch_conf import DIALPLAN, TREE
from engine.switch_conf.contract import DIALPLAN as BY_DIALPLAN
from engine.switch_conf.contract import ENGINE, VARIABLES
from engine.switch_conf.lint import check
from engine.switch_conf.tree import Finding


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository's tree and dialplan in a folder of their own, with folders that exist."""
    shutil.copytree(TREE, tmp_path / "freeswitch-conf")
    shutil.copytree(DIALPLAN, tmp_path / "dialplan")
    variables = tmp_path / "freeswitch-conf/vars.xml"
    (tmp_path / "data").mkdir()
    variables.write_text(re.sub(r"=/var/lib/avanak/\w+", f"={tmp_path / 'data'}", variables.read_text()))
    return tmp_path


def _check(copy: Path, environ: dict[str, str] | None = None) -> list[Finding]:
    return check(copy / "freeswitch-conf", copy / "dialplan", environ or {})


def test_the_repositorys_own_files_have_nothing_wrong(copy: Path) -> None:
    assert _check(copy) == []


# file, text that is replaced, by what, word of the sentence that must be said
FAULTS = [
    ("freeswitch-conf/vars.xml", "</include>", "<include>", "well-formed"),
    ("freeswitch-conf/vars.xml", 'data="avanak_sip_port=5080"', 'data="avanak_sip_prt=5080"', "avanak_sip_port"),
    ("freeswitch-conf/vars.xml", 'cmd="set" data="avanak_rtp_end', 'cmd="sett" data="avanak_rtp_end', "does not know"),
    ("freeswitch-conf/vars.xml", "<!-- Folder of the switch's own log. -->",
     '<!-- <X-PRE-PROCESS cmd="set" data="a=b"/> -->', "inside a comment"),
    ("freeswitch-conf/vars.xml", "<!-- Folder of the switch's own log. -->", "<!-- <include> -->", "drops this whole line"),
    ("freeswitch-conf/vars.xml", "/data", "/da.ta", "dot"),
    ("freeswitch-conf/vars.xml", "avanak_dialplan_dir=../dialplan", "avanak_dialplan_dir=nowhere", "nothing is included"),
    ("freeswitch-conf/freeswitch.xml", 'data="vars.xml"', 'data="varz.xml"', "there is no varz.xml"),
    ("freeswitch-conf/autoload_configs/event_socket.conf.xml", "$${avanak_event_socket_password}", "ClueCon", "root shell"),
    ("freeswitch-conf/autoload_configs/event_socket.conf.xml", '<param name="password"', '<param name="passwort"',
     "everybody knows"),
    ("freeswitch-conf/autoload_configs/event_socket.conf.xml", "$${avanak_event_socket_ip}", "0.0.0.0", "every address"),
    ("freeswitch-conf/autoload_configs/event_socket.conf.xml", "apply-inbound-acl", "apply-outbound-acl", "may try"),
    ("freeswitch-conf/autoload_configs/modules.conf.xml", '<load module="mod_cdr_csv"/>', "", "mod_cdr_csv is not loaded"),
    ("freeswitch-conf/autoload_configs/modules.conf.xml", '<load module="mod_expr"/>', "", "'expr' needs mod_expr"),
    ("freeswitch-conf/autoload_configs/modules.conf.xml", '<load module="mod_tone_stream"/>', "", "'tone_stream' needs"),
    ("freeswitch-conf/sip_profiles/agents.xml", "inbound-reg-force-matching-username", "inbound-reg-any", "as another"),
    ("freeswitch-conf/directory/avanak.xml", "NDLB-connectile-dysfunction", "NDLB-connectile-dysfunction-2.0", "choose the"),
    ("freeswitch-conf/directory/avanak.xml", "sip-force-contact", "sip-contact", "choose the address"),
    ("freeswitch-conf/directory/avanak.xml", "${url_encode(", "${url_decode(", "as it came"),
    ("freeswitch-conf/autoload_configs/cdr_csv.conf.xml", "${avanak_attempt},", "", "these columns first"),
    ("freeswitch-conf/autoload_configs/cdr_csv.conf.xml", 'value="ab"', 'value="a"', "legs must be ab"),
    ("freeswitch-conf/autoload_configs/cdr_csv.conf.xml", 'value="avanak"', 'value="other"', "no template 'other'"),
    ("freeswitch-conf/sip_profiles/carrier.xml", 'value="carriers"', 'value="nolist"', "no list 'nolist'"),
    ("freeswitch-conf/sip_profiles/carrier.xml", 'name="disable-register" value="true"', 'name="disable-register" value="false"',
     "register"),
    ("freeswitch-conf/sip_profiles/carrier/sample.xml", 'name="proxy"', 'name="prox"', "no proxy"),
    ("freeswitch-conf/sip_profiles/carrier/sample.xml", 'value="false"', 'value="true"', "has no password"),
    ("freeswitch-conf/sip_profiles/carrier/sample.xml", 'gateway name="sample"', 'gateway name="other"', "named after it"),
    ("freeswitch-conf/sip_profiles/carrier/sample.xml", "@20i", "@30i", "20i, 40i or 60i"),
    ("dialplan/avanak/30_play.xml", "${avanak_message}\"", "${avanak_massage}\"", "avanak_massage is not in the contract"),
    ("dialplan/avanak/30_play.xml", "avanak_plays=", "avanak_turns=", "avanak_turns is not in the contract"),
    ("dialplan/avanak/10_answer.xml", "avanak_max_s", "avanak_second", "nothing here looks at it"),
    ("dialplan/avanak/60_key.xml", "avanak_opted_out=true", "avanak_optout=11", "is the engine's"),
    ("dialplan/avanak/60_key.xml", 'data="avanak_opted_out=true"', 'data="x=y"', "nothing here sets it"),
    ("dialplan/avanak/60_key.xml", "avanak_again XML", "avanak_agin XML", "leads nowhere"),
    ("dialplan/avanak/90_end.xml", '"hangup"', '"hangupp"', "application 'hangupp'"),
    ("dialplan/avanak/90_end.xml", "(_again)?$", "(_again?$", "not a valid regular expression"),
    ("dialplan/avanak/90_end.xml", '"sleep" data="120"', '"playback" data="/no/such/file.wav"', "no file /no/such/file.wav"),
    ("dialplan/avanak/90_end.xml", '"sleep" data="120"', '"bridge" data="sofia/gateway/gone/1"', "no gateway 'gone'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "word"), FAULTS, ids=[f"{one[0]}: {one[3]}" for one in FAULTS]
)
def test_a_planted_fault_is_found(file: str, old: str, new: str, word: str, copy: Path) -> None:
    path = copy / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    findings = [one for one in _check(copy) if word in one.sentence]
    assert findings
    for one in findings:
        assert one.file.is_file()
        assert 1 <= one.line <= len(one.file.read_text().splitlines())


def test_a_finding_names_file_and_line(copy: Path) -> None:
    path = copy / "freeswitch-conf/autoload_configs/event_socket.conf.xml"
    path.write_text(path.read_text().replace("$${avanak_event_socket_password}", "ClueCon"))
    (found,) = _check(copy)
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "ClueCon" in text)
    assert str(found).startswith(f"{path}:{line}: error: the event socket's password")


def test_a_weak_password_in_the_environment_is_found(copy: Path) -> None:
    assert [one.severity for one in _check(copy, {"AVANAK_ESL_PASSWORD": "ClueCon"})] == ["error"]
    assert _check(copy, {"AVANAK_ESL_PASSWORD": "long-and-never-seen-before"}) == []


def test_a_file_that_includes_itself(copy: Path) -> None:
    path = copy / "dialplan/avanak/90_end.xml"
    path.write_text(
        path.read_text().replace("</include>", '<X-PRE-PROCESS cmd="include" data="90_end.xml"/>\n</include>')
    )
    assert any("includes itself" in one.sentence for one in _check(copy))


def test_a_folder_that_is_no_tree(tmp_path: Path) -> None:
    (found,) = check(tmp_path, tmp_path, {})
    assert "cannot be read" in found.sentence


def test_no_gateway_is_a_warning(copy: Path) -> None:
    (copy / "freeswitch-conf/sip_profiles/carrier/sample.xml").unlink()
    assert {one.severity for one in _check(copy)} == {"warning"}


def test_the_readme_tells_the_same_contract() -> None:
    text = (DIALPLAN / "README.md").read_text()
    chapters = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.M | re.S))

    def names(chapter: str) -> set[str]:
        return set(re.findall(r"^\| `(avanak_\w+)` \|", chapters[chapter], re.M))

    assert names("Set by the engine") == {one.name for one in VARIABLES if one.set_by == ENGINE}
    assert names("Read back by the engine") == {one.name for one in VARIABLES if one.result}
    kept = {one.name for one in VARIABLES if one.set_by == BY_DIALPLAN and not one.result}
    assert names("Kept to itself by the dialplan") == kept
    assert ", ".join(CDR_COLUMNS) in (TREE / "README.md").read_text().replace("\n", " ")


def test_each_parameter_of_the_tree_has_its_comment() -> None:
    """What an administrator looks for at three in the morning."""
    bare = []
    for path in sorted(TREE.rglob("*.xml")):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            above = number - 1
            while above >= 0 and re.match(r"\s*<(param|load|X-PRE-PROCESS) ", lines[above]):
                above -= 1
            if re.match(r"\s*<param ", line) and "-->" not in lines[above]:
                bare.append(f"{path.name}:{number + 1}")
    assert bare == []


def test_the_support_lines_prompts_are_known_and_there(copy: Path) -> None:
    def told(prompts: list[str]) -> list[str]:
        found = check(copy / "freeswitch-conf", copy / "dialplan", {}, prompts)
        return [one.sentence for one in found]

    assert told(voice_prompts.names()) == []  # no support line is configured
    variables = copy / "freeswitch-conf/vars.xml"
    variables.write_text(
        variables.read_text().replace("avanak_support_numbers=^none$", "avanak_support_numbers=^21$")
    )
    (sentence,) = told(voice_prompts.names())
    assert "prompts of the support line are missing" in sentence
    for name in voice_prompts.names():
        file = copy / "data" / "support" / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert told(voice_prompts.names()) == []
    plan = copy / "dialplan/support/20_open.xml"
    plan.write_text(plan.read_text().replace("welcome.wav", "welcom.wav"))
    assert told(voice_prompts.names()) == ["the support line has no prompt 'welcom'"]
