"""What a flow's package holds beside modules, and that nothing else in the repository changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.workspace.package import PackageError
from tests.stages.command_line import Flowc
from tests.workspace.closure.repositories import FLOW, archive, write

TEAMS = {
    "pyproject.toml": "[tool.flowc]\n",
    "README.md": "",
    "Makefile": "",
    ".gitignore": "/scratch/\n*.parquet\n",
    ".github/workflows/ci.yml": "",
    "docs/table.csv": "",
    "sql/everybody.sql": "",
    "shared/__init__.py": "",
    "shared/money.py": "",
    "shared/units.py": "",
    "shared/rates.json": "",
    "risk/train.py": "from shared.money import M",
    "risk/serve.py": "",
    "risk/limits.yaml": "",
    "risk/sql/load.sql": "",
    "risk/sql/old/first.sql": "",
    "risk/sql/README.md": "",
    "risk/tools/make.py": "",
    "risk/tools/made.csv": "",
    "risk/tests/test_train.py": "",
    "risk/tests/case.json": "",
    "risk/notes.ipynb": "",
    "risk/cache.parquet": "",
    "ops/train.py": "",
    "ops/sql/load.sql": "",
    "train.py": "from shared.money import M",
    "scratch/x.csv": "",
}
"""A repository of teams, with a flow in its root: heads of flows in place of their texts."""

RISK = {
    "risk/train.py",
    "risk/limits.yaml",
    "risk/sql/load.sql",
    "risk/sql/old/first.sql",
    "shared/__init__.py",
    "shared/money.py",
    "shared/rates.json",
}


def _teams(root: Path) -> None:
    write(root, {name: FLOW.format(head=text) if name.endswith("train.py") else text for name, text in TEAMS.items()})


def test_a_package_is_what_the_flow_imports_and_the_data_beside_it(tmp_path: Path) -> None:
    _teams(tmp_path)
    assert set(archive(tmp_path, "risk/train.py").files) == RISK
    assert set(archive(tmp_path, "ops/train.py").files) == {"ops/train.py", "ops/sql/load.sql"}
    shared = {"shared/__init__.py", "shared/money.py", "shared/rates.json"}
    assert set(archive(tmp_path, "train.py").files) == {"train.py", *shared}


@pytest.mark.parametrize("flow", ["risk/train.py", "ops/train.py", "train.py"])
def test_an_edit_of_what_no_task_reads_changes_no_byte_and_any_other_does(flow: str, tmp_path: Path) -> None:
    _teams(tmp_path)
    before = archive(tmp_path, flow)
    for name in TEAMS:
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(f"{text}\n# edited\n")
        assert (archive(tmp_path, flow).digest == before.digest) == (name not in before.files), name
        (tmp_path / name).write_text(text)
    write(
        tmp_path,
        {"risk/another.py": "", "new/a.py": "", "new/b.sql": "", "shared/later.py": "", "risk/tests/b.csv": ""},
    )
    assert archive(tmp_path, flow) == before


NAMED: dict[str, tuple[str, dict[str, str], set[str]]] = {
    "a path from the root": ("open('sql/a.sql')", {"sql/a.sql": "", "sql/b.sql": ""}, {"sql/a.sql"}),
    "a path from the module's folder up": (
        "from pathlib import Path\n(Path(__file__).parent.parent / 'sql' / 'a.sql').read_text()",
        {"sql/a.sql": "", "sql/b.sql": ""},
        {"sql/a.sql"},
    ),
    "a folder, and what only a run tells in it": (
        "import os\nHERE = os.path.dirname(__file__)\nopen(os.path.join(HERE, '..', 'sql', name))",
        {"sql/a.sql": "", "sql/deep/b.sql": "", "sql/make.py": "", "other/c.sql": ""},
        {"sql/a.sql", "sql/deep/b.sql"},
    ),
    "a name that a run completes": (
        "open(f'sql/{team}.sql')",
        {"sql/a.sql": "", "sql/a.csv": "", "sql/deep/b.sql": ""},
        {"sql/a.sql"},
    ),
    "a pattern": ("import glob\nglob.glob('sql/*.sql')", {"sql/a.sql": "", "sql/a.csv": ""}, {"sql/a.sql"}),
    "a folder by a constant": (
        "from pathlib import Path\nSQL = Path('sql')\nlist(SQL.iterdir())",
        {"sql/a.sql": "", "sql/README.md": ""},
        {"sql/a.sql", "sql/README.md"},
    ),
    "a sum of texts": ("FOLDER = 'sql'\nopen(FOLDER + '/a.sql')", {"sql/a.sql": "", "sql/b.sql": ""}, {"sql/a.sql"}),
    "a document that is read": (
        "from pathlib import Path\nPath(__file__).with_name('prompt.md').read_text()",
        {"team/prompt.md": "", "team/other.md": ""},
        {"team/prompt.md"},
    ),
    "documents that a run chooses": (
        "from pathlib import Path\n(Path(__file__).parent / f'{name}.md').read_text()",
        {"team/prompt.md": "", "README.md": ""},
        {"team/prompt.md"},
    ),
    "what a loader of templates finds": (
        "from jinja2 import FileSystemLoader\nFileSystemLoader('templates')",
        {"templates/a.html": ""},
        {"templates/a.html"},
    ),
    "a word, an address, an absolute path, what is not there": (
        "d['sql']\nopen('/sql/a.sql')\nget('https://x/sql/a.sql')\nopen('sql/none.sql')\n'''sql/a.sql'''",
        {"sql/a.sql": ""},
        set(),
    ),
    "what a module names": (
        "import team.m",
        {"team/__init__.py": "", "team/m.py": "open('sql/a.sql')", "sql/a.sql": ""},
        {"team/__init__.py", "team/m.py", "sql/a.sql"},
    ),
    "what an ignore file names is no part": ("open('sql/a.sql')", {"sql/a.sql": "", ".gitignore": "/sql/\n"}, set()),
    "a file that .flowcignore keeps": ("", {"team/notes.md": "", "team/.flowcignore": "!notes.md\n"}, {"team/notes.md"}),
    "an empty package": ("import names", {"names/a.py": ""}, {"names/a.py"}),
    "what the image installs": ("", {"requirements.txt": "", "requirements-dev.txt": ""}, {"requirements.txt"}),
    "what a link leads to": ("open('team/a.csv')", {"else/a.csv": "", "team/a.csv": "->../else/a.csv"}, {"team/a.csv"}),
    "an included file of a computed name": (
        "from metaflow import IncludeFile\nclass G:\n    t = IncludeFile('t', default='tables/' + 'a.csv')",
        {"tables/a.csv": "", "tables/b.csv": ""},
        {"tables/a.csv"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_a_text_names_is_part(name: str, tmp_path: Path) -> None:
    head, files, expected = NAMED[name]
    write(tmp_path, {**files, "pyproject.toml": "[tool.flowc]\n", "team/flow.py": FLOW.format(head=head)})
    assert set(archive(tmp_path, "team/flow.py").files) == expected | {"team/flow.py"}


def _settings(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(f"[tool.flowc]\n{text}\n")


def test_globs_are_part_wherever_they_lead(tmp_path: Path) -> None:
    _teams(tmp_path)
    _settings(tmp_path, 'include = ["sql", "risk/tests/*.json", "ops/**/*.sql"]')
    more = {"sql/everybody.sql", "risk/tests/case.json", "ops/sql/load.sql"}
    assert set(archive(tmp_path, "risk/train.py").files) == RISK | more


def test_a_glob_that_nothing_matches_is_an_error(tmp_path: Path) -> None:
    _teams(tmp_path)
    _settings(tmp_path, 'include = ["sqll/*.sql"]')
    with pytest.raises(PackageError, match=r"include: no file of the code in .* matches `sqll/\*\.sql`"):
        archive(tmp_path, "risk/train.py")


def test_the_settings_say_all_of_the_root_or_imports_alone(tmp_path: Path) -> None:
    _teams(tmp_path)
    everything = set(archive(tmp_path, "risk/train.py").files)
    _settings(tmp_path, 'package = "root"')
    assert set(archive(tmp_path, "risk/train.py").files) == set(TEAMS) - {"scratch/x.csv", "risk/cache.parquet"}
    write(tmp_path, {"plugins.py": "__import__(input())", "ops/plain.py": FLOW.format(head="import plugins")})
    _settings(tmp_path, 'package = "imports"')
    assert set(archive(tmp_path, "ops/plain.py").files) == {"ops/plain.py", "ops/sql/load.sql", "plugins.py"}
    assert set(archive(tmp_path, "risk/train.py").files) == everything


def test_a_line_that_only_a_run_can_follow_makes_it_all_of_the_root_and_is_told_once(
    flowc: Flowc, tmp_path: Path
) -> None:
    _teams(tmp_path)
    write(tmp_path, {"shared/units.py": "", "plugins.py": "\n__import__(input())"})
    for name, flow in (("ops/train.py", "class F("), ("risk/train.py", "class G(")):
        (tmp_path / name).write_text(FLOW.format(head="import plugins").replace("class F(", flow))
    ended = flowc("argo", "create", tmp_path / "ops/train.py", tmp_path / "risk/train.py", "-o", f"{tmp_path}/scratch/")
    assert ended.code == 0, ended.err
    assert ended.err.count("plugins.py:2 imports what only a run names") == 1
    listed = flowc("package", tmp_path / "ops/train.py", "--list", "--why")
    assert "shared/rates.json  " in listed.out
    assert "plugins.py:2 imports what only a run names" in listed.out
    noted = flowc("check", "--notes", tmp_path / "ops/train.py")
    assert (noted.code, "note[FC850]" in noted.out) == (0, True)


def test_why_names_the_line_that_brings_a_file(flowc: Flowc, tmp_path: Path) -> None:
    _teams(tmp_path)
    listed = flowc("package", tmp_path / "risk/train.py", "--list", "--why").out.splitlines()
    assert "shared/money.py  risk/train.py:2 imports shared.money" in listed
    assert "risk/limits.yaml  data in the folder of modules risk/" in listed
    assert "risk/train.py  the flow's own file" in listed
