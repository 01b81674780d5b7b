"""Repositories of many flows, as a platform team has them: teams' folders, shared packages, settings."""

from __future__ import annotations

from pathlib import Path

from bench.flows import realistic

TEAMS, SHARED, STEPS = 6, 24, 20
"""Folders of flows, modules that flows share, and steps of a flow."""

_FUNCTIONS = 12


def write_workspace(folder: Path, flows: int) -> list[Path]:
    """Write a workspace of so many flows, each of which imports three modules that others import too; the flows' files."""
    (folder / "shared").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.flowc]\nstore = "s3://flows/store"\nregistry = "r.io/team"\n')
    (folder / "shared" / "__init__.py").write_text("")
    for number in range(SHARED):
        (folder / "shared" / f"part{number}.py").write_text(_module(number))
    return [_flow(folder, number) for number in range(flows)]


def _module(number: int) -> str:
    """Functions and constants; each module but the first imports the one before."""
    head = f"from shared.part{number - 1} import LIMIT_{number - 1}\n" if number else ""
    body = "".join(
        f"\n\ndef clean_{number}_{each}(rows, limit={each}):\n    kept = [row for row in rows if len(row) > limit]\n"
        "    total = sum(len(row) for row in kept)\n    return {'rows': kept, 'total': total, 'limit': limit}\n"
        for each in range(_FUNCTIONS)
    )
    return f"import json\nimport os\n{head}\nLIMIT_{number} = {number}\nNAMES_{number} = ['a', 'b', 'c']\n{body}"


def _flow(folder: Path, number: int) -> Path:
    path = folder / "flows" / f"team{number % TEAMS}" / f"flow_{number}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(number * step) % SHARED for step in (1, 5, 7)]
    imports = "".join(f"from shared.part{part} import LIMIT_{part}, clean_{part}_0\n" for part in sorted({*parts}))
    path.write_text(realistic(f"Flow{number}", STEPS).replace("\nLIMIT = 3\n", f"{imports}\nLIMIT = 3\n"))
    return path
