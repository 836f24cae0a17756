"""Whether the web UI can listen at its address, and the error if it cannot."""

from __future__ import annotations

import errno
import os
import socket

from engine.errors import AvanakError, BadInput, EngineBusy


def refusal(error: OSError, host: str, port: int) -> AvanakError:
    """The error for a failed bind: EngineBusy when the port is taken, BadInput when the address is not this machine's."""
    if error.errno == errno.EADDRINUSE:
        return EngineBusy(
            "Port %(port)s of %(host)s is in use by another program; set AVANAK_WEB_PORT to a free one.",
            port=port,
            host=host,
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return BadInput(
        "The web UI cannot listen on %(host)s:%(port)s: %(reason)s.", host=host, port=port, reason=reason
    )


def check(host: str, port: int) -> None:
    """Raise the error of `refusal` unless it is possible to listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise refusal(error, host, port) from error
