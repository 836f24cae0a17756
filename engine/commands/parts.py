"""What the processes of `avanakctl serve` do: the engine's, and the web UI's."""

from __future__ import annotations

import os
from functools import partial

from engine import priority
from engine.commands import common, running, trunks
from engine.commands.interrupts import Interrupts
from engine.commands.supervise import STOPPING, Supervised
from engine.runtime.switchboard import parse_switches
from engine.sealing import SecretBox
from engine.services.lists.reader import warm_up
from engine.services.money.payment_providers import provider_of
from engine.store import threads
from engine.store.threads import write
from engine.store.writer import Writer
from engine.workers import pool

# The web's share of the database file, so that the engine never waits for long (docs/security.md).
WEB_GROUP_S = 0.05
WEB_REST = 0.25
WEB_BEHIND = 5  # nice: of one machine's processors the engine's wants come first


def engine(
    switches: tuple[str, ...], speed: float, log_file: bool, interrupts: Interrupts, link: Supervised | None
) -> None:
    """An engine until it is stopped; at the second signal its calls are ended."""
    settings = common.settings_and_store(log_to_file=log_file)
    if link is not None:
        priority.go_first()
    specs = parse_switches(common.switch_words(settings, switches))
    is_embedded = trunks.is_embedded(specs)
    provider_of(settings, has_real_switch=not is_embedded)  # refuses to begin real calls on test payments
    if is_embedded:
        common.note(trunks.CALLS_NOBODY)
        for spec in specs:
            pin = partial(
                trunks.pin_gateway, spec.name, spec.name, settings.default_cps, settings.default_channels
            )
            write(pin)
    embedded = trunks.embedded_options(settings, specs, (), speed)
    with running.engine_here(settings, specs, embedded, interrupts) as dialling:
        common.tell_password(dialling.new_password)
        if link is not None:
            link.ready()
        interrupts.first.wait()
        if link is None:
            common.note(STOPPING)


def web(log_file: bool, interrupts: Interrupts, link: Supervised | None) -> None:
    """The web UI, listening, and what brings the lists in that come through it; no event socket, no engine."""
    # Here, as the engine's process is to hold nothing of the web.
    from engine.runtime.list_importer import Importer  # noqa: PLC0415
    from engine.runtime.webhook_sender import WebhookSender  # noqa: PLC0415
    from engine.services.outbox.outside import parse_networks  # noqa: PLC0415
    from webui import create_app  # noqa: PLC0415
    from webui.request.security import keys_of  # noqa: PLC0415
    from webui.server import serve as serve_app  # noqa: PLC0415

    settings = common.settings_and_store(log_to_file=log_file)
    if link is not None:
        os.nice(WEB_BEHIND)
    common.first_account(settings)
    writer = Writer(group_s=WEB_GROUP_S, rest=WEB_REST)
    writer.start()
    threads.use_writer(writer)
    try:
        server = serve_app(
            create_app(settings), settings.web_host, settings.web_port, settings.web_trusted_proxies
        )
        pool.share(settings.data_dir)
        warm_up()
        importer = Importer(settings)
        importer.start()
        sender = WebhookSender(SecretBox(keys_of(settings)), parse_networks(settings.own_networks))
        sender.start()
        common.note(f"Web UI: {server.url}")
        if link is not None:
            link.ready()
        interrupts.first.wait()
        server.stop()
        importer.stop()
        sender.stop()
    finally:
        writer.stop()
        threads.use_writer(None)
        threads.close_readers()
