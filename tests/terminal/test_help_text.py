"""The help of each command: what it says of each option, and how it looks at each width."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from compiler.call.options import GROUPS, Option
from compiler.root import ROOT
from compiler.terminal.help_text import HelpText

WIDTHS = (60, 80, 200)
MOST = 110
"""No help is wider, whatever the terminal is."""


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, below.context_class(below, info_name=name, parent=context))


ALL = [*_commands(ROOT, ROOT.context_class(ROOT, info_name="flowc", **ROOT.context_settings))]
NAMES = [path for path, _, _ in ALL]
WITHOUT_EXAMPLE = {
    "flowc ui export": "in the help of `flowc ui`",
    "flowc card get": "in the help of `flowc card`",
    "flowc card list": "in the help of `flowc card`",
    "flowc card view": "in the help of `flowc card`",
    "flowc lsp": "an editor calls it",
    **dict.fromkeys(("flowc airflow", "flowc argo", "flowc step-functions"), "its commands have them"),
    **{
        f"flowc {target} {verb}": "takes a name alone"
        for target in ("airflow", "argo", "step-functions")
        for verb in ("list", "suspend", "resume", "delete")
    },
}


def _help(path: str, width: int) -> str:
    """The help of a command as a terminal of that width shows it."""
    _, command, context = next(each for each in ALL if each[0] == path)
    formatter = HelpText(width=None, max_width=None)
    formatter.width = min(width, MOST) - 2
    command.format_help(context, formatter)
    return formatter.getvalue()


def test_every_option_has_a_help_a_group_and_says_what_it_takes() -> None:
    wrong = [
        (path, option.opts)
        for path, command, context in ALL
        for option in command.get_params(context)
        if isinstance(option, click.Option)
        if not isinstance(option, Option)
        or option.group not in GROUPS
        or not re.match(r"[A-Z`].*[.\w\]]$", option.help or "")
        or (not option.is_flag and re.search(r"\b(TEXT|INTEGER|FLOAT|PATH)\b", option.make_metavar(context)))
    ]
    assert wrong == []


def test_there_are_as_many_commands_as_there_should_be() -> None:
    assert len(NAMES) > 50
    assert WITHOUT_EXAMPLE.keys() <= set(NAMES)


@pytest.mark.parametrize("path", NAMES)
def test_a_help_tells_every_option_once_and_fits_every_terminal(path: str) -> None:
    _, command, context = next(each for each in ALL if each[0] == path)
    for width in WIDTHS:
        text = _help(path, width)
        wide = [line for line in text.splitlines() if len(line) > width and len(line.split()) > _words_of_one(line)]
        assert wide == []
        for option in command.get_params(context):
            if isinstance(option, click.Option) and not option.hidden:
                told = text[text.index("\nOptions:\n") :]
                assert len(re.findall(rf"^  {re.escape(', '.join(option.opts))}(?![\w-])", told, re.M)) == 1, (
                    option.opts
                )
                assert all(word in told for word in (option.help or "").split())


def _words_of_one(line: str) -> int:
    """How many words a line has that cannot be shorter: a call's first word, or an option and its value, and what leads on."""
    return 2 + line.startswith("    --") + line.endswith(" \\")


@pytest.mark.parametrize("path", [each for each in NAMES if each not in WITHOUT_EXAMPLE])
def test_the_text_of_a_help_ends_with_examples_of_that_command(path: str) -> None:
    _, command, _ = next(each for each in ALL if each[0] == path)
    examples = (command.help or "").rstrip().rpartition("\b")[2].strip().splitlines()
    if path == "flowc":
        assert "\b" in (command.help or "")
    else:
        assert examples
        assert all(path in line or "completion" in line for line in examples)


def test_no_help_is_missing_a_group_that_it_has_options_of() -> None:
    text = _help("flowc argo create", 80)
    assert [text.index(f"\n{title}:\n") for title in GROUPS] == sorted(text.index(f"\n{title}:\n") for title in GROUPS)
    assert "\nRarely needed:\n" not in _help("flowc list", 80)


EXAMPLES = "Do it.\n\n\b\n  flowc do it.py\n  flowc do it.py --with everything -o there/    all of it, and then some more words\n"


PARTED = ("flowc do it.py \\", "    --with everything \\", "    -o there/")


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (100, ["flowc do it.py", "flowc do it.py --with everything -o there/   all of it, and then some more words"]),
        (76, ["flowc do it.py", "flowc do it.py --with everything -o there/   all of it, and then some", f"{'':45}more words"]),
        (50, ["flowc do it.py", "flowc do it.py --with everything -o there/", f"{'':21}all of it, and then some", f"{'':21}more words"]),
        (34, ["flowc do it.py", *PARTED, "     all of it, and then some", "     more words"]),
    ],
)  # fmt: skip
def test_examples_stand_beside_what_they_do(width: int, expected: list[str]) -> None:
    formatter = HelpText(width=width)
    with formatter.indentation():
        formatter.write_text(EXAMPLES)
    assert formatter.getvalue() == "\n".join(["  Do it.", "", *(f"    {line}" for line in expected), ""])


def test_a_word_is_never_parted() -> None:
    formatter = HelpText(width=20)
    formatter.write_text("an-option-with-hyphens and averyveryverylongwordthatnobodyparts there")
    formatter.write_dl([("--a", "step-functions only-with-hyphens")])
    assert formatter.getvalue().splitlines() == [
        "an-option-with-hyphens",
        "and",
        "averyveryverylongwordthatnobodyparts",
        "there",
        "--a  step-functions",
        "     only-with-hyphens",
    ]
