"""Post to an address that a customer named, but never into our own network.

The connection goes to the address that was checked, so a name that points elsewhere a moment later (DNS rebinding) has no
effect.  Redirects are not followed, answers are read up to 64 kB, and everything ends within 15 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import certifi
import gevent
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from engine import __version__
from engine.services.outbox import outside
from engine.services.outbox.outside import Network

CONNECT_S, READ_S, WHOLE_S = 5.0, 10.0, 15.0
LONGEST_ANSWER = 65_536  # bytes
HOSTS_KEPT, CONNECTIONS_KEPT = 64, 8  # hosts, and connections to each, that are reused


class OutsidePoster:
    """Posts to public addresses; `also` are further networks that are allowed."""

    def __init__(self, also: Sequence[Network] = ()) -> None:
        self._http = _manager(also)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, str]:
        """Post once; return the status and the beginning of the answer, or no status and the reason."""
        try:
            with gevent.Timeout(WHOLE_S, TimeoutError("no answer in time")):
                response = self._http.request(
                    "POST", url, body=body, headers={"user-agent": f"Avanak/{__version__}", **headers},
                    redirect=False, retries=False, preload_content=False,
                    timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
                )  # fmt: skip
                is_whole = False
                try:
                    answer = response.read(LONGEST_ANSWER, decode_content=False)
                    is_whole = len(answer) < LONGEST_ANSWER
                finally:
                    if not is_whole:
                        response.close()  # the rest is not read: the connection is of no more use
                    response.release_conn()
            return int(response.status), answer.decode("utf-8", "replace").replace("\x00", "")
        except (HTTPError, OSError, ValueError) as error:
            return None, _why(error)


def _why(error: Exception) -> str:
    reason = error.args[-1] if error.args and isinstance(error.args[-1], str) else ""
    return f"{type(error).__name__}: {reason or error}"[:300]


def _manager(also: Sequence[Network]) -> urllib3.PoolManager:
    """A connection pool that connects to allowed addresses only; no proxy."""

    class Checked(HTTPConnection):
        def _new_conn(self):  # type: ignore[no-untyped-def]
            return _connect(self, also)

    class CheckedTls(HTTPSConnection):
        def _new_conn(self):  # type: ignore[no-untyped-def]
            return _connect(self, also)

    made = urllib3.PoolManager(
        num_pools=HOSTS_KEPT, maxsize=CONNECTIONS_KEPT, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
    )
    made.pool_classes_by_scheme = {
        "http": type("CheckedPool", (HTTPConnectionPool,), {"ConnectionCls": Checked}),
        "https": type("CheckedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": CheckedTls}),
    }
    return made


def _connect(connection: HTTPConnection, also: Sequence[Network]) -> gevent.socket.socket:
    """Connect to the first address of the name, if all its addresses are allowed."""
    found = outside.look_up(connection.host.strip("[]"), connection.port)
    if not found or not all(outside.is_allowed(address, also) for address in found):
        raise NewConnectionError(
            connection, "the address lies in a network that is not public, or cannot be found"
        )
    try:
        return gevent.socket.create_connection((found[0], connection.port), CONNECT_S)
    except OSError as error:
        raise NewConnectionError(connection, f"cannot connect: {error}") from error
