"""What strangers do to the server itself: half-open connections, endless heads and bodies, no patience needed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import gevent
import pytest
import requests

from engine.network import network_of
from tests.waits import wait_for
from webui import connections
from webui.connections import Connections
from webui.server import LINGER_BYTES, WebServer, serve


def hello(environ, start_response):
    """Reads the body if the path says so, and answers; `/stream` in pieces of no known length."""
    if environ["PATH_INFO"] == "/read":
        environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/stream":
        return (piece for piece in (b"one", b"two") if environ["REQUEST_METHOD"] != "HEAD")
    return [b"hello"]


@pytest.fixture
def server() -> Iterator[WebServer]:
    made = serve(hello, "127.0.0.1", 0)
    yield made
    made.stop(1)


def connect(server: WebServer, data: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    made.sendall(data)
    return made


def rest(sock: socket.socket) -> bytes:
    found = b""
    try:
        while part := sock.recv(65_536):
            found += part
    except ConnectionError:
        pass
    return found


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is cut for being slow, so whoever waits for that waits until the test fails."""
    for module in ("webui.connections", "webui.server"):
        for name in ("HEAD_S", "BODY_S", "IDLE_S"):
            monkeypatch.setattr(f"{module}.{name}", 600.0, raising=False)


HALF_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
HALF_BODY = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"


@pytest.mark.parametrize("half", [b"", HALF_HEAD, HALF_BODY], ids=["nothing", "head", "body"])
def test_hundreds_of_half_open_connections_shut_nobody_out(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, half: bytes
) -> None:
    patient(monkeypatch)
    with ExitStack() as opened:
        for _ in range(505):
            opened.enter_context(connect(server, half))
        assert requests.get(server.url, timeout=20).status_code == 200
        assert len(server.connections) <= 300


def test_from_many_addresses_the_greediest_loses() -> None:
    """Places are taken by one connection each of others and the rest of one: only that one is cut."""
    kept = Connections(20, of_address=0)
    others = [kept.enter(socket.socket(), f"192.0.2.{n}") for n in range(10)]
    greedy = [kept.enter(socket.socket(), f"2001:db8::{n}") for n in range(1, 11)]
    for n in range(30):
        assert kept.enter(socket.socket(), f"2001:db8::ff:{n:x}") is not None
    assert all(each is not None and not each.is_cut for each in others)
    assert all(each is not None and each.is_cut for each in greedy)


def test_when_all_work_there_is_no_place() -> None:
    kept = Connections(3, of_address=0)
    for n in range(3):
        found = kept.enter(socket.socket(), f"192.0.2.{n}")
        assert found is not None
        found.work()
    assert kept.enter(socket.socket(), "192.0.2.9") is None


