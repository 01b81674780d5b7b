"""Documents that are printed from the code: whole files, and parts between markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from compiler.backends import PORTABLE_OPTIONS, Backend
from compiler.commands.ir import json_text
from compiler.commands.targets import BUILT_IN, load_backend
from compiler.ir.plan import Feature
from compiler.ir.schema import schema
from compiler.package import LEFT_OUT, LIMIT
from compiler.run.local import LOCAL
from tests.conformance import language

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
    targets = [backend for name in BUILT_IN if (backend := load_backend(name))]
    columns: list[Backend] = [LOCAL, *targets]
    rows = [["feature", "local run", *(backend.name for backend in targets)], ["---"] * (len(columns) + 1)]
    rows.append(["split, join, foreach, nested to any depth", *["yes"] * len(columns)])
    rows.append(["`Parameter`", *["yes"] * len(columns)])
    rows.append(["`IncludeFile`", *["yes"] * len(columns)])
    sizes = ", ".join(sorted(PORTABLE_OPTIONS - {"image"}))
    rows.append([f"`@resources`, `@kubernetes`, `@batch`: {sizes}", _IDLE, *["yes"] * len(targets)])
    rows.append(["`@kubernetes`, `@batch`: image", _IDLE, *["yes"] * len(targets)])
    for decorator in ("kubernetes", "batch"):
        spelled = [backend.spells.get(decorator, frozenset()) for backend in targets]
        told = [f"{len(names)} more options" if names else "refused" for names in spelled]
        rows.append([f"`@{decorator}`: everything else", _IDLE, *told])
    for feature in get_args(Feature):
        rows.append([feature, *("no" if feature in backend.gaps else "yes" for backend in columns)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def left_out() -> str:
    """What the code archive never holds."""
    return f"{', '.join(f'`{name}`' for name in sorted(LEFT_OUT))}; the limit is {LIMIT // 2**20} MiB.\n"


PUBLISHED = (
    Published(language.path_of_table(), language.table),
    Published(ROOT / "docs" / "ir.schema.json", lambda: json_text(schema())),
    Published(ROOT / "README.md", support_table, "support"),
    Published(ROOT / "README.md", left_out, "left out"),
)
