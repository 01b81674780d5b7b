"""`flowc explain`: a rule with a flow that breaks it and the flow put right."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from compiler.call.options import WithHelp
from compiler.frontend.findings.suggest import did_you_mean
from compiler.mistakes import CallError
from compiler.terminal.said import AsIs, Colour, Styled, say, spelled

_RULES = Path(__file__).parents[1] / "rules.json"
_MARKED: Mapping[str, Colour] = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command("explain", cls=WithHelp)
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def COMMAND(codes: tuple[str, ...]) -> int:
    """Explain what a code such as FC202 means: the mistake, its cure, a flow that has it and the flow put right.

    Without a code, list all of flowc's. The name of a rule does as well as its code. Rules of a team's own that are installed
    beside flowc are explained, too.

    \b
      flowc explain FC202
      flowc explain foreach-without-join
      flowc explain
    """
    rules = json.loads(_RULES.read_text(encoding="utf-8"))
    named = {rule["name"]: code for code, rule in rules.items()}
    wanted = [named.get(code.lower(), code.upper()) for code in codes]
    if any(code not in rules for code in wanted):
        from compiler.policy.installed import explained  # noqa: PLC0415 - reads the metadata of all packages

        rules |= explained()
        named = {rule["name"]: code for code, rule in reversed(rules.items())}
        wanted = [named.get(code.lower(), code.upper()) for code in codes]
    for code, said in zip(wanted, codes, strict=True):
        if code not in rules:
            raise CallError(f"there is no rule `{said}`{did_you_mean(said.lower(), (*named, *map(str.lower, rules)))}")
    blocks = ["\n".join(_rule(code, rules[code])) for code in dict.fromkeys(wanted)] or ["\n".join(_list(rules))]
    say(AsIs("\n\n".join(blocks)))
    return 0


def _list(rules: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for code, rule in rules.items():
        yield f"{click.style(code, bold=True)}  {rule['name']}: {rule['message']}"


_OF_FLOWS = ("A flow that has it:", "The flow put right:")


def _rule(code: str, rule: Mapping[str, str]) -> Iterator[str]:
    severity = spelled((Styled(f"{rule['severity']}[{code}]", fg=_MARKED[rule["severity"]], bold=True),))
    yield f"{severity} {click.style(rule['name'], bold=True)}"
    yield f"  {rule['message']}"
    yield f"  {click.style('help', bold=True)}: {rule['help']}"
    if "by" in rule:
        yield f"  {click.style('by', bold=True)}: {rule['by']}"
    if "text" in rule:
        yield "\n" + "\n".join(f"  {line}".rstrip() for line in rule["text"].split("\n"))
    if "fix" in rule:
        yield f"  {click.style('fix', bold=True)}: `flowc fix` {rule['fix']}"
    what = ("Settings that have it:", "The settings put right:") if code.startswith("FC8") else _OF_FLOWS
    for key, title in zip(("wrong", "right"), what, strict=True):
        if key in rule:
            yield f"\n{click.style(title, bold=True)}\n"
            yield "\n".join(f"    {line}".rstrip() for line in rule[key].rstrip().split("\n"))
