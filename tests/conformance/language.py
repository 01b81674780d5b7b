"""The rules of docs/language.md, and which test shows each on which engine: docs/language-table.md is printed from here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Rule
from tests.conformance.engines import TARGETS
from tests.conformance.written import WRITTEN, Written
from tests.conformance.written.case import ROOT
from tests.diagnostics import marked, page
from tests.diagnostics.tables import CASES

DOCUMENT = ROOT / "docs" / "language.md"
COLUMNS = ("local", "argo", "step-functions", "airflow 3", "airflow 2")

_RULE = re.compile(r"^- `([a-z0-9.-]+)`: (.+)$", re.MULTILINE)
_CODE = re.compile(r"\bFC\d{3}\b")
_REFUSED = ("refused.", "warned.")
_EVERY_TARGET = ("argo", "step-functions", "airflow 3", "airflow 2")
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "airflow": ("airflow 3", "airflow 2"),
    "argo": ("argo",),
    "stepfunctions": ("step-functions",),
    "backends": _EVERY_TARGET,
}
"""Folders of tests that show targets alone; what stands elsewhere executes the local run or its parts."""

_BY_GENERATED = (
    "artifact.delete",
    "foreach.outside",
    "gang.literal",
    "gang.expression",
    "recursion.retry",
    "config.value",
)
"""What steps of generated flows do on every engine."""

_WITHOUT_ENGINE: tuple[tuple[str, str], ...] = (
    *((rule, "no pods") for rule in ("kubernetes.restricted", "beyond.pod-options")),
    *((rule, "none") for rule in ("schedule.", "kubernetes.")),
    *(
        (rule, "flowc")
        for rule in (
            "refused.several",
            "config.required",
            "client.runner",
            "client.notebook",
            "client.deployer",
            "gang.decorators",
            "project.user",
            "parameter.environment",
        )
    ),
    *((rule, "flowc") for rule in ("own.import-needed", "resume.", "failure.interrupted", "real.")),
    *(
        (rule, "shim")
        for rule in ("foreach.", "join.", "artifact.", "merge.", "client.", "parallel.", "names.", "files.")
    ),
    *((rule, "shim") for rule in ("catch.print", "timeout.swallowed", "failure.", "recursion.tasks")),
)
"""Why an engine has no say in a rule, by how the rule's id begins: the first that fits, for the cells that no test fills."""

_HEAD = """# Which test shows which rule

Every rule of `docs/language.md` with the engines on which a test would fail without it. `yes`: a flow that needs the rule runs
there, and leaves what the local run leaves, or what the target needs for it stands in its output. A code: the target refuses it so,
and a test sees that. `refused`: the compiler refuses it, whatever the target. This page is printed from the tests (`make golden`).

Where an engine has no say in a rule, the cell says why: `shim`: it happens in the step's process or in what reads the store, which
are the same code on every target, and a test shows it without an engine. `flowc`: the command does it, before an engine sees
anything or without one. `none`: a local run has no schedules and no pods. `no pods`: nor has AWS Batch.

"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One test or flow that shows a rule: its name, and a word for each engine."""

    by: str
    cells: Mapping[str, str]


def rules() -> dict[str, str]:
    """Every rule's text by its id, in the document's order; an id that stands twice is an error."""
    found = _RULE.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(dict(found)) == len(found), "an id stands twice"
    return dict(found)


def shown() -> dict[str, list[Shown]]:
    """What shows each id, written flows first; ids that are no rules too."""
    found: dict[str, list[Shown]] = {}
    for each in (_by_flows(), _by_generated(), _by_tests(), _by_diagnostics()):
        for rule, shows in each:
            found.setdefault(rule, []).append(shows)
    return found


def _by_flows() -> Iterator[tuple[str, Shown]]:
    for written in WRITTEN:
        cells = _cells(written)
        for rule in written.shows:
            yield rule, Shown(f"`{written.path.relative_to(ROOT)}`", cells)


