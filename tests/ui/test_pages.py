"""Every page of the server tells what the store has, and lets nobody else in."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.ui.conftest import HOSTILE, Site

RUNS = {"good": "succeeded", "hostile": "succeeded", "bad": "failed", "killed": "terminated", "resumed": "succeeded"}


def test_the_flows_and_their_newest_runs(site: Site) -> None:
    status, text, _ = site.get("/")
    assert status == 200
    assert ">Told</a>" in text
    for run, stands in RUNS.items():
        assert f'title="{run}: {stands}"' in text or f'title="{run}: failed"' in text


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("", set(RUNS)),
        ("?status=failed", {"bad"}),
        ("?status=succeeded", {"good", "hostile", "resumed"}),
        ("?tag=none", set()),
        ("?user=nobody-of-that-name", set()),
    ],
)
def test_the_runs_of_a_flow_by_what_is_asked_for(site: Site, query: str, runs: set[str]) -> None:
    _, text, _ = site.get(f"/flow/Told{query}")
    shown = {run for run in RUNS if f">{run}</a>" in text}
    assert shown - {"killed"} == runs - {"killed"}


@pytest.mark.parametrize("run", RUNS)
def test_a_run_has_graph_timeline_and_tasks(site: Site, run: str) -> None:
    status, text, _ = site.get(f"/flow/Told/run/{run}")
    assert status == 200
    assert '<svg class="graph"' in text
    assert 'id="times"' in text
    for step in ("start", "work", "other"):
        assert f">{step}</" in text
    if run == "bad":
        assert "RuntimeError: it broke: plain" in text
        assert "not begun" in text
    if run == "resumed":
        assert 'resumed from <a href="/flow/Told/run/bad">bad</a>' in text


def test_tasks_that_shared_a_container_are_told(site: Site) -> None:
    """At their bars and in the table, by what `flowc status` calls such a container; where none did, nothing is said of it."""
    _, text, _ = site.get("/flow/Told/run/shared")
    table = dict(re.findall(r'<tr><th scope="row">(?:<a [^>]*>)?(\w+)<.*?<td>([^<]*)</td></tr>', text, re.DOTALL))
    assert table == {
        "start": "", "work": "", "other": "", "each": "each 0-1", "each_join": "", "both": "both to end", "end": "both to end",
    }  # fmt: skip
    bars = re.findall(r'<div class="row.*?>([\w ]+)</a>.*?<span class="took">(.*?)</span></div>', text, re.DOTALL)
    told = {name: found[1] for name, took in bars if (found := re.search(r'<span class="quiet">in (.*?)</span>', took))}
    assert told == {"each 0": "each 0-1", "each 1": "each 0-1", "both": "both to end", "end": "both to end"}
    _, alone, _ = site.get("/flow/Told/run/good")
    assert ">shared<" not in alone
    assert "several tasks shared" not in alone


def test_a_task_has_attempts_logs_artifacts_and_cards(site: Site) -> None:
    _, text, _ = site.get("/flow/Told/run/good/task/each/1")
    assert "ValueError: at first plain" in text
    assert "Attempt 2" in text
    _, text, _ = site.get("/flow/Told/run/good/task/start/-")
    for name in ("danger", "frame", "items", "n", "text"):
        assert f">{name}</th>" in text
    assert 'src="/flow/Told/run/good/task/start/-/card/0"' in text
    status, card, headers = site.get("/flow/Told/run/good/task/start/-/card/0")
    assert status == 200
    assert "<html" in card
    assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts; default-src 'none'")


def test_a_value_is_shown_only_when_it_is_asked_for(site: Site) -> None:
    place = "/flow/Told/run/hostile/task/start/-/value/"
    assert site.get(place + "danger")[0] == 405
    status, text, _ = site.get(place + "danger", method="POST", Origin=site.address)
    assert status == 200
    assert "&lt;/script&gt;" in text
    status, text, _ = site.get(place + "frame", method="POST", Origin=site.address)
    assert "{&#39;a&#39;: [1, 2]" in text
    assert site.get(place + "nothing", method="POST", Origin=site.address)[0] == 404


def test_two_runs_differ_in_what_they_were_given(site: Site) -> None:
    _, text, _ = site.get("/compare?flow=Told&run=good&run=hostile")
    assert '<th scope="row">n</th>' in text
    assert "danger" in text
    assert "only in good" in text
    assert text.count("<td>danger</td>") == 1, "what goes on as it was is told of the first task alone"
    assert "by default" in text
    assert site.get("/compare?flow=Told&run=good")[0] == 502


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/flow/None",
        "/flow/Told/run/none",
        "/flow/Told/run/good/task/none/-",
        "/flow/Told/run/good/task/each/99",
    ],
)
def test_what_is_not_there_is_told(site: Site, path: str) -> None:
    status, text, _ = site.get(path)
    assert status == 404
    assert "There is no such" in text


@pytest.mark.parametrize(
    "path", ["/", "/flow/Told", "/flow/Told/run/good", "/static/ui.css", "/flow/Told/run/good/events"]
)
def test_nobody_without_the_token_sees_anything(site: Site, path: str) -> None:
    for query in ("", "?token=wrong"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(site.address + path + query, timeout=20)
        with refused.value as answer:
            assert answer.code == 401
            assert "Told" not in answer.read().decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_another_site_gets_nothing(site: Site, headers: dict[str, str], status: int) -> None:
    """Neither by a name that it lets point here, nor by a form of its own."""
    method = "GET" if "Host" in headers else "POST"
    path = "/" if "Host" in headers else "/flow/Told/run/good/task/start/-/value/danger"
    assert site.get(path, method=method, **headers)[0] == status


@pytest.mark.parametrize(
    "path", ["/", "/flow/Told", "/flow/Told/run/hostile", "/flow/Told/run/hostile/task/start/-", "/nothing"]
)
def test_each_answer_forbids_what_no_page_needs(site: Site, path: str) -> None:
    _, _, headers = site.get(path)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers
    assert site.token not in json.dumps(dict(headers))


def test_text_of_authors_is_text(site: Site) -> None:
    for path in (
        "/flow/Told",
        "/flow/Told/run/hostile",
        "/flow/Told/run/hostile/task/start/-",
        "/flow/Told/run/hostile/task/each/1",
    ):
        _, text, _ = site.get(path)
        assert HOSTILE not in text
        assert "<img src=x" not in text
        assert "49" not in text.split("{{ 7*7 }}")[0][-3:]


def test_a_copy_needs_no_server(site: Site, tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-P",
        "-m",
        "compiler",
        "ui",
        "export",
        "Told/hostile",
        "--store",
        site.store,
        "-o",
        str(tmp_path / "copy"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert {"index.html", "ui.css", "task-start.html", "task-each-1.html", "card-start-0.html"} <= files
    for page in (tmp_path / "copy").glob("*.html"):
        if page.name.startswith("card"):
            continue
        text = page.read_text()
        assert 'href="/' not in text
        assert 'src="/' not in text
        assert "show</button>" not in text


def test_a_port_that_is_taken_is_told(site: Site) -> None:
    port = site.address.rpartition(":")[2]
    words = [sys.executable, "-P", "-m", "compiler", "ui", "--store", site.store, "--port", port]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr


def test_open_shows_the_page_of_a_local_run(site: Site) -> None:
    words = [sys.executable, "-P", "-m", "compiler", "open", "Told/good", "--store", site.store, "--print"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        for _ in range(200):
            try:
                with opener.open(address, timeout=20) as answer:
                    assert "<h1>Told <span" in answer.read().decode()
                break
            except urllib.error.URLError:
                time.sleep(0.05)
        else:
            pytest.fail("it does not answer")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
