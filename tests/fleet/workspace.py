"""A workspace of a hundred flows of ten teams, with what stands beside flows in a real repository."""

from __future__ import annotations

from pathlib import Path

TEAMS, EACH = 10, 10
SHARERS = 7
"""So many flows import the module `shared/sevenfold.py`, one of them by way of another module, one in a function, one in a `try`."""

SETTINGS = """
[tool.flowc]
flows = ["teams/*/*.py"]
registry = "registry.example.com/fleet"
store = "s3://fleet/flows"

[tool.flowc.argo]
namespace = "flows"

[tool.flowc.step-functions]
queue = "fleet"
"""

FLOW = '''
from metaflow import FlowSpec, {imports}step
from teams.{team}.tables import query
{more}

{above}class {name}(FlowSpec):
    """Number {number} of the team {team}."""

    @step
    def start(self):
        self.items = [1, 2, {number}]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        {inner}
        self.value = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [each.value for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.text = query("all.sql")
        print(self.values)
'''

TABLES = """
from pathlib import Path


def query(name):
    return (Path(__file__).parent / "sql" / name).read_text()
"""


def make(folder: Path) -> None:
    """Write the workspace into a folder that exists."""
    _write(folder / "pyproject.toml", SETTINGS)
    _write(folder / "README.md", "# The fleet\n")
    _write(folder / "docs/howto.md", "How to.\n")
    _write(folder / "tests/test_flows.py", "def test_nothing():\n    pass\n")
    _write(folder / "shared/__init__.py", "")
    _write(folder / "shared/sevenfold.py", "FACTOR = 7\n")
    _write(folder / "shared/between.py", "from shared.sevenfold import FACTOR\n")
    _write(folder / "shared/nobodys.py", "UNUSED = 1\n")
    for team in range(TEAMS):
        _write(folder / f"teams/team{team}/tables.py", TABLES)
        _write(folder / f"teams/team{team}/sql/all.sql", f"select {team}\n")
        for place in range(EACH):
            _write(flow_file(folder, team * EACH + place), _flow(team * EACH + place))


def flow_file(folder: Path, number: int) -> Path:
    """The file of a flow."""
    return folder / f"teams/team{number // EACH}/flow{number}.py"


def _flow(number: int) -> str:
    more, inner = "", "pass"
    if number % 15 == 0:  # of a hundred seven
        match number // 15:
            case 1:
                more = "from shared.between import FACTOR"
            case 2:
                inner = "from shared.sevenfold import FACTOR"
            case 3:
                more = "try:\n    import shared.sevenfold\nexcept ImportError:\n    shared = None"
            case _:
                more = "from shared import sevenfold"
    above, imports = "", ""
    if number % 10 == 4:
        above, imports = f'@schedule(cron="{number % 60} 4 * * *")\n', "schedule, "
    if number % 10 == 5:
        above, imports = f'@trigger_on_finish(flow="Flow{number - 1}")\n', "trigger_on_finish, "
    return FLOW.format(
        name=f"Flow{number}",
        number=number,
        team=f"team{number // EACH}",
        more=more,
        inner=inner,
        above=above,
        imports=imports,
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
