"""What a token may be used for: scopes, single methods, addresses.  Pure.

A scope is a word such as ``campaigns:read``.  A method is one act: a method of the older web service
(``QuickSend``) or an operation of /api/v1 (``create_campaign``).  Without methods a token may do all that
its scopes allow, without addresses from everywhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum

from engine.errors import BadInput
from engine.sentences import Sentence

ALL = "all"  # as somebody asks for it; kept are the scopes themselves
MOST_METHODS, MOST_ADDRESSES = 50, 50
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,59}")
_APART = re.compile(r"[\s,;\u060c]+")  # the Persian comma too


class Scope(StrEnum):
    """What a token may do, as it is written in tokens and in the description of the web service."""

    ACCOUNT_READ = "account:read"
    MONEY_READ = "money:read"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    SENDS_READ = "sends:read"
    SENDS_WRITE = "sends:write"
    CODES_WRITE = "codes:write"
    RECORDINGS_READ = "recordings:read"
    DO_NOT_CALL_READ = "do_not_call:read"
    DO_NOT_CALL_WRITE = "do_not_call:write"
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    SLA_READ = "sla:read"
    HOOKS_READ = "hooks:read"
    HOOKS_WRITE = "hooks:write"


# What each may do, for whoever makes a token.
MEANINGS: dict[Scope, Sentence] = {
    Scope.ACCOUNT_READ: Sentence("See the account: its state, credit and permissions"),
    Scope.MONEY_READ: Sentence("See the ledger and the price of what would be sent"),
    Scope.MESSAGES_READ: Sentence("List messages and fetch their sound"),
    Scope.MESSAGES_WRITE: Sentence("Upload messages, let texts be spoken, remove messages"),
    Scope.CONTACTS_READ: Sentence("Read contact lists"),
    Scope.CONTACTS_WRITE: Sentence("Make, fill and remove contact lists"),
    Scope.CAMPAIGNS_READ: Sentence("See campaigns and their results"),
    Scope.CAMPAIGNS_WRITE: Sentence("Make, fill, start, pause and stop campaigns: this spends credit"),
    Scope.SENDS_READ: Sentence("See what became of quick sends"),
    Scope.SENDS_WRITE: Sentence("Send a message to a number at once: this spends credit"),
    Scope.CODES_WRITE: Sentence("Speak one-time codes and check them: this spends credit"),
    Scope.RECORDINGS_READ: Sentence("Listen to recordings of answers"),
    Scope.DO_NOT_CALL_READ: Sentence("Read the do-not-call list"),
    Scope.DO_NOT_CALL_WRITE: Sentence("Put numbers on the do-not-call list and take them off"),
    Scope.TICKETS_READ: Sentence("Read tickets"),
    Scope.TICKETS_WRITE: Sentence("Open tickets and write into them"),
    Scope.SLA_READ: Sentence("Read availability and its monthly statements"),
    Scope.HOOKS_READ: Sentence("See web hooks and what was delivered to them"),
    Scope.HOOKS_WRITE: Sentence("Set web hooks up and deliver again"),
}


def parse_scopes(words: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes that are meant, in their usual order; BadInput for a word that is none, or for none at all.

    ``all`` means all of them, ``campaigns`` both ``campaigns:read`` and ``campaigns:write``.
    """
    wanted: set[Scope] = set()
    for word in _words(words):
        meant = [scope for scope in Scope if word in (ALL, scope, scope.partition(":")[0])]
        if not meant:
            raise BadInput(
                "There is no scope '%(word)s'; there are: %(known)s.", word=word, known=list(Scope)
            )
        wanted.update(meant)
    if not wanted:
        raise BadInput("A token has at least one scope of: %(known)s.", known=list(Scope))
    return tuple(scope for scope in Scope if scope in wanted)


def parse_methods(words: Iterable[str]) -> tuple[str, ...]:
    """Names of methods (``QuickSend`` of the older web service, ``create_campaign`` of /api/v1), each once."""
    found = dict.fromkeys(_words(words))
    if len(found) > MOST_METHODS:
        raise BadInput("A token names at most %(n)s methods.", n=MOST_METHODS)
    for word in found:
        if not _METHOD.fullmatch(word):
            raise BadInput("'%(word)s' is no name of a method, such as QuickSend.", word=word[:60])
    return tuple(found)


def parse_addresses(words: Iterable[str]) -> tuple[str, ...]:
    """Addresses and networks (``192.0.2.7``, ``10.0.0.0/8``, ``2001:db8::/32``) as they are kept; BadInput."""
    found: dict[str, None] = {}
    for word in _words(words):
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError as error:
            raise BadInput(
                "'%(word)s' is no address or network such as 192.0.2.7 or 10.0.0.0/8.", word=word[:60]
            ) from error
        found[str(network.network_address) if network.num_addresses == 1 else str(network)] = None
    if len(found) > MOST_ADDRESSES:
        raise BadInput("A token names at most %(n)s addresses.", n=MOST_ADDRESSES)
    return tuple(found)


def is_within(address: str | None, networks: Iterable[str]) -> bool:
    """Whether an address is one of these; an IPv4-mapped IPv6 address counts as the IPv4 one."""
    try:
        asked = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped is not None:
        asked = asked.ipv4_mapped
    return any(asked in ipaddress.ip_network(each) for each in networks)


def _words(given: Iterable[str]) -> list[str]:
    return [word for text in given for word in _APART.split(text) if word]
