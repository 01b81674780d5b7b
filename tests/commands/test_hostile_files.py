"""Files of a repository that would not end, or stand for endless ones: every command that looks at it ends, with a line and no bug."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from tests.stages.hostile import LOOKING, RIGHT, sparse, with_member

ROOT = Path(__file__).parents[2]

CONFIG, FILE = with_member("c = Config('c', default='it')"), with_member("f = IncludeFile('f', default='it')")
YAML = with_member("c = Config('c', default='it', parser='yaml.safe_load')")
TOML = with_member("c = Config('c', default='it', parser='tomllib.loads')")
SETTING = '[tool.flowc.config]\nc = "it"\n'
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(80))
DIGITS = "9" * 6_000
STARS = "a*" * 60 + "b\n"

KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "10 GB": sparse,
    "a loop": lambda path: path.symlink_to(path.name),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\x00" * 100),
}
PLACES: dict[str, dict[str, str]] = {
    "pyproject.toml": {},
    ".gitignore": {},
    ".flowcignore": {},
    ".git": {},
    "requirements.txt": {},
    "beside.py": {"flow.py": f"from beside import X\n{RIGHT}"},
    "other.py": {},
    "it": {"flow.py": CONFIG},
    "it ": {"flow.py": FILE},
    "it  ": {"flow.py": with_member("c = Config('c')"), "pyproject.toml": SETTING},
    "out": {},
    "data.json": {},
}
"""Where such a file lies, and what leads there; blanks at the end tell names apart."""

TEXTS: dict[str, dict[str, str]] = {
    "a Config of many digits": {"flow.py": CONFIG, "it": f'{{"a": {DIGITS}}}'},
    "a Config of many brackets": {"flow.py": CONFIG, "it": "[" * 100_000},
    "a Config of 99 levels": {"flow.py": CONFIG, "it": '{"a":' * 99 + "1" + "}" * 99},
    "a Config of infinity": {"flow.py": CONFIG, "it": '{"a": 1e999}'},
    "a YAML that explodes": {"flow.py": YAML, "it": BOMB},
    "a YAML of itself": {"flow.py": YAML, "it": "a: &a {b: *a}"},
    "a YAML of calls": {"flow.py": YAML, "it": "a: !!python/object/apply:os.mkdir [ran]"},
    "a TOML of many parts": {"flow.py": TOML, "it": "a." * 100_000 + "a = 1"},
    "a TOML of many digits": {"flow.py": TOML, "it": f"a = {DIGITS}"},
    "a tool that is a number": {"pyproject.toml": "tool = 1"},
    "a table that is a list": {"pyproject.toml": "[[tool.flowc]]\nimport = true"},
    "tables that are none": {"pyproject.toml": "[tool.flowc]\nconfig = 1"},
    "settings of many digits": {"pyproject.toml": f"[tool.flowc]\nmax_workers = {DIGITS}"},
    "settings of many brackets": {"pyproject.toml": "[tool.flowc]\nwith = " + "[" * 100_000},
    "settings of many parts": {"pyproject.toml": "[tool." + "a." * 100_000 + "a]"},
    "a patch that explodes": {"pyproject.toml": f"[tool.flowc.argo]\npod_spec_patch = {json.dumps(BOMB)}"},
    "a patch of many digits": {"pyproject.toml": f"[tool.flowc.argo]\npod_spec_patch = 'a: {DIGITS}'"},
    "a decorator of many brackets": {"pyproject.toml": f"[tool.flowc]\nwith = ['retry:times={'[' * 50_000}']"},
    "members of many stars": {
        "pyproject.toml": f"[tool.uv.workspace]\nmembers = ['{'*/' * 60}x', '{'**/' * 60}x', '']"
    },
    "members above": {"pyproject.toml": "[tool.uv.workspace]\nmembers = ['/*', '../*', '..']"},
    "a rule of many stars": {".gitignore": STARS, "a" * 240: ""},
    "a Config elsewhere": {
        "pyproject.toml": "[tool.flowc.config]\nc = '/etc/passwd'",
        "flow.py": with_member("c = Config('c', parser=str)"),
    },
    "a root elsewhere": {"pyproject.toml": "[tool.flowc]\nroot = '/'"},
    "a path elsewhere": {"pyproject.toml": "[tool.flowc]\npath = ['/etc', '..']"},
    "a Config of a long name": {"flow.py": with_member(f"c = Config('c', default='{'a' * 5_000}')")},
    "a file of a NUL": {"flow.py": with_member("f = IncludeFile('f', default='a\\0b')")},
}

PROGRAM = """
import json, os, resource, sys
from compiler.cli import run
limit = 3 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
resource.setrlimit(resource.RLIMIT_CPU, (300, 300))
commands, folders = json.loads(sys.argv[1])
for folder in folders:
    os.chdir(folder)
    for name, words in commands.items():
        try:
            code = run(words)
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
        print(f"\\n=== {folder}: {name}: {code}", file=sys.stderr, flush=True)
"""
"""All commands in all folders, in one process of 3 GB and 300 seconds of CPU."""


def _look(folders: Sequence[Path]) -> dict[str, str]:
    """What each command says in each folder that ends in no way that it may, or without a word."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([LOOKING, [str(folder) for folder in folders]])],
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "HOME": str(folders[0]),
            "TMPDIR": str(folders[0].parent),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    wrong, said, count = dict[str, str](), "", 0
    for line in done.stderr.splitlines():
        if line.startswith("=== "):
            code, count = line.rpartition(" ")[2], count + 1
            if code not in "012" or "Traceback" in said or (code == "2" and not said.strip()):
                wrong[line] = said
            said = ""
        else:
            said += f"{line}\n"
    assert count == len(LOOKING) * len(folders), done.stderr[-2_000:]
    return wrong


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in {"flow.py": RIGHT, **files}.items():
        (folder / name).write_text(text, encoding="utf-8")


def _folders(root: Path, all_files: Iterable[dict[str, str]]) -> list[Path]:
    folders = list[Path]()
    for number, files in enumerate(all_files):
        folders.append(root / str(number) / "repository")
        folders[-1].mkdir(parents=True)
        _write(folders[-1], files)
    return folders


@pytest.mark.every(2)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_at_any_place(kind: str, tmp_path: Path) -> None:
    folders = _folders(tmp_path, PLACES.values())
    for folder, place in zip(folders, PLACES, strict=True):
        KINDS[kind](folder / place.strip())
    assert _look(folders) == {}


def test_texts_that_stand_for_more(tmp_path: Path) -> None:
    folders = _folders(tmp_path, TEXTS.values())
    assert _look(folders) == {}
    assert [folder for folder in folders if (folder / "ran").exists()] == []
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 << 20  # in KiB


def test_folders_that_link_in_a_circle_have_few_members(tmp_path: Path) -> None:
    """Sixty stars over two folders that hold each other are more paths than there are atoms."""
    (folder,) = _folders(tmp_path, [{"pyproject.toml": f"[tool.uv.workspace]\nmembers = ['{'*/' * 60}x']"}])
    for name in ("a", "b"):
        (folder / name).mkdir()
    for name in ("a", "b"):
        for other in ("a", "b"):
            (folder / name / other).symlink_to(folder / other)
    assert _look([folder]) == {}
