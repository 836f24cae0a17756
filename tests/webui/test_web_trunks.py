"""Switches and gateways in the web UI: for the staff."""

from __future__ import annotations

import json

from engine.clock import wall_ms
from engine.services.accounts import audit_log
from engine.services.sla import observations
from engine.services.trunks import gateway_health, registrations, switches
from engine.store.cdr import add_mark
from engine.store.tables.core import Gateway, User
from engine.store.threads import read, write

FIELDS = {"cps": "5", "channels": "50", "priority": "0", "weight": "1", "ptime_ms": "20"}


def lab() -> Gateway:
    return read(lambda: Gateway.get(Gateway.name == "lab"))


def test_customers_see_none_of_it(owner, cast) -> None:
    assert "/trunks" not in owner.get("/").text
    assert owner.get("/trunks").status_code == 403
    assert owner.get("/trunks/live").status_code == 403
    assert owner.get("/trunks/gateways/1").status_code == 403
    assert owner.post("/trunks/gateways/1/drain", {"wanted": "drain"}).status_code == 403
    assert not lab().is_draining


def test_a_gateway_is_added_and_changed(operator) -> None:
    new = {"name": "tci-2", "caller_id": "۰۲۱۹۱۰۰", "prefixes": "98912 98913", **FIELDS}
    assert operator.post("/trunks/gateways/new", new).location == "/trunks"
    row = read(lambda: Gateway.get(Gateway.name == "tci-2"))
    assert (row.cps, row.channels, row.caller_id, row.prefixes) == (5.0, 50, "0219100", "98912 98913")
    assert (row.codecs, row.transport, row.srtp) == ("PCMA", "udp", "none")
    secure = {"codecs": "PCMU, pcma", "transport": "tls", "srtp": "mandatory", "voice_to": "source"}
    secure |= {"number_format": "0", "dial_prefix": "۷۷"}
    changed = {**FIELDS, **secure, "cps": "7.5", "name": "other-name"}
    assert operator.post(f"/trunks/gateways/{row.id}", changed).location == "/trunks"
    row = read(lambda: Gateway.get_by_id(row.id))
    assert (row.name, row.cps) == ("tci-2", 7.5)
    assert (row.codecs, row.transport, row.srtp) == ("PCMU,PCMA", "tls", "mandatory")
    assert row.voice_to == "source"
    assert (row.number_format, row.dial_prefix) == ("0", "77")


def test_bad_values_are_refused_beside_the_field(operator) -> None:
    for bad in (
        {"cps": "0"},
        {"channels": "x"},
        {"name": "a b,c"},
        {"name": "lab"},
        {"prefixes": "+98"},
        {"codecs": "G722"},
        {"dial_prefix": "7a"},
        {"number_format": "+98", "dial_prefix": "7"},
    ):
        answer = operator.post("/trunks/gateways/new", {"name": "new", **FIELDS, **bad})
        assert answer.status_code == 400, bad
    assert read(lambda: Gateway.select().count()) == 1


def test_drain_and_use_again(operator) -> None:
    operator.post(f"/trunks/gateways/{lab().id}/drain", {"wanted": "drain"})
    assert lab().is_draining
    assert "Drained" in operator.get("/trunks").text
    operator.post(f"/trunks/gateways/{lab().id}/drain", {"wanted": "use"})
    assert not lab().is_draining
    assert operator.post("/trunks/gateways/99/drain").status_code == 404


def test_switches_and_an_alarm_when_one_is_down(operator, owner) -> None:
    now = wall_ms()

    def work() -> None:
        up = switches.register("fs1", "esl://10.0.0.1:8021", False, now)
        switches.report(up, state="up", sessions=12, max_sessions=1000, seen_at=now - 120_000)
        down = switches.register("fs2", "esl://10.0.0.2:8021", False, now)
        switches.report(down, state="down", state_reason="connection refused", state_since_at=now)

    write(work)
    page = operator.get("/trunks").text
    assert "connection refused" in page
    assert "Not heard of" in page  # fs1: called up, silent for two minutes
    assert "fs2" not in operator.get("/alarms").text  # no engine runs: of switches nothing is known
    write(lambda: observations.pulse("engine/one", now))
    assert "Switch fs2 has been down since" in operator.get("/").text
    assert "fs2" not in owner.get("/").text


def test_a_switch_whose_records_do_not_come_is_told(operator) -> None:
    now = wall_ms()

    def work() -> None:
        for name, at in (("fs1", now - 120_000), ("fs2", now - 5_000)):
            switches.register(name, f"esl://{name}:8021", False, now)
            add_mark(name, at)

    write(work)
    assert operator.get("/trunks").text.count("send-records does not run there") == 1


def test_a_refused_registration_is_told_in_the_readers_language(operator, cast) -> None:
    now = wall_ms()

    def work() -> None:
        switch = switches.register("fs1", "esl://10.0.0.1:8021", False, now)
        fault = registrations.fault_of("FAIL_WAIT", False)
        registrations.note(switch, {lab().id: ("FAIL_WAIT", fault, "")}, now)

    write(work)
    page = operator.get("/trunks").text
    assert "Switch fs1 is not registered with the carrier" in page
    assert "Out of order" in page
    operator.post("/language", {"language": "fa"})
    assert "سوییچ fs1 نزد اپراتور ثبت نشده است" in operator.get("/trunks/live").text