def _by_generated() -> Iterator[tuple[str, Shown]]:
    for rule in _BY_GENERATED:
        yield rule, Shown("`tests/conformance/test_generated.py`", dict.fromkeys(COLUMNS, "yes"))


def _cells(written: Written) -> dict[str, str]:
    by_target = {target: written.refused.get(target, "yes") for target in TARGETS}
    runs_anywhere = any(word == "yes" for word in by_target.values())
    engines = {column: by_target[next(name for name in TARGETS if column.startswith(name))] for column in COLUMNS[1:]}
    return {"local": "yes" if runs_anywhere else "", **engines}


def _by_tests() -> Iterator[tuple[str, Shown]]:
    """Tests with `@pytest.mark.language("id", …)`, read as text: the table does not need a session of all tests."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.language(" not in text:
            continue
        folder = path.relative_to(ROOT / "tests").parts[0]
        cells = dict.fromkeys(_FOLDERS.get(folder, ("local",)), "yes")
        for rule in dict.fromkeys(_marks(ast.parse(text))):
            yield rule, Shown(f"`{path.relative_to(ROOT)}`", cells)


def _marks(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="language", value=ast.Attribute(attr="mark")), args=arguments):
                for argument in arguments:
                    assert isinstance(argument, ast.Constant), "ids are literals"
                    yield str(argument.value)
            case _:
                pass


def _by_diagnostics() -> Iterator[tuple[str, Shown]]:
    """A rule of what is refused names its codes; each must have a wrong flow in tests/diagnostics."""
    wrong = {place.code for text in CASES.values() for place in marked.unmark(text).expected} | _of_files()
    for rule, text in rules().items():
        codes = _CODE.findall(text)
        if rule.startswith(_REFUSED) and codes and wrong.issuperset(codes):
            yield rule, Shown("`tests/diagnostics`", dict.fromkeys(COLUMNS, "refused"))


def _of_files() -> set[str]:
    from tests.diagnostics import file_cases

    return {place.code for _, place in file_cases.CASES.values()} | set(file_cases.OTHERS)


def known_codes() -> Mapping[str, Rule]:
    """Every rule of the compiler by its code."""
    return page.rules()


def codes_named() -> set[str]:
    """Every code that the document names."""
    return set(_CODE.findall(DOCUMENT.read_text(encoding="utf-8")))


def table() -> str:
    """docs/language-table.md. AssertionError where a rule and the tests do not agree."""
    texts, found = rules(), shown()
    assert not set(found) - set(texts), f"no rules of {DOCUMENT.name}: {set(found) - set(texts)}"
    return _HEAD + "\n".join(_table(texts, found)) + "\n"


def _table(texts: Mapping[str, str], found: Mapping[str, list[Shown]]) -> Iterator[str]:
    yield f"| rule | {' | '.join(COLUMNS)} | shown by |"
    yield "| --- " * (len(COLUMNS) + 2) + "|"
    for rule in texts:
        by = found.get(rule, [])
        cells = [
            _word([one.cells[column] for one in by if one.cells.get(column)]) or _without(rule, column)
            for column in COLUMNS
        ]
        yield f"| `{rule}` | {' | '.join(cells)} | {', '.join(dict.fromkeys(one.by for one in by))} |"


def _word(words: list[str]) -> str:
    """What an engine's cell says of several tests: that it runs counts more than that a variant is refused."""
    return "yes" if "yes" in words else ", ".join(dict.fromkeys(words))


def _without(rule: str, column: str) -> str:
    """Why no test of a rule runs on an engine. AssertionError where there is no reason."""
    found = next((word for begin, word in _WITHOUT_ENGINE if rule.startswith(begin)), None)
    assert found, f"no test shows {rule} on {column}: let one, or say why none can"
    assert found != "none" or column == "local", f"no test shows {rule} on {column}"
    return found


def path_of_table() -> Path:
    """Where the table lies."""
    return ROOT / "docs" / "language-table.md"
