"""Names and texts that a terminal would obey: no command passes one on, on a terminal with colours, in any of its forms."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stages.hostile import LOOKING

ROOT = Path(__file__).parents[2]

HARM = "\x1b[8m\x1b[2J\x1b]0;title\x07\x9b8m\x7f\u202e\u2066"
"""Hides, clears, names the window, rings, hides in eight bits, deletes, turns round."""

OURS = re.compile(r"\x1b\[(?:0|1|2|[39][1-7]|1;3[1-6])m|\x1b\[2K|\x1b\[J|\x1b\[\d+A|\r")
"""Colours, and what moves the rows at a terminal's foot."""

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f]")

MOVING = re.compile(r"\x1b[^\[]|\x1b\[[0-9;]*[^0-9;m]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")

SPELLED = HARM.encode("unicode_escape").decode()
FLOW = f'''
"""A module {SPELLED}"""
from metaflow import *


class NamedFlow(FlowSpec):
    """A flow {SPELLED}"""

    plain = Parameter("plain", default="d {SPELLED}", help="h {SPELLED}")
    chosen = Parameter("chosen", default="c{SPELLED}", type=str)
    told = Config("told", default_value={{"k": "v {SPELLED}"}})

    @card
    @retry(times=1)
    @environment(vars={{"NAMED": "e {SPELLED}"}})
    @step
    def start(self):
        """A step {SPELLED}"""
        setattr(self, "name {SPELLED}", type("T {SPELLED}", (dict,), {{}})())
        self.__dict__.pop("name {SPELLED}")
        self.case = "case {SPELLED}"
        self.unused = 1
        print("\\x1b[32mgreen\\x1b[0m {SPELLED} its own")
        self.next({{"case {SPELLED}": self.end, "other": self.other}}, condition="case")

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        if self.plain == "fail":
            raise ValueError("no {SPELLED}")
'''
BROKEN = FLOW.replace("self.next(self.end)", f"self.next(self.edn)  # {HARM}").replace("NamedFlow", "BrokenFlow")
SETTINGS = f"""
[tool.flowc]
registry = "r {SPELLED.encode().decode("unicode_escape").encode("unicode_escape").decode()}"
""".replace("\\x", "\\u00")

PROGRAM = """
import json, os, sys
from compiler.cli import run
calls = json.loads(sys.argv[1])
for name, words in calls.items():
    try:
        code = run(words)
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    print(f"\\n=== {name}: {code}", flush=True)
"""


INSPECTED = (
    "NamedFlow/good",
    "NamedFlow/bad --log",
    "NamedFlow/good/start",
    "NamedFlow/bad/end --log",
    "NamedFlow/bad --log --json",
)


def _calls(flow: str, broken: str, store: str) -> dict[str, list[str]]:
    looking = {name: [flow if word == "flow.py" else word for word in words] for name, words in LOOKING.items()}
    wrong = {
        f"{name} of a broken one": [broken if word == flow else word for word in words]
        for name, words in looking.items()
    }
    tag = ["--tag", f"tag {HARM}", "--store", store]
    inspect = ["inspect", "--store", store]
    return {
        **looking,
        **wrong,
        "no such file": ["check", f"{HARM}.py"],
        "no such flow": ["check", f"{flow}:F"],
        "no such option": ["check", f"--{HARM}", flow],
        "no such command": [f"{HARM}"],
        "no such parameter": ["run", "--store", store, flow, f"--{HARM}", "1"],
        "no such with": ["run", "--with", f"{HARM}", flow],
        "no such config": ["check", "--config", f"{HARM}", f"{HARM}", flow],
        "no such store": ["runs", "--store", f"file:/nowhere/{HARM}", "NamedFlow"],
        "no such run": [*inspect, f"NamedFlow/{HARM}"],
        "no such setting": ["config", "--target", f"{HARM}", flow],
        "no such code": ["explain", f"{HARM}"],
        "a bad run id": ["run", "--run-id", f"{HARM}", flow],
        "write": ["argo", "create", flow, "-o", f"out{HARM}/"],
        "compare what was written": ["argo", "create", flow, "--name", "n", "-o", f"out{HARM}/", "--check"],
        "write a package": ["package", flow, "-o", f"out{HARM}/"],
        "write a context": ["image", flow, "-o", f"out{HARM}/"],
        "a run": ["run", "--run-id", "good", *tag, flow],
        "a run as JSON": ["run", "--run-id", "json", "--json", *tag, flow],
        "a run that fails": ["run", "--run-id", "bad", "--timestamps", *tag, flow, "--plain", "fail"],
        "list": ["runs", "--store", store, "NamedFlow"],
        "list as JSON": ["runs", "--store", store, "--json", "NamedFlow"],
        **{
            f"inspect {words}": [*inspect, *words.split()]
            for words in INSPECTED
        },
        "cards": ["card", "list", "--store", store, "NamedFlow/good"],
    }  # fmt: skip


