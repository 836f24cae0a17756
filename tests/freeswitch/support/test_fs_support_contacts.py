"""Where an agent's telephone says that it is, on a real FreeSWITCH: calls go to where it registered from, or nowhere.

Whoever has the password of one telephone must not lead calls of the line to other numbers at our cost.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import PASSWORD, House
from tests.waits import wait_for

PREMIUM = "09001234567"
GATEWAY = f"sofia/gateway/lab/{PREMIUM}"


class Crafty(Phone):
    """Writes its Contact (and further headers) of a registration itself; registers for another one, if told to."""

    registers: tuple[str, ...] = ()
    to = ""

    def _head(self, method: str, uri: str, call_id: str, tag: str, to: str) -> list[str]:
        lines = super()._head(method, uri, call_id, tag, to)
        if method != "REGISTER":
            return lines
        if self.to:
            lines = [
                line.replace(f":{self.user}@", f":{self.to}@") if line[:3] == "To:" else line
                for line in lines
            ]
        if not self.registers:
            return lines
        return [line for line in lines if not line.startswith("Contact")] + list(self.registers)


@pytest.fixture
def elsewhere(house: House) -> Iterator[Phone]:
    """A host that takes calls by the address they come from, as carriers do."""
    phone = Phone(("127.0.0.1", house.agents_port), "carrier", host="127.0.0.7", busy=True)
    phone.start()
    yield phone
    phone.stop()


def rung_by(house: House, *registers: str) -> tuple[Phone, str]:
    """A telephone that registers so, and what the switch says when it rings it."""
    phone = Crafty(("127.0.0.1", house.agents_port), "501", password=PASSWORD)
    phone.registers = tuple(line.replace("{me}", phone.here) for line in registers)
    phone.start()
    house.phones.append(phone)
    phone.register()
    wait_for(lambda: ("REGISTER", 200) in phone.statuses, "the registration", 5)
    line = house.switch.connect()
    said = line.api(
        "originate {originate_timeout=3,outbound_redirect_fatal=true}user/501@avanak.support &park()"
    )
    line.api("hupall")
    line.api("sofia profile agents flush_inbound_reg 501@avanak.support")
    wait_for(
        lambda: line.api("sofia_contact agents/501@avanak.support") == "error/user_not_registered",
        "its end",
        5,
    )
    line.close()
    return phone, said.strip()


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:501@{me}>",
        "<sip:501-0x55fa3@{me};transport=udp;line=a8b7c;ob;rinstance=1f.2-3>",
        '"A, name" <sip:501@{me}>;+sip.instance="<urn:uuid:0>"',
        f"<sip:{PREMIUM}@elsewhere>",
        f"<sips:{PREMIUM}@elsewhere>",
    ],
)
def test_a_telephone_is_rung_where_it_registered_from(house: House, elsewhere: Phone, contact: str) -> None:
    phone, said = rung_by(house, "Contact: " + contact.replace("elsewhere", elsewhere.here))
    assert said.startswith("+OK")
    assert (len(phone.rang), len(elsewhere.rang), len(house.far.rang)) == (1, 0, 0)


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:501@{me};fs_path=sip%3Aelsewhere>",
        "<sip:501@{me};%66s_path=sip:elsewhere>",
        "<sip:501@{me};FS_PATH=sip:elsewhere>",
        "<sip:501@{me};maddr=127.0.0.7>",
        f"<sip:501@{{me}};x=y,{GATEWAY}>",
        f"<sip:501@{{me}};x=y|{GATEWAY}>",
        f"<sip:501@{{me}};x=y:_:{GATEWAY}>",
        f"<sip:x,{GATEWAY}@{{me}}>",
        f"<sip:x%2C{GATEWAY.replace('/', '%2F')}@{{me}}>",
        f"<sip:a|.*|{GATEWAY}@{{me}}>",
        f"<sip:a'b,{GATEWAY}'c@{{me}}>",
        "<sip:a'b@{me}>",
        "<sip:${hupall()}@{me}>",
        "<sip:501@{me};x=[sip_route_uri=sip:elsewhere]>",
    ],
)
def test_a_contact_that_means_more_than_a_place_rings_nobody(
    house: House, elsewhere: Phone, contact: str
) -> None:
    phone, said = rung_by(house, "Contact: " + contact.replace("elsewhere", elsewhere.here))
    assert said.startswith("-ERR")
    assert (len(phone.rang), len(elsewhere.rang), len(house.far.rang)) == (0, 0, 0)


def test_a_path_is_not_followed(house: House, elsewhere: Phone) -> None:
    phone, said = rung_by(
        house, f"Contact: <sip:{PREMIUM}@{{me}}>", f"Path: <sip:{elsewhere.here};lr>", "Supported: path"
    )
    assert said.startswith("+OK")
    assert (len(phone.rang), len(elsewhere.rang), len(house.far.rang)) == (1, 0, 0)


def test_nobody_registers_for_another_agent(house: House) -> None:
    phone = Crafty(("127.0.0.1", house.agents_port), "502", password=PASSWORD)
    phone.to = "501"
    phone.start()
    house.phones.append(phone)
    phone.register()
    wait_for(lambda: [status for _, status in phone.statuses if status != 401], "the answer", 5)
    line = house.switch.connect()
    assert line.api("sofia_contact agents/501@avanak.support") == "error/user_not_registered"
    assert "USER_NOT_REGISTERED" in line.api("originate user/501@avanak.support &park()")
    line.close()
    assert ("REGISTER", 200) not in phone.statuses
