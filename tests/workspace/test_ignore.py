"""Ignore rules that would take for ever: each is matched in time linear in the path. That they mean what git says `test_package` holds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.workspace.ignore import FILES, read_ignores

ROOT = Path(__file__).parents[2]
STARS = [
    "a*" * 60 + "b",
    "*a*/" * 40 + "b",
    "**/a*/" * 40 + "b",
    "[ab]*" * 60 + "c",
    "?*" * 100 + "b",
    "**/" * 60 + "b",
    "a/**/" * 60 + "b",
]
PATHS = ["a" * 250, "a/" * 2_000 + "a", "/".join(["a" * 200] * 20)]


def test_no_rule_looks_back_at_more_than_one_star(tmp_path: Path) -> None:
    """In a process with ten seconds of CPU: with a look back at each star, the first rule alone takes longer than anybody lives."""
    (tmp_path / ".gitignore").write_text("\n".join(STARS))
    code = (
        "import sys\nfrom pathlib import Path\nfrom compiler.workspace.ignore import read_ignores\n"
        f"rules = read_ignores(Path(sys.argv[1]), '', None)\nprint([rules.match(path, False) for path in {PATHS!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (10, 10)),
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "[False, False, False]\n"), done.stderr


@pytest.mark.parametrize(("rule", "path"), [
    ("a*a*b", "aaab"), ("*a*b*c", "xaxbxc"), ("a*ab", "aab"), ("**/a/**/b", "x/a/y/a/b"), ("a/**/b/**/c", "a/b/b/x/c"),
    ("**/**", "x"), ("x/**/**", "x/y"),
    ("a**b", "aab"), ("*[ab]*[ab]", "xaxb"), ("a/***/b", "a/x/b"), ("\\*a", "*a"), ("**/b", "b"), ("a/**", "a/b/c"),
])  # fmt: skip
def test_what_is_between_stars_is_found_where_it_can_be(rule: str, path: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(rule)
    found = read_ignores(tmp_path, "", None)
    assert found is not None
    assert found.match(path, False)


@pytest.mark.parametrize("name", FILES)
def test_a_list_without_an_end_is_an_error(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(OSError, match="more than"):
        read_ignores(tmp_path, "", None)


def test_a_list_that_is_a_pipe_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    assert read_ignores(tmp_path, "", None) is None
