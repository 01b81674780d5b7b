"""`flowc fix`: the cures that can be made without asking."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from compiler.call.options import WithHelp, env_option, option
from compiler.call.sources import FlowName, Surroundings, flows_argument, root_option
from compiler.diagnostics import Diagnostic, Report
from compiler.frontend.text.source import decode
from compiler.mistakes import CallError
from compiler.pipeline import Reading, read_flows
from compiler.reading import SOURCE, read_file
from compiler.report.fixing import mend, replace_files
from compiler.report.render import as_objects
from compiler.slotted_class import record, replaced
from compiler.terminal.output import styled_diff
from compiler.terminal.said import say, say_json, tell

JSON_VERSION = 1
"""The version of the JSON; it changes when a key is removed or gets another meaning."""


@record
class _Result:
    """What the call found: fixes and what is left by flow file, and each changed file before and after."""

    fixed: tuple[Diagnostic, ...]
    left: Report
    before: Mapping[Path, bytes]
    after: Mapping[Path, bytes]


@click.command("fix", cls=WithHelp)
@flows_argument
@option("--write", is_flag=True, help="Change the files; without it only show what would change.")
@option("--select", "codes", multiple=True, metavar="CODE", help="Only these rules: FC242; several with commas.")
@option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print: text or json.",
)
@option("--json", "as_json", is_flag=True, help="The same as --format json.")
@root_option
@env_option
def COMMAND(
    *,
    flows: tuple[FlowName, ...],
    write: bool,
    codes: tuple[str, ...],
    form: str,
    as_json: bool,
    root: Path | None,
    env: str | None,
) -> int:
    """Put right what can only have been meant in one way: misspelt names, a forgotten `return`, decorators in the wrong order.

    Shows the changes as a diff, and changes nothing without --write. Each fix is proven: the flow, read again, no longer has
    the mistake and has no new one. Comments and all else stay as they are, byte for byte. `flowc explain CODE` says what the
    fix of a rule does. Without a FLOW, all flows of the workspace.

    Exit code 1 where something is to be fixed, also 0 where mistakes are left that only a person can cure (`flowc check`
    judges those); with --write 0.

    \b
      flowc fix flow.py                   what would change
      flowc fix flow.py --write           change it
      flowc fix flow.py --select FC242,FC504
    """
    surroundings, wanted = Surroundings(root, imports=False, env=env), _codes(codes)
    result = _fixed(surroundings.flows(flows), surroundings, wanted)
    if write:
        replace_files(result.after, result.before)
    if as_json or form == "json":
        say_json(_json(result, write))
    else:
        if not write:
            say(*styled_diff("".join(_diffs(result))), nl=False)
        _tell(result, write)
    return 1 if result.fixed and not write else 0


def _codes(given: Iterable[str]) -> frozenset[str]:
    codes = [code.strip().upper() for each in given for code in each.split(",")]
    for code in codes:
        if not (code.startswith("FC") and code[2:].isdigit()):
            raise CallError(f"--select takes codes such as FC242, not `{code}`: `flowc explain` lists them")
    return frozenset(codes)


def _fixed(flows: Iterable[FlowName], surroundings: Surroundings, codes: frozenset[str]) -> _Result:
    fixed: dict[Diagnostic, None] = {}
    left, drafts = Report(), dict[Path, bytes]()
    for name in dict.fromkeys(flows):
        root = surroundings.root(name.path)
        plain = replaced(surroundings.reading(name.path), imports=False)

        def read(
            drafts: Mapping[Path, bytes], name: FlowName = name, root: Path = root, plain: Reading = plain
        ) -> Report:
            report = Report()
            read_flows(name.path, report, root=root, name=name.name, reading=replaced(plain, drafts=drafts))
            return report

        mended = mend(read, drafts, root=root, wanted=lambda found: not codes or found.rule.code in codes)
        fixed |= dict.fromkeys(mended.fixed)
        drafts = dict(mended.drafts)
        left.take(mended.left)
    return _Result(tuple(fixed), left, {path: read_file(path, SOURCE) for path in drafts}, drafts)


def _diffs(result: _Result) -> Iterator[str]:
    for path, data in result.after.items():
        old, new = _text(result.before[path]), _text(data)
        name = _shown(path)
        for line in difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), name, name):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _text(data: bytes) -> str:
    return decode(data)[0].replace("\r\n", "\n").replace("\r", "\n")


def _shown(path: Path) -> str:
    here = Path().resolve()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _tell(result: _Result, written: bool) -> None:
    """What was done, and what is left to a person, on stderr."""
    count, files = len(result.fixed), len(result.after)
    mistakes = sum(found.rule.severity == "error" for found in result.left)
    if count:
        what = f"{count} fix{'' if count == 1 else 'es'} in {files} file{'' if files == 1 else 's'}"
        said = f"{what} written" if written else f"{what}; `--write` makes them"
    else:
        said = "nothing to fix"
    if mistakes:
        said += f"; {mistakes} mistake{'' if mistakes == 1 else 's'} left to you: `flowc check` shows them"
    tell(said)


def _json(result: _Result, written: bool) -> str:
    whole = {
        "version": JSON_VERSION,
        "written": written,
        "fixed": as_objects(result.fixed),
        "left": as_objects(result.left),
        "diff": "".join(_diffs(result)),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)
