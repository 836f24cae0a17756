"""The TCP side of a link: connecting with a deadline, detecting a dead peer, errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import os
import struct

import gevent
import gevent.socket as socket

from engine.esl.replies import LinkDown

# The kernel detects a vanished peer too: after 15 s + 3 × 5 s of silence, or when sent data is not acknowledged within 20 s.
_OPTIONS = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.SOL_SOCKET, "SO_RCVBUF", 256 * 1024),  # holds what comes while a link gathers events
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 15),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 5),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 20_000),
)


def open_socket(host: str, port: int, timeout_s: float) -> socket.socket:
    """A connected socket, IPv4 or IPv6, name look-up included in the deadline; LinkDown otherwise."""
    where = f"{host}:{port}"
    deadline = gevent.Timeout(timeout_s)
    try:
        with deadline:
            sock = socket.create_connection((host, port))
    except gevent.Timeout as error:
        if error is not deadline:
            raise
        raise LinkDown(
            "no answer from %(where)s within %(timeout_s)s s", where=where, timeout_s=f"{timeout_s:g}"
        ) from error
    except socket.gaierror as error:
        raise LinkDown("the host name %(host)s cannot be resolved", host=host) from error
    except OSError as error:
        raise LinkDown("cannot connect to %(where)s: %(why)s", where=where, why=plain_words(error)) from error
    # When we close or crash, unsent data is dropped.  Otherwise the kernel would go on sending it for minutes, and an
    # originate could reach the switch long after it was given up.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for level, option, value in _OPTIONS:
        # Not every system has every option.
        if hasattr(socket, option):
            sock.setsockopt(level, getattr(socket, option), value)
    return sock


def close_hard(sock: socket.socket) -> None:
    """Close so that greenlets waiting in ``recv`` or ``sendall`` wake up at once."""
    with contextlib.suppress(OSError):  # the peer may have closed already
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def plain_words(error: OSError) -> str:
    """The system's text for an error, without its number."""
    if error.errno == errno.ECONNREFUSED:
        return "nothing listens there"
    return os.strerror(error.errno) if error.errno else str(error)
