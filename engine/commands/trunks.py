"""Which gateways a campaign of the command line goes by, and that its switches have them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.clock import wall_ms
from engine.commands.common import note
from engine.config import Settings
from engine.controller import Engine
from engine.embedded.options import EmbeddedOptions
from engine.errors import BadInput, SwitchUnavailable
from engine.esl import answers, commands
from engine.services import gateways
from engine.services.campaigns import CampaignRules
from engine.store.models import Gateway, Switch
from engine.switchboard import SwitchSpec

log = logging.getLogger(__name__)


def is_embedded(specs: Sequence[SwitchSpec]) -> bool:
    """Whether the switches are embedded ones; BadInput for a mixture.

    The embedded switch calls nobody: a list shared between it and a real one
    would be half called, and the report would not say which half.
    """
    kinds = {spec.address is None for spec in specs}
    if len(kinds) > 1:
        raise BadInput("The embedded switch calls nobody, so it cannot share a list with a real switch; name one kind.")
    return kinds.pop()


def embedded_options(
    settings: Settings, specs: Sequence[SwitchSpec], names: Sequence[str], speed: float, people: str = ""
) -> EmbeddedOptions:
    """How the embedded switches of a command are started: these trunks, and `speed` times as fast as life."""
    import secrets

    logs = settings.data_dir / "log"
    return EmbeddedOptions(
        password=secrets.token_urlsafe(24),
        gateways=tuple(names) or tuple(spec.name for spec in specs),
        prompts=settings.prompts_dir,
        speed=speed,
        people=people,
        log=logs / "embedded-rung.log",
        cdr=logs / "embedded-cdr.csv",
    )


def make_gateways(rules: CampaignRules, specs: Sequence[SwitchSpec], settings: Settings) -> None:
    """In a transaction: see to it that the campaign's gateways are known, and name them in `rules`.

    On the embedded switch they are made or set as asked (nothing real hangs on them), and pinned to it,
    so that no real list can be «called» there.  On real switches a gateway that is missing is made with
    the limits asked for; one that is known keeps its own, and the campaign has the ones asked for besides.
    """
    cps = rules.cps if rules.cps is not None else settings.default_cps
    channels = rules.channels if rules.channels is not None else settings.default_channels
    if is_embedded(specs):
        if rules.gateways and len(specs) > 1:
            raise BadInput("With several embedded switches each has the trunk of its name; leave --gateway out.")
        pairs = [(name, specs[0].name) for name in rules.gateways] or [(spec.name, spec.name) for spec in specs]
        for name, switch in pairs:
            pin_gateway(name, switch, cps, channels)
            gateways.change(name, cps=cps, channels=channels)
        rules.gateways = [name for name, _ in pairs]
        return
    pinned = {row.name for row in Switch.select().where(Switch.is_embedded)}
    if not rules.gateways:
        rules.gateways = [row.name for row in Gateway.select() if row.switch_name not in pinned]
        if not rules.gateways:
            raise BadInput(
                "Name the trunk to call by with --gateway NAME (the switch has it as sip_profiles/carrier/NAME.xml)."
            )
    for name in rules.gateways:
        row = gateways.ensure(name, cps, channels, wall_ms())
        if row.switch_name in pinned:
            raise BadInput(f"The gateway {name} belongs to the embedded switch, which calls nobody; name a real one.")
        if rules.cps is not None and row.cps < rules.cps:
            note(f"Gateway {name} keeps its {row.cps:g} calls a second; `avanakctl gateway set {name} --cps` changes it.")


def check_gateways(engine: Engine, names: Sequence[str]) -> None:
    """Ask the switches that are up for the gateways; BadInput when none of them has one.

    Without this a misspelt name would show only as calls that fail again and again.
    """
    missing = set(names)
    asked = []
    for switch_id, link in list(engine.dialer.links.items()):
        lane = engine.dialer.lanes.switches[switch_id]
        asked.append(lane.name)
        for name in list(missing):
            try:
                status = answers.read_gateway(link.api(commands.gateway_status(name)))
            except SwitchUnavailable as error:
                log.warning("action=gateway_not_asked switch=%s gateway=%s error=%r", lane.name, name, str(error))
                return
            if status is not None:
                missing.discard(name)
    if missing and asked:
        raise BadInput(
            f"No switch of {', '.join(asked)} has the gateway {', '.join(sorted(missing))};"
            " `avanakctl switch status` shows what they have."
        )


def pin_gateway(name: str, switch: str, cps: float, channels: int) -> None:
    """In a transaction: have a trunk of that name on an embedded switch, and nowhere else.

    Made with these limits if it is missing; BadInput when real switches have one of the name.
    """
    row = Gateway.get_or_none(Gateway.name == name)
    pinned = {each.name for each in Switch.select().where(Switch.is_embedded)} | {switch}
    if row is None:
        gateways.add(name, cps, channels, wall_ms(), switch_name=switch)
    elif row.switch_name not in pinned:
        raise BadInput(f"The gateway {name} belongs to real switches; the embedded one needs another name.")
    elif row.switch_name != switch:
        gateways.change(name, switch_name=switch)
