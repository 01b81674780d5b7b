"""Documents that are printed from the code: whole files, and parts between markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from compiler.backends import PORTABLE_OPTIONS, Backend, lacks
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.commands.ir import json_text
from compiler.difference.telling import document
from compiler.ir.plan import Feature
from compiler.ir.schema import schema
from compiler.run.local import LOCAL
from compiler.workspace.listing import LEFT_OUT, LIMIT
from tests import runtime_names
from tests.conformance import language
from tests.conformance.plan import SUITES
from tests.targets import surface

_IDLE = "taken, without effect"

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Published:
    """A document, or the part of it between `<!-- name -->` and `<!-- end of name -->`, and the function that prints it."""

    path: Path
    text: Callable[[], str]
    part: str | None = None

    def expected(self) -> str:
        """The whole document as it should be."""
        if self.part is None:
            return self.text()
        begin, end = f"<!-- {self.part} -->", f"<!-- end of {self.part} -->"
        whole = self.path.read_text(encoding="utf-8")
        assert whole.count(begin) == whole.count(end) == 1, f"{self.path} lacks {begin} or {end}"
        return re.sub(
            f"{re.escape(begin)}.*{re.escape(end)}", lambda _: f"{begin}\n{self.text()}{end}", whole, flags=re.DOTALL
        )

    def write(self) -> None:
        """Print it anew."""
        self.path.write_text(self.expected(), encoding="utf-8", newline="")


def support_table() -> str:
    """Which target runs which feature, from the backends' tables of gaps."""
    targets = [backend for name in (*BUILT_IN, *surface.TARGETS) if (backend := load_backend(name))]
    columns: list[Backend] = [LOCAL, *targets]
    rows = [["feature", "local run", *(backend.name for backend in targets)], ["---"] * (len(columns) + 1)]
    rows.append(["split, join, foreach, nested to any depth", *["yes"] * len(columns)])
    rows.append(["`Parameter`", *["yes"] * len(columns)])
    rows.append(["`IncludeFile`", *["yes"] * len(columns)])
    sizes = ", ".join(sorted(PORTABLE_OPTIONS - {"image"}))
    rows.append([f"`@resources`, `@kubernetes`, `@batch`: {sizes}", _IDLE, *map(_sizes, targets)])
    rows.append(["`@kubernetes`, `@batch`: image", _IDLE, *["yes"] * len(targets)])
    rows.append(["`@kubernetes`, `@batch`: everything else", _IDLE, *["`docs/options.md`"] * len(targets)])
    for feature in get_args(Feature):
        rows.append([feature, *("no" if feature in backend.gaps else "yes" for backend in columns)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _sizes(backend: Backend) -> str:
    """Whether a target spells all portable sizes."""
    lacking = sorted(lacks(backend))
    return f"all but {', '.join(lacking)}" if lacking else "yes"


_OPTIONS_HEAD = """# Which target spells which option

Each option of the decorators that ask for a container, and what each target makes of it. `yes`: it stands in the output.
`refused`: the compiler says so at its line; nothing is left out silently. The local run takes them all, and they have no effect
there. The options of every other decorator are the runtime's or the graph's, and mean the same everywhere. This page is printed
from the code (`make golden`).

"""


def options_page() -> str:
    """docs/options.md: which target spells which option of `@resources`, `@kubernetes` and `@batch`."""
    targets = [backend for name in (*BUILT_IN, *surface.TARGETS) if (backend := load_backend(name))]
    rows = [["option", *(backend.name for backend in targets)], ["---"] * (len(targets) + 1)]
    taken = {"resources": PORTABLE_OPTIONS - {"image"}, **{key: LOCAL.spells[key] for key in ("kubernetes", "batch")}}
    for decorator, own in taken.items():
        for option in sorted(own | (PORTABLE_OPTIONS if decorator != "resources" else own)):
            spelled = (
                option in (PORTABLE_OPTIONS - lacks(backend)) | backend.spells.get(decorator, frozenset())
                for backend in targets
            )
            rows.append([f"`@{decorator}({option}=…)`", *("yes" if each else "refused" for each in spelled)])
    return _OPTIONS_HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def conformance_numbers() -> str:
    """How many generated flows each form compares on each engine."""
    rows = [["generated flows", "`make test`", "`make sample`", "`make conformance`, `make mutation`"], ["---"] * 4]
    told = {
        "local, Argo, Step Functions": "generated",
        "Airflow 3.3.2": "airflow_3",
        "Airflow 3.3.2, real scheduler": "scheduler",
        "Airflow 3.3.2, real scheduler, gangs": "gangs_on_scheduler",
        "Airflow 2.11.2": "airflow_2",
        "Airflow 2.11.2, gangs": "gangs_on_airflow_2",
        "a real Argo, where one is named": "real_argo",
        "local, each task in a fresh interpreter": "spawned",
        "mutants": "mutants",
    }
    for name, field in told.items():
        rows.append([name, *(str(getattr(numbers, field)) for numbers in SUITES.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def left_out() -> str:
    """What the code archive never holds."""
    return f"{', '.join(f'`{name}`' for name in sorted(LEFT_OUT))}; the limit is {LIMIT // 2**20} MiB.\n"


PUBLISHED = (
    Published(language.path_of_table(), language.table),
    Published(ROOT / "compiler" / "runtime_names.txt", runtime_names.text),
    Published(ROOT / "docs" / "ir.schema.json", lambda: json_text(schema())),
    Published(ROOT / "docs" / "diff.schema.json", lambda: json_text(document.schema())),
    Published(ROOT / "docs" / "options.md", options_page),
    Published(ROOT / "docs" / "new-target.md", surface.page, "surface"),
    Published(ROOT / "docs" / "conformance.md", conformance_numbers, "numbers"),
    Published(ROOT / "README.md", support_table, "support"),
    Published(ROOT / "README.md", left_out, "left out"),
)