def test_a_gateway_that_fails_is_told_in_the_readers_language(operator, owner, cast) -> None:
    now = wall_ms()
    found = {
        "gateway_id": lab().id, "engine": "one", "state": "open", "factor": 1.0, "cps": 5.0, "fault_share": 0.9,
        "reopens_at": now + 5_000, "since_at": now, "at": now,
    }  # fmt: skip
    write(lambda: gateway_health.note([found]))
    assert "Nearly every call failed: nobody is called by it until" in operator.get("/trunks").text
    write(lambda: observations.pulse("engine/one", now))
    assert "Gateway lab has failed nearly every call since" in operator.get("/").text
    assert "failed nearly" not in owner.get("/").text
    write(lambda: gateway_health.note([{**found, "state": "closed", "factor": 0.25, "fault_share": 0.5}]))
    page = operator.get("/trunks/live").text
    assert "The carrier refuses 50 % of the calls: it is given 5.0 of 20 calls a second." in page
    operator.post("/language", {"language": "fa"})
    assert "اپراتور ۵۰٪ تماس‌ها را رد می‌کند" in operator.get("/trunks/live").text


def test_a_name_server_that_does_not_answer_is_told_by_the_name(operator) -> None:
    now = wall_ms()
    found = {
        "gateway_id": lab().id, "engine": "one", "state": "open", "factor": 1.0, "cps": 5.0, "fault_share": 1.0,
        "reopens_at": now + 5_000, "since_at": now, "at": now,
    }  # fmt: skip

    def work() -> None:
        switch = switches.register("fs1", "esl://10.0.0.1:8021", False, now)
        seen = {lab().id: ("NOREG", registrations.NAME_LATE, "sip.carrier.example")}
        registrations.note(switch, seen, now)
        gateway_health.note([found])
        observations.pulse("engine/one", now)

    write(work)
    sentence = (
        "The name sip.carrier.example was not answered by the name server of switch fs1 within 3 s (DNS)."
    )
    assert sentence in operator.get("/trunks").text
    home = operator.get("/").text
    assert f"Gateway lab: {sentence}" in home
    assert "failed nearly every call" not in home
    operator.post("/language", {"language": "fa"})
    assert "پاسخی برای نام sip.carrier.example نداد" in operator.get("/trunks/live").text


def test_a_switch_is_drained_and_used_again(operator, owner) -> None:
    now = wall_ms()

    def work() -> int:
        switch_id = switches.register("fs1", "esl://10.0.0.1:8021", False, now)
        switches.report(switch_id, state="up", seen_at=now)
        observations.pulse("engine/one", now)
        return switch_id

    switch_id = write(work)
    assert owner.post(f"/trunks/switches/{switch_id}/drain", {"wanted": "drain"}).status_code == 403
    operator.post(f"/trunks/switches/{switch_id}/drain", {"wanted": "drain"})
    assert read(lambda: switches.all_switches()[0].is_draining)
    page = operator.get("/trunks").text
    assert "Switch fs1 takes no new call." in page
    assert "Drained" in page
    operator.post(f"/trunks/switches/{switch_id}/drain", {"wanted": "use"})
    assert not read(lambda: switches.all_switches()[0].is_draining)
    assert operator.post("/trunks/switches/99/drain").status_code == 404


def test_what_staff_change_is_audited_with_who_before_and_after(operator, quality) -> None:
    by = read(lambda: User.get(User.username == "operator")).id
    write(lambda: switches.register("fs1", "esl://fs1:8021", False, wall_ms()))
    before = read(lambda: len(audit_log.entries()))
    where = f"/trunks/gateways/{lab().id}"
    operator.post("/trunks/gateways/new", {"name": "tci-2", **FIELDS})
    operator.post(where, {**FIELDS, "name": "lab", "cps": "7.5"})
    operator.post(where, {**FIELDS, "name": "lab", "cps": "7.5"})  # changes nothing
    operator.post(f"{where}/drain", {"wanted": "drain"})
    operator.post("/trunks/switches/1/drain", {"wanted": "drain"})
    made = read(lambda: audit_log.entries())[: -before or None][::-1]
    assert [(row.action, row.subject, row.person_id) for row in made] == [
        ("gateway.add", "gateway tci-2", by),
        ("gateway.change", "gateway lab", by),
        ("gateway.change", "gateway lab", by),
        ("switch.change", "switch fs1", by),
    ]
    assert json.loads(made[0].after)["cps"] == 5
    assert json.loads(made[1].before) == {"cps": 10, "channels": 100}
    assert json.loads(made[1].after) == {"cps": 7.5, "channels": 50}
    assert (json.loads(made[2].before), json.loads(made[2].after)) == (
        {"is_draining": False},
        {"is_draining": True},
    )
    page = quality.get("/accounts/audit").text
    assert "Gateway changed" in page
    assert "gateway tci-2" in page


def test_numbers_of_an_engine_that_has_gone_are_not_shown_as_live(operator) -> None:
    now = wall_ms()

    def heard_at(at: int) -> None:
        found = switches.register("lab-switch", "10.0.0.1:8021", False, now)
        switches.report(found, state="up", sessions=4321, max_sessions=9999, idle_cpu=87.0, seen_at=at)

    write(lambda: heard_at(now))
    assert "4,321" not in operator.get("/trunks/live").text  # the engine has gone: nobody asks the switch
    write(lambda: observations.pulse("engine/one", now))
    page = operator.get("/trunks/live").text
    assert "4,321" in page
    assert "87%" in page.replace(" ", "").replace("\u202f", "").replace("\xa0", "")
    assert 'data-label="Calls up">0<' in page
    write(lambda: heard_at(now - 120_000))
    page = operator.get("/trunks/live").text
    assert "Not heard of" in page
    assert "4,321" not in page
    assert 'data-label="Calls up">—<' in page
