"""Prints docs/diagnostics.md from the rules and their cases: `python -m tests.diagnostics.page > docs/diagnostics.md`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType

import compiler
from compiler.diagnostics import Rule
from tests.diagnostics import marked, policy_cases, settings_cases, target_cases
from tests.diagnostics.tables import CASES

_GROUPS = {
    "1": "Reading the file",
    "2": "The shape of the flow",
    "3": "What a target, or this version, does not have",
    "4": "Artifacts",
    "5": "Values and options",
    "6": "Deploying",
    "7": "Policy",
    "8": "Settings and the workspace",
    "9": "Bugs of ours",
}

_HEAD = """# Diagnostics

Every mistake that `flowc` reports has a code that is never used for anything else. All mistakes of a file are reported at
once, each at its line, none that only follows from another. This page is printed from the rules (`make golden`);
`flowc explain FC202` prints a rule with a whole flow that breaks it and the same flow put right.

A comment silences a warning of its line, by its code: `# flowc: ignore[FC409] why that is meant`; and what a policy finds (FC70x,
FC71x), unless the policy is locked (docs/policy.md). Notes are told by `flowc check --notes` alone, but for the one that says what
`--import` found.

`--format json` prints one object: `version` (1), `errors`, `warnings` and `diagnostics`, a list of objects with `code`, `name`,
`severity`, `message`, `help`, `span` (`path`, `line`, `column`, `end_line`, `end_column`; from 1, columns in characters, the
end exclusive), `notes` (objects with `message` and `span`) and `fix` (a list of edits; empty where only a person can tell what
was meant). `--format github` prints workflow commands, `--format gitlab` a Code Quality report, `--format sarif` a log of SARIF
2.1.0, with the fixes that replace texts.

`flowc fix` makes the fixes: where a rule says *Fix*, and the flow is clear. It reads the flow again after each: the finding must
be gone and no other have come, else the text stays as it is.
"""


def rules(within: ModuleType = compiler) -> dict[str, Rule]:
    """Every rule of the compiler, or of a package of it, by its code; a code with two rules is an error."""
    found: dict[str, Rule] = {}
    for module in pkgutil.walk_packages(within.__path__, f"{within.__name__}."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Rule):
                earlier = found.setdefault(value.code, value)
                assert earlier == value, f"{value.code} is both {earlier.name} and {value.name}"
    return dict(sorted(found.items()))


def page() -> str:
    """The page: a section a group, a rule with its words and the first case that shows it."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD
    group = ""
    examples = _examples()
    for code, rule in rules().items():
        if code[2] != group:
            group = code[2]
            yield f"## FC{group}xx {_GROUPS[group]}\n"
        yield f"### {code} {rule.name}\n"
        kind = "" if rule.severity == "error" else f" ({rule.severity})"
        yield f"{plain(rule.message)}{kind}\n"
        yield f"*Help:* {plain(rule.help)}\n"
        if rule.fix:
            yield f"*Fix:* `flowc fix` {rule.fix}\n"
        if code in examples:
            yield f"```{'toml' if group == '8' else 'python'}\n{examples[code]}\n```\n"


def plain(template: str) -> str:
    """A template as a sentence: facts stand as `<name>`; the reason that a policy gives, if it gives any, is left out."""
    text = template.replace("{because}", "").replace("{{", "\0").replace("}}", "\1")
    return text.replace("{", "<").replace("}", ">").replace("\0", "{").replace("\1", "}")


def _examples() -> dict[str, str]:
    """For each rule the marked lines of the first case that has it."""
    found: dict[str, str] = {}
    aimed = (case.text for case in (*target_cases.CASES.values(), *policy_cases.CASES.values()))
    for text in (*CASES.values(), *aimed, *settings_cases.TEXTS):
        case = marked.unmark(text)
        lines = case.source.split("\n")
        for place in case.expected:
            if place.code not in found:
                line = lines[place.line - 1].rstrip()
                carets = " " * (place.col - 1) + "^" * max(place.end_col - place.col, 1)
                indent = len(line) - len(line.lstrip())
                found[place.code] = f"{line[indent:]}\n{carets[indent:]}"
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
