"""Several web processes on one PostgreSQL database and data folder, and many posts to them at the same moment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.commands.ctl import ROOT
from tests.postgres.server import free_port
from tests.waits import wait_for

PASSWORD = "correct horse 1"


class Person:
    """Somebody who has logged in; their session is good at every process."""

    def __init__(self, webs: Webs, username: str, password: str = PASSWORD) -> None:
        self._webs = webs
        self.cookies: dict[str, str] = {}
        client = requests.Session()
        page = client.get(f"{webs.urls[0]}/login", timeout=30)
        answer = client.post(
            f"{webs.urls[0]}/login",
            data={"username": username, "password": password, "csrf_token": token_of(page.text)},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code == 302, answer.text
        self.cookies = client.cookies.get_dict()

    def get(self, path: str, at: int = 0) -> requests.Response:
        answer = requests.get(
            self._webs.urls[at] + path, cookies=self.cookies, timeout=60, allow_redirects=False
        )
        self.cookies |= answer.cookies.get_dict()  # the CSRF token's
        return answer

    def form(self, page: str) -> dict[str, str]:
        """The token of a page's forms, which many can send."""
        return {"csrf_token": token_of(self.get(page).text)}

    def post(self, path: str, data: dict[str, Any], at: int = 0) -> requests.Response:
        url = self._webs.urls[at % len(self._webs.urls)]
        return requests.post(url + path, data=data, cookies=self.cookies, timeout=60, allow_redirects=False)


class Webs:
    """`count` web processes."""

    def __init__(self, url: str, folder: Path, count: int = 4, **settings: str) -> None:
        self.database = url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")}
        ports = [free_port() for _ in range(count)]
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "engine", "serve", "--web-only"],
                cwd=ROOT,
                env={**kept, "AVANAK_DATA_DIR": str(folder), "AVANAK_DATABASE_URL": url, "AVANAK_WEB_PORT": str(port),
                     **settings},
                stdin=subprocess.DEVNULL,
                stdout=(folder / f"web-{port}.log").open("wb"),
                stderr=subprocess.STDOUT,
            )
            for port in ports
        ]  # fmt: skip
        for each in self.urls:
            wait_for(lambda url=each: _answers(url), f"{each} answers")

    def at_once(self, posts: list[Callable[[int], requests.Response]], held: str) -> list[requests.Response]:
        """Send all; whoever comes to write into the table `held` waits there until every process has come to a lock."""
        with psycopg.connect(self.database) as gate, ThreadPoolExecutor(len(posts)) as pool:
            gate.execute(f"LOCK TABLE {held} IN SHARE ROW EXCLUSIVE MODE")
            sent = [pool.submit(post, at) for at, post in enumerate(posts)]
            wait_for(
                lambda: self._waiting() >= len(self.urls) or all(each.done() for each in sent), "all wait"
            )
            gate.rollback()
            return [each.result() for each in sent]

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def _waiting(self) -> int:
        return int(
            self.ask(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )[0][0]
        )

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page[:2000]
    return found[1]


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
