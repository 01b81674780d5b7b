"""What is printed for a person goes one way."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import click
import pytest

from compiler.terminal.colours import COLOURS, label_colour
from compiler.terminal.said import AsIs, Colour, Styled, say, say_json, show_mistake, spelled, tell

ROOT = Path(__file__).parents[2]
WAYS = {
    "compiler/terminal/said.py",
    "compiler/terminal/output.py",
    "compiler/terminal/status_line.py",
    "compiler/cli.py",
}
"""The way for lines, the one for bytes of files, the rows at a terminal's foot, and what is said before any of them is there."""


def test_no_other_module_prints() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "compiler").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and re.search(r"^(click\.s?echo|print|.*\.(stdout|stderr|screen)\.write)$", ast.unparse(node.func))
    }
    assert found <= WAYS


def test_plain_and_styled_text_is_spelled_out_and_the_rest_is_not() -> None:
    parts = ("a\x1b[8m ", Styled("b\x1b[2J", fg="red"), AsIs("\x1b[1mc\x1b[0m"))
    assert spelled(parts) == "a\\x1b[8m \x1b[31mb\\x1b[2J\x1b[0m\x1b[1mc\x1b[0m"


@pytest.mark.parametrize(("fg", "is_bold"), [("red", True), ("green", False), ("yellow", False), ("cyan", False)])
def test_what_is_bold_is_read_on_white_too(fg: Colour, is_bold: bool) -> None:
    """Terminals make the bold form of a colour its bright one."""
    assert ("\x1b[1m" in spelled((Styled("a", fg=fg, bold=True),))) is is_bold
    assert "\x1b[1m" in spelled((Styled("a", bold=True),))


def test_no_colour_is_a_bright_one() -> None:
    assert {*COLOURS.values(), *map(label_colour, "abcdefgh")} <= {*get_args(Colour)}


def test_both_ways_out(capfd: pytest.CaptureFixture[str]) -> None:
    say("out\x07", AsIs("!"))
    tell("err\udc80")
    say_json('{"a": "\x9b"}')
    printed = capfd.readouterr()
    assert printed.out == 'out\\x07!\n{"a": "\\u009b"}\n'
    assert printed.err == "err\\udc80\n"


def test_a_wrong_call_is_told_legibly(capfd: pytest.CaptureFixture[str]) -> None:
    show_mistake(click.UsageError("there is no file \x1b]0;title\x07"))
    assert capfd.readouterr().err == "Error: there is no file \\x1b]0;title\\x07\n"
