"""Status, test call and comparison, told by a switch that answers from a table."""

from __future__ import annotations

import json

import compare_conf
import conf_tree
import pytest
import session
import switch_status
import test_call

from engine.errors import BadInput, SwitchUnavailable
from engine.esl.checks import BadCommand

SOFIA = (
    "                     Name\t   Type\t                   Data\tState\n====\n"
    "                  carrier\tprofile\t   sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n"
    "             carrier::lab\tgateway\t             sip:x@127.0.0.1:1\tNOREG\n"
    "           carrier::other\tgateway\t             sip:x@127.0.0.1:1\tNOREG\n====\n1 profile 0 aliases\n"
)
ANSWERS = {
    "api version": "FreeSWITCH Version 1.10.12-release~64bit ( 64bit)\n",
    "api status": "UP 0 years\n",
    "api global_getvar core_uuid": "676e0c0e-e8ae-437c-a92b-ad7736fb9694",
    "api global_getvar avanak_rtp_start": "16384",
    "api global_getvar avanak_cdr_dir": "/elsewhere",
    "api global_getvar avanak_password": "another",
    "api fsctl sps": "+OK sessions per second: 30\n",
    "api fsctl last_sps": "+OK last sessions per second: 4\n",
    "api fsctl max_sessions": "+OK max sessions: 1000\n",
    "api show channels as json": '{"row_count":1,"rows":[{"uuid":"a","callstate":"ACTIVE"}]}',
    "api show modules as json": '{"row_count":2,"rows":[{"ikey":"mod_sofia"},{"ikey":"mod_verto"}]}',
    "api module_exists mod_sofia": "true",
    "api module_exists mod_expr": "false",
    "api sofia status": SOFIA,
    "api sofia status gateway lab": "Name    \tlab\nState   \tNOREG\nStatus  \tUP\n",
    "api sofia status gateway down": "Name    \tdown\nState   \tFAIL_WAIT\nStatus  \tDOWN\n",
}


class Switch:
    """Stands for a session; records what it was asked."""

    def __init__(self, events=()):
        self.asked = []
        self._events = list(events)

    def ask(self, frame):
        text = frame.decode().strip()
        self.asked.append(text)
        return ANSWERS.get(text, "+OK" if not text.startswith("api sofia") else "Invalid Gateway!\n")

    def subscribe(self, names):
        self.asked.append("events " + names)

    def next_event(self, _timeout_ms):
        if not self._events:
            raise KeyboardInterrupt
        event = self._events.pop(0)
        return event and json.dumps(event)

    def close(self):
        self.asked.append("closed")


@pytest.fixture
def switch(monkeypatch):
    made = Switch()
    monkeypatch.setattr(session, "connect", lambda _options: made)
    return made


def call(monkeypatch, *more):
    arguments = ["test_call.py", "--gateway", "lab", "--message", "m1", "09120000000", *more]
    monkeypatch.setattr("sys.argv", arguments)
    return test_call.main()


def test_status_and_gateways(switch, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["switch_status.py", "--gateway", "lab"])
    assert switch_status.main() == 0
    said = capsys.readouterr().out
    assert "sessions a second permitted (N admits N-1): 30" in said
    assert "channels now: 1, of which answered: 1" in said
    assert "gateway lab: up, NOREG" in said
    monkeypatch.setattr("sys.argv", ["switch_status.py", "--gateway", "down", "--gateway", "nosuch"])
    assert switch_status.main() == 1
    said = capsys.readouterr().out
    assert "gateway down: DOWN, FAIL_WAIT" in said
    assert "gateway nosuch: the switch does not know it" in said


HANGUP = {
    "Event-Name": "CHANNEL_HANGUP_COMPLETE",
    "Unique-ID": "u",
    "Hangup-Cause": "NORMAL_CLEARING",
    "variable_hangup_cause": "NORMAL_CLEARING",
}


def test_a_call_that_is_answered(switch, monkeypatch, capsys):
    switch._events = [
        {"Event-Name": "CHANNEL_ANSWER", "Unique-ID": "u"},
        None,
        {**HANGUP, "variable_answer_uepoch": "1795435894771147", "variable_avanak_heard_ms": "7300"},
    ]
    assert call(monkeypatch) == 0
    said = capsys.readouterr().out
    assert "CHANNEL_ANSWER" in said
    assert "answered: heard 7.3 s, ended by NORMAL_CLEARING" in said
    originate = next(text for text in switch.asked if text.startswith("bgapi"))
    uuid = originate.rpartition("Job-UUID: ")[2]
    assert f"filter Unique-ID {uuid}" in switch.asked
    assert f"filter Job-UUID {uuid}" in switch.asked
    assert switch.asked.index(f"filter Job-UUID {uuid}") < switch.asked.index(originate)


