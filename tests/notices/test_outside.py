"""Which addresses may be posted to."""

from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.services.outbox import outside


@pytest.mark.parametrize(
    ("address", "is_fit"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True), ("127.0.0.1", False), ("0.0.0.0", False),
        ("10.0.0.1", False), ("172.16.3.4", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:93.184.216.34", True), ("2002:7f00:1::", False),
        ("not an address", False), ("", False),
    ],
)  # fmt: skip
def test_only_public_addresses(address: str, is_fit: bool) -> None:
    assert outside.is_allowed(address) is is_fit


def test_named_networks_are_let_in() -> None:
    also = outside.parse_networks("10.1.0.0/16, fd00::/8")
    assert outside.is_allowed("10.1.2.3", also)
    assert outside.is_allowed("fd00::9", also)
    assert not outside.is_allowed("10.2.0.1", also)
    with pytest.raises(BadInput):
        outside.parse_networks("10.1.0.0/99")


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://93.184.216.34/", "javascript:alert(1)", "http://", "http://user:secret@93.184.216.34/",
        "http://93.184.216.34:22/", "http://93.184.216.34:0/", "http://93.184.216.34:99999/", "http://127.0.0.1/",
        "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data", "http://a b/", "http://93.184.216.34/\nx", "http://no.such.name.invalid/",
        "http://93.184.216.34/" + "x" * 500, "http://[zz]/", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_in_words(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        outside.check_url(url)
    assert len(str(refused.value)) > 10


def test_a_public_address_is_taken() -> None:
    assert outside.check_url(" https://93.184.216.34/avanak?a=1 ") == "https://93.184.216.34/avanak?a=1"


@pytest.mark.parametrize(
    "address",
    ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "::7f00:1", "::ffff:0:7f00:1", "fec0::1"],
)
def test_an_inner_network_behind_ipv6_is_refused(address: str) -> None:
    assert not outside.is_allowed(address)


def test_a_public_address_behind_a_translator_is_fit() -> None:
    assert outside.is_allowed("64:ff9b::808:808")
