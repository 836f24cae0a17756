"""Which gateways a campaign of the command line goes by, and that its switches have them."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import replace

from engine.clock import wall_ms
from engine.commands.common import note
from engine.config import Settings
from engine.embedded.options import PASSWORD_ENV, EmbeddedOptions
from engine.errors import BadInput, SwitchUnavailable
from engine.esl import answers, commands
from engine.runtime.controller import Engine
from engine.runtime.switchboard import SwitchSpec
from engine.services.campaigns.rules import CampaignRules
from engine.services.trunks import gateways, switches
from engine.store.tables.core import Campaign, Gateway, Switch
from engine.store.threads import read

log = logging.getLogger(__name__)

CALLS_NOBODY = "The embedded switch calls nobody: telephones, answers and key presses are simulated."


def is_embedded(specs: Sequence[SwitchSpec]) -> bool:
    """Whether the switches are embedded ones; BadInput for a mixture.

    The embedded switch calls nobody: a list shared between it and a real one
    would be half called, and the report would not say which half.
    """
    kinds = {spec.address is None for spec in specs}
    if len(kinds) > 1:
        raise BadInput(
            "The embedded switch calls nobody, so it cannot share a list with a real switch; name one kind."
        )
    return kinds.pop()


def embedded_options(
    settings: Settings, specs: Sequence[SwitchSpec], names: Sequence[str], speed: float
) -> EmbeddedOptions | None:
    """How the embedded switches of a command are started; None when the switches are real.

    They have the trunks that are asked for and those that the store has pinned to them, and are `speed`
    times as fast as life.
    """
    if not is_embedded(specs):
        return None
    own = [spec.name for spec in specs]
    pinned = read(lambda: [row.name for row in Gateway.select().where(Gateway.switch_name.in_(own))])
    logs = settings.data_dir / "log"
    return EmbeddedOptions(
        password=os.environ.get(PASSWORD_ENV) or secrets.token_urlsafe(24),
        gateways=tuple(dict.fromkeys([*own, *names, *pinned])),
        prompts=settings.prompts_dir,
        recordings=settings.recordings_folder,
        speed=speed,
        log=logs / "embedded-rung.log",
        cdr=logs / "embedded-cdr.csv",
        support_numbers=settings.support_numbers,
        book=logs / "embedded-book",
    )


def check_kind(campaign: Campaign, specs: Sequence[SwitchSpec]) -> None:
    """Inside a connection: refuse to go on with a campaign on switches of the other kind than its gateways'.

    A real list must not be «called» by the embedded switch, which reaches nobody.
    """
    pinned = _embedded_names()
    homes = [row.switch_name for row in Gateway.select().where(Gateway.name.in_(campaign.gateways.split()))]
    if not homes:
        return
    wants_embedded = all(home in pinned for home in homes)
    if wants_embedded != is_embedded(specs):
        kind = "the embedded switch" if wants_embedded else "real switches"
        hint = "--switch embedded" if wants_embedded else "--switch esl://:PASSWORD@HOST:8021"
        raise BadInput(
            "Campaign %(id)s goes by %(gateways)s of %(kind)s; give %(hint)s.",
            id=campaign.id,
            gateways=campaign.gateways,
            kind=kind,
            hint=hint,
        )


def _embedded_names() -> set[str]:
    return {row.name for row in Switch.select().where(Switch.is_embedded)}


def make_gateways(rules: CampaignRules, specs: Sequence[SwitchSpec], settings: Settings) -> CampaignRules:
    """In a transaction: see to it that the campaign's gateways are known; the rules with their names.

    On the embedded switch they are made or set as asked (nothing real hangs on them), and pinned to it,
    so that no real list can be «called» there.  On real switches a gateway that is missing is made with
    the limits asked for; one that is known keeps its own, and the campaign has the ones asked for besides.
    """
    cps = rules.cps if rules.cps is not None else settings.default_cps
    channels = rules.channels if rules.channels is not None else settings.default_channels
    if is_embedded(specs):
        if rules.gateways and len(specs) > 1:
            raise BadInput(
                "With several embedded switches each has the trunk of its name; leave --gateway out."
            )
        pairs = [(name, specs[0].name) for name in rules.gateways] or [
            (spec.name, spec.name) for spec in specs
        ]
        for name, switch in pairs:
            pin_gateway(name, switch, cps, channels)
            gateways.change(name, None, wall_ms(), cps=cps, channels=channels)
        return replace(rules, gateways=tuple(name for name, _ in pairs))
    pinned = _embedded_names()
    if not rules.gateways:
        known = tuple(row.name for row in Gateway.select() if row.switch_name not in pinned)
        if not known:
            raise BadInput(
                "Name the trunk to call by with --gateway NAME (the switch has it as sip_profiles/carrier/NAME.xml)."
            )
        rules = replace(rules, gateways=known)
    for name in rules.gateways:
        row = gateways.ensure(name, cps, channels, wall_ms())
        if row.switch_name in pinned:
            raise BadInput(
                "The gateway %(name)s belongs to the embedded switch, which calls nobody; name a real one.",
                name=name,
            )
        if rules.cps is not None and row.cps < rules.cps:
            note(
                f"Gateway {name} keeps its {row.cps:g} calls a second; `avanakctl gateway set {name} --cps` changes it."
            )
    return rules


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
                log.warning(
                    "action=gateway_not_asked switch=%s gateway=%s error=%r", lane.name, name, str(error)
                )
                return
            if status is not None:
                missing.discard(name)
    if missing and asked:
        raise BadInput(
            "No switch of %(asked)s has the gateway %(missing)s; `avanakctl switch status` shows "
            "what they have.",
            asked=list(asked),
            missing=sorted(missing),
        )


def pin_gateway(name: str, switch: str, cps: float, channels: int) -> None:
    """In a transaction: have a trunk of that name on an embedded switch, and nowhere else.

    Made with these limits if it is missing; BadInput when real switches have one of the name.
    """
    switches.register(switch, "", True, wall_ms())  # so that everybody knows of which kind it is
    row = Gateway.get_or_none(Gateway.name == name)
    pinned = _embedded_names()
    if row is None:
        gateways.add(name, cps, channels, None, wall_ms(), switch_name=switch)
    elif row.switch_name not in pinned:
        raise BadInput(
            "The gateway %(name)s belongs to real switches; the embedded one needs another name.", name=name
        )
    elif row.switch_name != switch:
        gateways.change(name, None, wall_ms(), switch_name=switch)
