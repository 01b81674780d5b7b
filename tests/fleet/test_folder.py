"""`create -o DIR` of a workspace: what is written, what stays, what nobody makes any more, and what `--check` says of it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.stages.command_line import FLOW, Flowc

NAMES = ("SumFlow", "AddFlow", "MulFlow")


@pytest.fixture
def fleet(folder: Path) -> Path:
    """A workspace of three flows, whose image is not named by their code."""
    (folder / "pyproject.toml").write_text("[tool.flowc]\nimage = 'i:1'\n")
    (folder / "flow.py").unlink()
    (folder / "flows").mkdir()
    for name in NAMES:
        (folder / "flows" / f"{name.lower()}.py").write_text(FLOW.replace("SumFlow", name))
    (folder / "flows" / "helper.py").write_text("step = 1\n")
    return folder


def all_flows(fleet: Path) -> list[str]:
    """Every flow file, by its path from the workspace."""
    return sorted(f"flows/{path.name}" for path in (fleet / "flows").glob("*flow.py"))


def state(fleet: Path) -> dict[str, tuple[bytes, int]]:
    """What lies in the folder, and when it was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted((fleet / "out").iterdir())}


@pytest.mark.parametrize("target", BUILT_IN)
def test_what_is_right_already_is_not_written(flowc: Flowc, fleet: Path, target: str) -> None:
    first = flowc(target, "create", *all_flows(fleet), "-o", "out/")
    count = len(state(fleet))
    assert first.err.splitlines()[-1] == f"{count} written"
    for path in (fleet / "out").iterdir():
        os.utime(path, ns=(1, 1))
    assert flowc(target, "create", *all_flows(fleet), "-o", "out/").err == f"{count} unchanged\n"
    assert {time for _, time in state(fleet).values()} == {1}
    changed = min((fleet / "out").iterdir())
    changed.write_text("other")
    again = flowc(target, "create", *all_flows(fleet), "-o", "out/")
    assert again.err == f"wrote out/{changed.name}\n1 written, {count - 1} unchanged\n"


@pytest.mark.parametrize("target", BUILT_IN)
def test_a_flow_that_is_gone_leaves_files_that_are_told_and_pruned(flowc: Flowc, fleet: Path, target: str) -> None:
    flowc(target, "create", *all_flows(fleet), "-o", "out/")
    before = state(fleet)
    (fleet / "flows/mulflow.py").unlink()
    told = flowc(target, "create", *all_flows(fleet), "-o", "out/")
    own = len(before) // len(NAMES)
    gone = {name for name in before if "mul" in name.lower()}
    assert (told.code, state(fleet)) == (0, before)
    assert told.err.count("--prune removes it") == own == len(gone)
    checked = flowc(target, "create", *all_flows(fleet), "-o", "out/", "--check")
    assert (checked.code, checked.out) == (1, "")
    assert all(f"out/{name} is of a flow that is gone" in checked.err for name in gone)
    mended = flowc(*_command(checked.err))
    assert mended.err.splitlines()[-1] == f"{2 * own} unchanged, {own} removed"
    assert {name: kept for name, kept in before.items() if name not in gone} == state(fleet)
    assert flowc(target, "create", *all_flows(fleet), "-o", "out/", "--check").err == f"{2 * own} unchanged\n"


def _command(told: str) -> list[str]:
    """The call that a check says would mend it."""
    return shlex.split(told.rpartition("mend it with `")[2].rstrip("`\n"))[1:]


def test_a_check_ends_with_the_call_that_mends_it(flowc: Flowc, fleet: Path) -> None:
    (fleet / "out dir").mkdir()
    checked = flowc("argo", "create", *all_flows(fleet), "-o", "out dir", "--check", "--store", "s3://a/b c")
    assert (checked.code, list((fleet / "out dir").iterdir())) == (1, [])
    assert checked.err.startswith("3 missing: mend it with `flowc argo create flows/addflow.py")
    assert flowc(*_command(checked.err)).code == 0
    assert flowc("argo", "create", *all_flows(fleet), "-o", "out dir", "--check", "--store", "s3://a/b c").code == 0


