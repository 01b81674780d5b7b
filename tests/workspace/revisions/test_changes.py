"""What has changed since a revision: which flows, and that nothing of the repository runs to tell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.workspace.revisions.changes import changes_since
from tests.stages.command_line import BROKEN, FLOW, Flowc

PLAIN = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    """What git says, by nobody's settings."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(["git", *PLAIN, *words], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(folder: Path) -> Path:
    """Two flows that share a module, one with a module of its own, at the revision `v1`."""
    (folder / "flow.py").unlink()
    (folder / "pyproject.toml").write_text("[tool.flowc]\nimage = 'i:1'\n[tool.ruff]\nline-length = 9\n")
    (folder / "ci").mkdir()
    (folder / "ci" / "requirements.txt").write_text("numpy==1\nflowc==0.1.0\n")
    for name, more in (("one", "from lib.own import A"), ("two", "import lib.shared")):
        text = FLOW.replace("SumFlow", name.capitalize()).replace(
            "from flowc", f"{more}\nimport lib.shared\nfrom flowc"
        )
        (folder / f"{name}.py").write_text(text)
    (folder / "lib").mkdir()
    (folder / "lib" / "own.py").write_text("from lib.deep import A\n")
    (folder / "lib" / "deep.py").write_text("A = 1\n")
    (folder / "lib" / "shared.py").write_text("B = 1\n")
    (folder / "docs").mkdir()
    (folder / "docs" / "a b.md").write_text("text\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    git(folder, "tag", "v1")
    return folder


def _append(name: str, text: str = "# more\n") -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return edit


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


EDITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda _: None, ""),
    "a flow": (_append("one.py"), "one"),
    "a module of one": (_append("lib/own.py"), "one"),
    "a module of a module": (_append("lib/deep.py"), "one"),
    "a module of both": (_append("lib/shared.py"), "one two"),
    "a document": (_append("docs/a b.md"), ""),
    "a new file that nothing imports": (_write("other.py", "x = 1\n"), ""),
    "a file that is gone": (lambda folder: (folder / "docs" / "a b.md").unlink(), ""),
    "settings": (_write("pyproject.toml", "[tool.flowc]\nimage = 'i:2'\n"), "one two"),
    "settings of another tool": (_append("pyproject.toml", "indent-width = 2\n"), ""),
    "the compiler": (_write("ci/requirements.txt", "numpy==1\nflowc==0.2.0\n"), "one two"),
    "another package of the checks": (_write("ci/requirements.txt", "numpy==2\nflowc==0.1.0\n"), ""),
    "what the archive leaves out": (_write(".flowcignore", "docs/\n"), "one two"),
}
"""What is done to the repository, and the flows that are other ones then."""


@pytest.mark.parametrize("state", ["edited", "staged", "committed"])
@pytest.mark.parametrize("name", EDITS)
def test_the_flows_that_changed_are_compiled(flowc: Flowc, repository: Path, name: str, state: str) -> None:
    edit, expected = EDITS[name]
    edit(repository)
    if state != "edited":
        git(repository, "add", "-A")
    if state == "committed":
        git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    words = ["one.py", "two.py", "--changed-since", "v1"]
    ended = flowc("argo", "create", *words, "-o", "out/")
    assert ended.code == 0, ended.err
    written = sorted(path.stem for path in repository.glob("out/*"))
    assert written == expected.split()
    assert f"{len(written)} flow" in flowc("check", *words).err


GONE = {
    "another module of its folder": ({"lib/unused.py": "x = 1\n"}, "lib/unused.py", ""),
    "a module of the name of one that is read": ({"old/deep.py": "x = 1\n"}, "old/deep.py", ""),
    "a test beside its modules": ({"lib/test_own.py": "x = 1\n"}, "lib/test_own.py", ""),
    "a document beside its modules": ({"lib/notes.md": "x\n"}, "lib/notes.md", ""),
    "data beside the modules of both": ({"lib/table.csv": "1\n"}, "lib/table.csv", "one two"),
    "data of a folder that one names": (
        {"rows/table.csv": "1\n", "lib/own.py": "from lib.deep import A\nROWS = open('rows/table.csv')\n"},
        "rows/table.csv",
        "one",
    ),
    "a module that may lack": (
        {"lib/own.py": "from lib.deep import A\ntry:\n    import fast\nexcept ImportError:\n    fast = None\n", "fast.py": "x = 1\n"},
        "fast.py",
        "one",
    ),
    "a module that went before another": (
        {"far/__init__.py": "x = 1\n", "far.py": "x = 2\n", "lib/shared.py": "import far\n"},
        "far/__init__.py",
        "one two",
    ),
    "settings in a folder on the way": ({"ci/pyproject.toml": "[tool.flowc]\nimage = 'i:3'\n"}, "ci/pyproject.toml", ""),
    "an ignore file": ({".flowcignore": "docs/\n"}, ".flowcignore", "one two"),
}  # fmt: skip
"""Files that are there at a revision, the one of them that is removed, and the flows that were made of it."""


@pytest.mark.parametrize("name", GONE)
def test_a_file_that_is_gone_counts_for_the_flows_that_it_was_of(flowc: Flowc, repository: Path, name: str) -> None:
    files, gone, expected = GONE[name]
    for path, text in files.items():
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(text)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "two")
    before = {flow: _digest(flowc, flow) for flow in ("one", "two")}
    (repository / gone).unlink()
    ended = flowc("list", "one.py", "two.py", "--changed-since", "HEAD")
    assert (ended.code, ended.err) == (0, "")
    listed = [line.split()[0].lower() for line in ended.out.splitlines()]
    assert listed == expected.split()
    assert {flow for flow in before if _digest(flowc, flow) != before[flow]} <= set(listed)


