"""A store with runs of every kind, the server over it, and a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from tests.stages.browser import NO_BROWSER, why_none
from tests.stages.browser import browser as opened_browser

HOSTILE = "</script><script>document.title='taken'</script>\"'><img src=x onerror=\"document.title='taken'\">{{ 7*7 }}"
FLOW = """
import os, time
from flowc import FlowSpec, Parameter, card, current, retry, step
class Told(FlowSpec):
    text = Parameter("text", default="plain")
    n = Parameter("n", default=3)
    @card
    @step
    def start(self):
        self.items = list(range(self.n))
        self.danger = self.text
        self.frame = {"a": [1, 2], "b": self.text}
        print("\\x1b[2J" + self.text)
        self.next(self.work, self.other)
    @step
    def other(self):
        self.next(self.each, foreach="items")
    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        if self.input == 1 and current.retry_count == 0:
            raise ValueError("at first " + self.text)
        self.v = self.input
        self.next(self.each_join)
    @step
    def each_join(self, inputs):
        self.next(self.both)
    @step
    def work(self):
        nap = os.environ.get("NAP", "")
        while nap and not os.path.exists(nap):
            time.sleep(0.05)
        if os.environ.get("FAIL"):
            raise RuntimeError("it broke: " + self.text)
        self.next(self.both)
    @step
    def both(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        self.done = time.time()
"""


@dataclass
class Site:
    """The folder of a store with runs, and the server over it."""

    folder: Path
    address: str = ""
    token: str = ""
    opener: Any = field(default=None)

    @property
    def store(self) -> str:
        return f"file:{self.folder / 'store'}"

    def run(self, run_id: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the flow to its end."""
        return subprocess.run(
            self.command(run_id, *words), env={**os.environ, **environment}, cwd=self.folder, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def command(self, run_id: str, *words: str) -> list[str]:
        """The words of a run."""
        begin = [sys.executable, "-P", "-m", "compiler", "run", "--store", self.store, "--run-id", run_id]
        return [*begin, "--tag", HOSTILE[:20], "told.py", *words]

    def get(self, path: str, *, method: str = "GET", **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of a page, as somebody with the cookie gets it."""
        request = urllib.request.Request(self.address + path, method=method, headers=headers)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Runs that succeeded, failed, were killed, were resumed, whose tasks shared processes; and the server."""
    found = Site(tmp_path_factory.mktemp("site"))
    (found.folder / "told.py").write_text(textwrap.dedent(FLOW))
    assert found.run("good").returncode == 0
    assert found.run("hostile", "--text", HOSTILE, "--n", "2").returncode == 0
    assert found.run("bad", FAIL="1").returncode == 1
    killed = subprocess.Popen(
        found.command("killed"), env={**os.environ, "NAP": "/nowhere"}, cwd=found.folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    work = found.folder / "store" / "Told" / "killed" / "work" / "-" / "attempt-0001"
    while not work.exists():
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    words = [*found.command("resumed")[:-1], "--resume", "bad", "told.py"]
    assert subprocess.run(words, cwd=found.folder, capture_output=True, check=False).returncode == 0
    words = [*found.command("shared")[:-1], "--fuse", "--chunk", "each=2", "told.py"]
    assert subprocess.run(words, cwd=found.folder, capture_output=True, check=False).returncode == 0
    with _served(found):
        yield found


def _served(site: Site) -> Any:
    import contextlib

    @contextlib.contextmanager
    def serving() -> Iterator[None]:
        words = [sys.executable, "-P", "-m", "compiler", "ui", "--store", site.store]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=site.folder) as server:
            assert server.stdout is not None
            line = server.stdout.readline().strip()
            told = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?token=(\S+)", line)
            assert told, line
            site.address, site.token = told[1], told[2]
            site.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            _until_there(site)
            yield
            server.send_signal(signal.SIGINT)
            assert server.wait(30) in (0, 130)

    return serving()


def _until_there(site: Site) -> None:
    for _ in range(200):
        try:
            assert site.get(f"/?token={site.token}")[0] == 200
            return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all pages."""
    why = why_none()
    if why and os.environ.get("CI"):
        pytest.fail(f"{NO_BROWSER}: {why}; .ci/run installs it")
    if why:
        pytest.skip(f"{NO_BROWSER}: {why}")
    with opened_browser() as opened:
        yield opened