def test_a_part_of_the_workspace_finds_nothing_stale(flowc: Flowc, fleet: Path) -> None:
    """Of a file's flows, too: the others may be compiled elsewhere. Nor may a file that cannot be read be gone."""
    flowc("argo", "create", *all_flows(fleet), "-o", "out/")
    before = state(fleet)
    parts = [
        ["flows/sumflow.py"],
        [f"{path}:{name}" for path, name in zip(all_flows(fleet), sorted(NAMES), strict=True)],
    ]
    for part in parts:
        assert "stale" not in flowc("argo", "create", *part, "-o", "out/").err
        assert flowc("argo", "create", *part, "-o", "out/", "--check").code == 0
        refused = flowc("argo", "create", *part, "-o", "out/", "--prune")
        assert (refused.code, "does not compile all of them" in refused.err) == (2, True)
    (fleet / "flows/mulflow.py").write_text("from flowc import FlowSpec\nclass MulFlow(FlowSpec:\n")
    rest = [path for path in all_flows(fleet) if "mul" not in path]
    assert flowc("argo", "create", *rest, "-o", "out/", "--prune").code == 2
    assert state(fleet) == before


THEIRS = {
    "notes.yaml": "# Compiled by hand\napiVersion: argoproj.io/v1alpha1\n",
    "quoted.yaml": "apiVersion: v1\n# Compiled from a.py by flowc: change the flow and compile it again.\n",
    "other.yaml": "# Compiled from a.py by flowc: change the flow and compile it again.\nkind: Nothing\n",
    "old.yml": "# Compiled from a.py by flowc: change the flow and compile it again.\napiVersion: argoproj.io/v1\n",
    "dag.py": '"""A DAG like one of flowc, written by flowc: change the flow, not this file."""\n',
    "mine.policy.json": '{"Statement": [{"Action": "batch:SubmitJob", "Resource": "x/StepFunctionsGetEventsForBatchJobsRule"}]}',
    "mine.asl.json": '{"StartAt": "A", "States": {}}',
    "mine.jobs.json": '{"J": {"jobDefinitionName": "j"}}',
}
"""Files of an author's that look like ours."""


@pytest.mark.parametrize("target", BUILT_IN)
def test_nothing_but_own_files_of_the_target_in_the_folder_is_removed(flowc: Flowc, fleet: Path, target: str) -> None:
    out, outside = fleet / "out", fleet.parent / f"outside-{target}"
    for each in BUILT_IN:
        flowc(each, "create", *all_flows(fleet), "-o", "out/")
        flowc(each, "create", "flows/mulflow.py", "-o", "out/inner/")
    outside.mkdir()
    kept = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    own = [path for path in out.glob("*ul*") if path.name in {each.name for each in out.glob("inner/*")}]
    for number, path in enumerate(own):
        (outside / path.name).write_bytes(path.read_bytes())
        (out / f"link{number}{path.name[path.name.index('.') :]}").symlink_to(outside / path.name)
    for name, text in THEIRS.items():
        (out / name).write_text(text)
    (out / "folder.yaml").mkdir()
    os.mkfifo(out / "pipe.py")
    (fleet / "flows/mulflow.py").unlink()
    before = {path.name for path in out.iterdir()}
    ended = flowc(target, "create", *all_flows(fleet), "-o", "out/", "--prune")
    assert ended.code == 0, ended.err
    gone = before - {path.name for path in out.iterdir()}
    expected = {"airflow": {"MulFlow.py"}, "argo": {"mul-flow.yaml"}}
    assert gone == expected.get(target, {"MulFlow.asl.json", "MulFlow.jobs.json"})
    assert all(path.read_bytes() == data for path, data in kept.items() if path.name not in gone or path.parent != out)
    assert sorted(path.name for path in outside.iterdir()) == sorted(path.name for path in own)