def test_a_call_that_is_busy_and_one_that_is_refused(switch, monkeypatch, capsys):
    switch._events = [
        {
            **HANGUP,
            "Hangup-Cause": "USER_BUSY",
            "variable_hangup_cause": "USER_BUSY",
            "variable_sip_term_status": "486",
        }
    ]
    assert call(monkeypatch) == 1
    assert "not answered: cause USER_BUSY, SIP 486" in capsys.readouterr().out
    monkeypatch.setattr(test_call, "GRACE_S", 0.0)
    switch._events = [{"Event-Name": "BACKGROUND_JOB", "Job-UUID": "u", "_body": "-ERR INVALID_GATEWAY\n"}]
    assert call(monkeypatch) == 1
    assert "refused it, cause INVALID_GATEWAY" in capsys.readouterr().out


def test_ctrl_c_hangs_the_call_up(switch, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        call(monkeypatch)
    assert switch.asked[-1].startswith("api uuid_kill ")


def test_a_call_without_an_end_is_an_error():
    with pytest.raises(SwitchUnavailable, match="may still be up"):
        test_call.watch(Switch(), 0.0)


def test_a_hostile_number_is_never_dialled(switch, monkeypatch):
    monkeypatch.setattr("sys.argv", ["x", "--gateway", "lab", "--message", "m", "0912,a=b"])
    with pytest.raises(BadCommand):
        test_call.main()
    assert switch.asked == []


@pytest.fixture
def tree(tmp_path):
    texts = {
        "vars.xml": """<include>
            <X-PRE-PROCESS cmd="set" data="avanak_rtp_start=16384"/>
            <X-PRE-PROCESS cmd="set" data="avanak_cdr_dir=/var/lib/avanak/cdr"/>
            <X-PRE-PROCESS cmd="set" data="avanak_password=hunter2"/>
            <X-PRE-PROCESS cmd="set" data="avanak_sps=30"/>
            <X-PRE-PROCESS cmd="env-set" data="avanak_sps=$AVANAK_SPS"/>
            <X-PRE-PROCESS cmd="set" data="avanak_log_dir=$${log_dir}"/>
            </include>""",
        "autoload_configs/modules.conf.xml": """<configuration name="modules.conf"><modules>
            <load module="mod_sofia"/><load module="mod_expr"/></modules></configuration>""",
        "autoload_configs/switch.conf.xml": """<configuration name="switch.conf"><settings>
            <param name="max-sessions" value="3000"/>
            <param name="sessions-per-second" value="$${avanak_sps}"/></settings></configuration>""",
        "sip_profiles/carrier.xml": '<profile name="carrier"><gateways/></profile>',
        "sip_profiles/carrier/lab.xml": '<include><gateway name="lab"/></include>',
        "sip_profiles/carrier/new.xml": '<include><gateway name="new"/></include>',
    }
    for name, text in texts.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_each_difference_is_a_line(switch, monkeypatch, capsys, tree):
    monkeypatch.setattr("sys.argv", ["compare_conf.py", "--tree", str(tree)])
    assert compare_conf.main() == 1
    said = capsys.readouterr().out
    assert said.splitlines()[:-1] == [
        "module mod_expr: named in the tree, not loaded",
        "module mod_verto: loaded, not named in the tree",
        "gateway carrier::new: in the tree, not running",
        "gateway carrier::other: running, not in the tree",
        "variable avanak_cdr_dir differs: '/elsewhere' on the switch, '/var/lib/avanak/cdr' in the tree",
        "variable avanak_password differs",
        "limit max-sessions: 1000 on the switch, 3000 in the tree",
    ]
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("name", "text"), [("vars.xml", None), ("sip_profiles/carrier/lab.xml", "<include>")]
)
def test_a_tree_that_cannot_be_read_names_the_file(tree, name, text):
    file = tree / name
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(BadInput, match=name.replace(".", r"\.")):
        conf_tree.read_tree(tree)