def _on_terminal(folder: Path, calls: dict[str, list[str]]) -> str:
    """What a terminal gets."""
    screen, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(calls)],
        cwd=folder,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TERM": "xterm",
            "PYTHONUTF8": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    data = bytearray()
    while select.select([screen], [], [], 300)[0]:
        try:
            part = os.read(screen, 1 << 16)
        except OSError:  # so Linux says that nobody writes any more
            break
        if not part:
            break
        data += part
    process.wait(60)
    os.close(screen)
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _obeyed(call: str, text: str) -> list[str]:
    """The lines in which a terminal obeys something. What a step prints, in a run or out of its log, has its colours and marks."""
    has_output = call.startswith("a run") or call.endswith("--log")
    wrong = MOVING if has_output else OBEYED
    return [line for line in OURS.sub("", text).splitlines() if wrong.search(line)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository whose files have such names, too."""
    folder = tmp_path / f"repository {HARM}"
    folder.mkdir()
    (folder / f"flow {HARM}.py").write_text(FLOW, encoding="utf-8")
    (folder / f"broken {HARM}.py").write_text(BROKEN, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / f"data {HARM}\n.txt").touch()
    (folder / f"key {HARM}\n.pem").touch()
    (folder / f"link {HARM}\n").symlink_to("/etc")
    (folder / os.fsdecode(b"no text \xff\xfe")).touch()
    return folder


def test_no_command_passes_one_on(place: Path) -> None:
    calls = _calls(f"flow {HARM}.py", f"broken {HARM}.py", f"file:{place.parent / 'store'}")
    screen = _on_terminal(place, calls)
    pieces = re.split(r"^=== (.*): (\S+)$", screen, flags=re.MULTILINE)
    said = {name: (code, text) for text, name, code in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=False)}
    assert calls.keys() - said.keys() == set(), screen[-2_000:]
    assert {name: text for name, (code, text) in said.items() if code not in ("0", "1", "2", "4")} == {}
    passed = {name: _obeyed(name, text) for name, (_, text) in said.items()}
    assert {name: lines[0] for name, lines in passed.items() if lines} == {}
    assert "\x1b[32mgreen\x1b[0m" in said["a run"][1], "the author's own colours stay"
    assert said["a run"][0] == "0"
    assert said["a run that fails"][0] == "1"
    assert "\\x1b[8m" in said["parameters"][1]
    assert "\\x1b[8m" in said["show"][1]
    assert "\\x1b[8m" in said["list"][1]
    assert "\\x1b[8m" in said["inspect NamedFlow/bad --log"][1]


def test_what_is_JSON_stays_JSON(place: Path) -> None:
    for words in (("ir",), ("package", "--list", "--json"), ("config", "--json")):
        done = subprocess.run(
            [sys.executable, "-m", "compiler", *words, f"flow {HARM}.py"],
            cwd=place,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = json.dumps(json.loads(done.stdout), ensure_ascii=False)
        assert not OBEYED.search(done.stdout)
        if words[0] == "package":
            assert f"data {HARM}\n.txt" in json.loads(done.stdout)["files"]
        else:
            assert "\u202e" in found, words