def test_what_became_of_each_file_is_told_as_json(flowc: Flowc, fleet: Path) -> None:
    def told(*words: str) -> tuple[int, dict[str, str], dict[str, int], bool]:
        ended = flowc("argo", "create", *all_flows(fleet), "-o", "out/", "--json", *words)
        found = json.loads(ended.out)
        assert (found["version"], found["target"], ended.err) == (1, "argo", "")
        return (
            ended.code,
            {each["path"]: each["state"] for each in found["files"]},
            found["counts"],
            found["up_to_date"],
        )

    one, two, three = (f"out/{name}-flow.yaml" for name in ("add", "mul", "sum"))
    assert told("--check") == (1, dict.fromkeys((one, two, three), "missing"), {"missing": 3}, False)
    assert told() == (0, dict.fromkeys((one, two, three), "written"), {"written": 3}, True)
    (fleet / one).write_text("x")
    (fleet / "flows/mulflow.py").unlink()
    states = {one: "changed", three: "unchanged", two: "stale"}
    assert told("--check") == (1, states, {"changed": 1, "unchanged": 1, "stale": 1}, False)
    assert told("--prune")[:2] == (0, {one: "written", three: "unchanged", two: "removed"})
    files = json.loads(flowc("argo", "create", *all_flows(fleet), "-o", "out/", "--json").out)["files"]
    assert files[0] == {"path": one, "state": "unchanged", "flow": "AddFlow", "source": "flows/addflow.py"}


def test_an_interruption_leaves_old_files_or_new_ones(
    flowc: Flowc, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of the calls that change the disk, in turn."""
    flowc("argo", "create", *all_flows(fleet), "-o", "out/", "--store", "s3://old/x")
    old = {path.name: path.read_bytes() for path in (fleet / "out").iterdir()}
    flowc("argo", "create", *all_flows(fleet), "-o", "new/")
    new = {path.name: path.read_bytes() for path in (fleet / "new").iterdir()}
    for at, name in _moments():
        for each, data in old.items():
            (fleet / "out" / each).write_bytes(data)
        moments = iter(range(100))
        real = getattr(Path, name)

        def stopped(
            self: Path, *words: object, at: int = at, real: object = real, moments: Iterator[int] = moments
        ) -> object:
            if next(moments) == at:
                raise KeyboardInterrupt
            return real(self, *words)  # type: ignore[operator]

        monkeypatch.setattr(Path, name, stopped)
        ended = flowc("argo", "create", *all_flows(fleet), "-o", "out/")
        monkeypatch.setattr(Path, name, real)
        assert ended.code == 130
        left = {path.name: path.read_bytes() for path in (fleet / "out").iterdir()}
        assert left.keys() == old.keys()
        assert all(data in (old[each], new[each]) for each, data in left.items())


def _moments() -> list[tuple[int, str]]:
    return [(at, name) for name in ("write_bytes", "replace") for at in range(len(NAMES))]


def test_a_name_of_all_letters_that_a_disk_has_is_written(flowc: Flowc, fleet: Path) -> None:
    name = "n" * 250
    assert flowc("airflow", "create", "flows/sumflow.py", "--name", name, "-o", "out/").code == 0
    assert list(state(fleet)) == [f"{name}.py"]


@pytest.mark.parametrize("words", [(), ("--check",), ("--prune",)])
def test_a_folder_that_is_a_link_to_itself_is_a_mistake_in_the_call(
    flowc: Flowc, fleet: Path, words: tuple[str, ...]
) -> None:
    (fleet / "loop").symlink_to("loop")
    ended = flowc("argo", "create", "-o", "loop/", *words)
    assert (ended.code, ended.err) == (2, "error: cannot look into loop: Too many levels of symbolic links\n")
    assert os.readlink(fleet / "loop") == "loop"


def test_a_path_is_told_in_one_line(flowc: Flowc, fleet: Path) -> None:
    told = flowc("argo", "create", "flows/addflow.py", "-o", "a\nwrote b/").err
    assert told == "wrote a\\nwrote b/add-flow.yaml\n1 written\n"
