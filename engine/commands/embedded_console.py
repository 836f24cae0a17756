"""The console of an embedded switch, for what only it can do: people who ring."""

from __future__ import annotations

import os
from collections.abc import Sequence

from engine.commands import common
from engine.config import Settings
from engine.embedded.options import PASSWORD_ENV
from engine.errors import BadInput
from engine.esl.address import SwitchAddress
from engine.esl.link import Link
from engine.esl.support_line import simulate
from engine.runtime.switchboard import parse_switches
from engine.services.trunks import switches as known_switches
from engine.store.threads import read


def ask_embedded(settings: Settings, switches: Sequence[str], words: str) -> str:
    """Say something to the first switch of the settings; the answer.  BadInput if it is none of ours.

    Of a switch inside the engine the password is that of AVANAK_EMBEDDED_PASSWORD, which the engine must have, too.
    """
    spec = parse_switches(common.switch_words(settings, switches))[0]
    address = spec.address or _inside(spec.name)
    link = Link(address.host, address.port, address.password)
    try:
        link.connect()
        answer = link.api(simulate(words)).strip()
    finally:
        link.close()
    if not answer.startswith("+OK"):
        raise BadInput("The switch says: %(answer)s", answer=answer)
    return answer


def _inside(name: str) -> SwitchAddress:
    """Where the embedded switch of a running engine listens."""
    row = next((one for one in read(known_switches.all_switches) if one.name == name), None)
    password = os.environ.get(PASSWORD_ENV)
    if row is None or row.state != "up" or not password:
        raise BadInput(
            "Set %(variable)s for the engine and for this command, and start the engine.",
            variable=PASSWORD_ENV,
        )
    host, _, port = row.address.rpartition(":")
    return SwitchAddress(host, int(port), password)