def _digest(flowc: Flowc, flow: str) -> str:
    return flowc("list", f"{flow}.py").out.split()[-1]


def test_settings_that_are_gone_count_where_they_held(flowc: Flowc, repository: Path) -> None:
    (repository / "team").mkdir()
    (repository / "team/three.py").write_text(FLOW.replace("SumFlow", "Three"))
    (repository / "team/pyproject.toml").write_text("[tool.flowc]\nimage = 'i:3'\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "two")
    (repository / "team/pyproject.toml").unlink()
    ended = flowc("list", "one.py", "team/three.py", "--changed-since", "HEAD")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["Three"]


def test_where_a_revision_is_too_much_flows_count_as_changed(
    flowc: Flowc, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "docs/a b.md").unlink()
    assert flowc("list", "--changed-since", "v1").out == ""
    monkeypatch.setattr("compiler.workspace.revisions.checkout.MOST_FILES", 1)
    ended = flowc("list", "--changed-since", "v1")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["One", "Two"]
    assert "files were removed since v1, and flows count as changed that may have had them" in ended.err


def test_a_new_flow_has_changed_though_git_does_not_know_it(flowc: Flowc, repository: Path) -> None:
    (repository / "three.py").write_text(FLOW.replace("SumFlow", "Three"))
    flowc("argo", "create", "one.py", "three.py", "-o", "out/", "--changed-since", "HEAD")
    assert [path.name for path in repository.glob("out/*")] == ["three.yaml"]


def test_a_broken_flow_is_told_where_it_changed(flowc: Flowc, repository: Path) -> None:
    (repository / "one.py").write_text(BROKEN)
    assert flowc("check", "one.py", "two.py", "--changed-since", "v1").code == 1
    git(repository, "commit", "-qam", "two")
    assert flowc("check", "one.py", "two.py", "--changed-since", "HEAD").code == 0


REVISIONS = ["none", "-h", "--output=ran", "HEAD:one.py", "v1..HEAD", "", "a\nb", "HEAD\0", "--", "@{9}"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_no_revision_is_a_mistake_in_the_call(flowc: Flowc, repository: Path, revision: str) -> None:
    ended = flowc("check", "one.py", f"--changed-since={revision}")
    assert (ended.code, "git knows no revision" in ended.err) == (2, True), ended.err
    assert not (repository / "ran").exists()


def test_without_git_or_its_history_it_says_so(flowc: Flowc, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = repository.parent / f"{repository.name}-clone"
    git(repository, "commit", "-qm", "two", "--allow-empty")
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    assert "the clone is shallow" in flowc("check", "one.py", "--changed-since", "HEAD~1").err
    plain = repository.parent / f"{repository.name}-plain"
    plain.mkdir()
    (plain / "flow.py").write_text(FLOW)
    monkeypatch.chdir(plain)
    assert "is in no git repository" in flowc("check", "flow.py", "--changed-since", "HEAD").err
    monkeypatch.setenv("PATH", str(plain))
    assert "there is no `git` on this machine" in flowc("check", "flow.py", "--changed-since", "HEAD").err


def test_nothing_of_a_repository_runs(repository: Path) -> None:
    """Each of git's ways to name a program, and a file whose content must be looked at."""
    ran = repository.parent / f"{repository.name}-ran"
    program = repository / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n*.md filter=evil2\n")
    for name in ("fsmonitor", "pager", "sshCommand", "gitProxy", "editor", "askPass"):
        git(repository, "config", f"core.{name}", str(program))
    for name in ("post-index-change", "post-checkout", "reference-transaction"):
        hook = repository / ".git" / "hooks" / name
        hook.write_text(program.read_text())
        hook.chmod(0o755)
    for name, value in (
        ("diff.external", program),
        ("diff.evil.textconv", program),
        ("diff.evil.command", program),
        ("filter.evil.clean", program),
        ("filter.evil.required", "true"),
        ("filter.evil2.process", program),
        ("filter.evil2.required", "true"),
        ("pager.diff", program),
        ("alias.diff", f"!{program}"),
    ):
        git(repository, "config", name, str(value))
    ran.unlink(missing_ok=True)
    os.utime(repository / "docs" / "a b.md", (1, 1))
    os.utime(repository / "two.py", (1, 1))
    (repository / "one.py").write_text((repository / "one.py").read_text() + "\n")
    changes = changes_since(repository, "v1")
    assert not ran.exists()
    assert changes.changed == {"one.py"}
    subprocess.run(["git", "diff"], cwd=repository, capture_output=True, check=False)
    assert ran.exists(), "the test sees what would run"


def test_variables_of_git_name_no_other_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(repository / "none"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    _append("one.py")(repository)
    assert changes_since(repository / "lib", "HEAD").changed == {"one.py"}


def test_a_link_counts_by_where_it_leads_and_by_itself(flowc: Flowc, repository: Path) -> None:
    (repository / "linked.py").symlink_to("lib/deep.py")
    (repository / "one.py").write_text("import linked\n" + (repository / "one.py").read_text())
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "two")
    assert changes_since(repository, "HEAD").touches([repository / "linked.py"]) is False
    _append("lib/deep.py")(repository)
    assert changes_since(repository, "HEAD").touches([repository / "linked.py"]) is True