@pytest.mark.parametrize(
    ("name", "sent"),
    [("HEAD_S", b""), ("HEAD_S", HALF_HEAD), ("BODY_S", HALF_BODY),
     ("IDLE_S", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ("IDLE_S", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")],
)  # fmt: skip
def test_who_is_too_slow_is_cut(server, monkeypatch: pytest.MonkeyPatch, name: str, sent: bytes) -> None:
    for module in ("webui.connections", "webui.server"):
        monkeypatch.setattr(f"{module}.{name}", 0.2, raising=False)
    monkeypatch.setattr(connections, "LOOK_S", 0.05)
    gevent.sleep(0)
    with connect(server, sent) as sock:
        rest(sock)  # ends when the server cuts; TimeoutError if it does not
    assert requests.get(server.url, timeout=20).status_code == 200


def is_cut(sock: socket.socket, sent: bytes) -> bool:
    """Whether the server has cut the connection, which is found out by sending."""
    try:
        sock.sendall(sent)
    except ConnectionError:
        return True
    return False


def test_a_byte_now_and_then_buys_no_time(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    with connect(server) as sock:
        wait_for(lambda: is_cut(sock, b"G"), "the cut")


def post(size: int) -> bytes:
    return b"POST /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size


def test_a_long_body_that_was_only_promised_buys_no_time(server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte a second held one of the few places of large bodies for a quarter of an hour."""
    monkeypatch.setattr("webui.server.BODY_S", 0.5)
    with connect(server, post(100_000_000)) as sock:
        wait_for(lambda: is_cut(sock, b"a"), "the cut")


def test_what_came_fast_buys_no_long_pause(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.server.BODY_S", 0.5)
    with connect(server, post(20_000_001) + bytes(20_000_000)) as sock:
        sock.settimeout(60)
        assert rest(sock) == b""


def test_a_body_that_comes_steadily_may_take_long(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.server.BODY_S", 2.0)
    monkeypatch.setattr("webui.server.BODY_BYTES_S", 10)
    monkeypatch.setattr("webui.server.PIECE", 10)
    with connect(server, post(400)) as sock:
        for _ in range(40):
            sock.sendall(bytes(10))
            gevent.sleep(0.1)
        assert rest(sock).startswith(b"HTTP/1.1 200")


def test_the_time_that_we_need_is_not_the_senders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.server.BODY_S", 0.3)
    monkeypatch.setattr(connections, "LOOK_S", 0.05)

    def slow(environ, start_response):
        environ["wsgi.input"].read(2)
        gevent.sleep(1.0)
        return hello(environ, start_response)

    made = serve(slow, "127.0.0.1", 0)
    try:
        with connect(made, post(4) + b"body") as sock:
            assert rest(sock).startswith(b"HTTP/1.1 200")
    finally:
        made.stop(1)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 4_000_000, b"431"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n", b"411"),
        (b"GET /\r\n", b"400"),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
    ],
)
def test_heads_that_are_refused(server: WebServer, head: bytes, status: bytes) -> None:
    with connect(server) as sock:
        with suppress(ConnectionError):
            sock.sendall(head)
        answer = rest(sock)
    assert answer[:13] in (b"HTTP/1.1 " + status + b" ", b"")
    assert requests.get(server.url, timeout=5).status_code == 200


AMBIGUOUS = (
    b"Content-Length: 5\r\nContent-Length: 50",
    b"Content-Length: 5\r\nContent-Length: 5",
    b"Content-Length: +5",
    b"Content-Length: 5_0",
    b"Content-Length: 5, 50",
    b"Content-Length: " + b"9" * 900,
    b"Content-Length: -1",
    b"Content-Length : 5",
    b"Transfer-Encoding : chunked",
    b"A: b\r\n Transfer-Encoding: chunked",
    b"A: b\rTransfer-Encoding: chunked",
    b"A: \0",
    b"no colon",
    b": no name",
    b"Host: other",
)


@pytest.mark.parametrize("lines", AMBIGUOUS, ids=range(len(AMBIGUOUS)))
def test_a_head_that_a_proxy_may_read_otherwise_is_refused(
    server: WebServer, capfd: pytest.CaptureFixture[str], lines: bytes
) -> None:
    with connect(server, b"POST /read HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\nhello") as sock:
        assert rest(sock).startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in capfd.readouterr().err, "a stranger's head fills the log"


HOSTS = (
    b"9" * 300,
    b"a" * 64,
    b"a..b",
    b"\xff",
    b"a b",
    b"a/b",
    b"a@b",
    b"[::1",
    b"[1]:x",
    b"x:y",
    b"x:123456",
    b"a%00",
    b".",
)


@pytest.mark.parametrize("host", HOSTS, ids=range(len(HOSTS)))
def test_a_host_that_is_none_is_refused(server: WebServer, host: bytes) -> None:
    """The page could not even say so: it has no address of the log-in."""
    with connect(server, b"GET / HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n") as sock:
        assert rest(sock).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"localhost:8080",
        b"127.0.0.1",
        b"[::1]:80",
        b"panel.example.com.",
        b"my_host",
        b"xn--mgba3a4f16a.ir",
        b"example.com:",
        b"[::ffff:127.0.0.1]:80",
    ],
)
def test_hosts_that_are_taken(server: WebServer, host: bytes) -> None:
    with connect(server, b"GET / HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n") as sock:
        assert rest(sock).startswith(b"HTTP/1.1 200 ")


PARSED = ("Accept", "Accept-Language", "accept-encoding", "Content-Type", "Content-Encoding", "If-None-Match", "IF-Match",
          "If-Modified-Since", "If-Range", "Range", "Cache-Control", "Content-Disposition")  # fmt: skip


@pytest.mark.parametrize("name", PARSED)
def test_headers_in_which_parts_are_looked_for_are_short(server: WebServer, name: str) -> None:
    for length, status in ((29_000, b"431"), (900, b"200")):
        head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: a{' ' * length}b\r\n\r\n"
        with connect(server, head.encode()) as sock:
            assert rest(sock).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "name", ["Cookie", "Authorization", "Accept-Charset", "Referer", "User-Agent", "X-A"]
)
def test_other_headers_may_be_longer(server: WebServer, name: str) -> None:
    head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {'a' * 8_000}\r\n\r\n"
    with connect(server, head.encode()) as sock:
        assert rest(sock).startswith(b"HTTP/1.1 200")


KINDS = (
    b"multipart/form-data; boundary*0=a; boundary*=b",  # no order among these two
    b"multipart/form-data; boundary*" + b"9" * 900 + b"=a",
    b'multipart/form-data; a="' + b";" * 900,
    b"message/rfc822",
    b'multipart/mixed; boundary="x"',
    b"multipart/\xff; boundary*=\xff''\xff",
)


@pytest.mark.parametrize("kind", KINDS, ids=range(len(KINDS)))
def test_a_head_is_no_mail(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kind: bytes
) -> None:
    """What comes with a media type is looked at by the application alone: here it crashed, and held everybody up."""
    monkeypatch.setattr(
        "email.message.Message.get_boundary", lambda *_: pytest.fail("it is parsed as a mail")
    )
    head = b"POST /read HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\nContent-Type: "
    with connect(server, head + kind + b"\r\n\r\nhello") as sock:
        assert rest(sock).startswith(b"HTTP/1.1 200 ")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("coding", [b"chunked", b"identity", b"", b"gzip, chunked", b"\x0bchunked"])
def test_a_body_without_a_length_is_refused_whatever_else_is_said_of_it(
    server: WebServer, coding: bytes
) -> None:
    head = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: " + coding
    with connect(server, head + b"\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n") as sock:
        found = rest(sock)
    assert found.startswith(b"HTTP/1.1 411 ")
    assert found.count(b"HTTP/1.1") == 1, "what follows was taken for another request"


def test_requests_one_after_the_other_are_answered_in_turn(server: WebServer) -> None:
    one = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connect(server, one * 20 + last) as sock:
        assert rest(sock).count(b"HTTP/1.1 200 ") == 21


def test_head_has_no_body(server: WebServer) -> None:
    """Two requests on one connection: what is left of the first answer would be taken for the second."""
    asks = b"HEAD %s HTTP/1.1\r\nHost: x\r\n\r\nGET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for path in (b"/", b"/stream"):
        with connect(server, asks % path) as sock:
            first, second, body = rest(sock).split(b"\r\n\r\n")
            assert first.startswith(b"HTTP/1.1 200")
            assert second.startswith(b"HTTP/1.1 200")
            assert body == b"hello"


def test_a_body_that_nobody_reads_is_not_read_to_its_end(server: WebServer) -> None:
    size = 50 * LINGER_BYTES
    with connect(server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size) as sock:
        sent = 0
        try:
            while sent < size:
                sent += sock.send(bytes(65_536))
        except (ConnectionError, TimeoutError):
            pass
    assert sent < size / 2


def test_who_waits_to_be_asked_for_the_body_gets_the_answer_at_once(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    asks = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"
    with connect(server, asks) as sock:
        assert rest(sock).endswith(b"hello")


def test_others_have_their_turn_beside_a_long_body(server: WebServer) -> None:
    size = 200_000_000

    def send() -> None:
        with connect(server, b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size) as sock:
            block = bytes(1_000_000)
            for _ in range(size // len(block)):
                sock.sendall(block)
            sock.recv(100)

    sending = gevent.spawn(send)
    beside = 0
    while not sending.dead:
        assert requests.get(server.url, timeout=20).status_code == 200
        beside += not sending.dead
    assert beside >= 3, "answered while the body still came"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_networks(address: str, expected: str) -> None:
    assert network_of(address) == expected
