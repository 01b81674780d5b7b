"""Where files go: several flows of one file, names that clash, disks that say no."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.stages.command_line import BROKEN, FLOW, Flowc

_TWO = FLOW + FLOW[FLOW.index("class") :].replace("SumFlow", "OtherFlow")
WRITTEN = {
    "airflow": {"SumFlow.py", "OtherFlow.py"},
    "argo": {"sum-flow.yaml", "other-flow.yaml"},
    "step-functions": {"SumFlow.asl.json", "SumFlow.jobs.json", "OtherFlow.asl.json", "OtherFlow.jobs.json"},
}


@pytest.fixture
def two(folder: Path) -> Path:
    """A project whose only file has two flows."""
    (folder / "flow.py").unlink()
    (folder / "two.py").write_text(_TWO)
    return folder


@pytest.mark.parametrize("target", BUILT_IN)
def test_a_folder_takes_all_flows_of_a_file(flowc: Flowc, two: Path, target: str) -> None:
    ended = flowc(target, "create", "two.py", "-o", "out/")
    assert (ended.code, {path.name for path in (two / "out").iterdir()}) == (0, WRITTEN[target])
    texts = {path.name: path.read_text() for path in (two / "out").iterdir()}
    assert all(("SumFlow" in text) != ("OtherFlow" in text) for text in texts.values())
    assert flowc(target, "create", "two.py", "-o", "out", "--check").code == 0, "the folder is there now"
    (two / "flow.py").write_text(FLOW.replace("SumFlow", "ThirdFlow"))
    assert flowc(target, "create", "two.py", "flow.py", "-o", "more").code == 0
    assert WRITTEN[target] < {path.name for path in (two / "more").iterdir()}


@pytest.mark.parametrize("output", [(), ("-o", "one.file")])
def test_one_place_takes_one_flow(flowc: Flowc, two: Path, output: tuple[str, ...]) -> None:
    ended = flowc("argo", "create", "two.py", *output)
    assert (ended.code, ended.out) == (2, "")
    assert "name one as two.py:SumFlow or with --flow SumFlow" in ended.err
    assert flowc("argo", "create", "two.py:OtherFlow", *output).code == 0


def test_a_mistake_in_one_flow_of_a_file_writes_none(flowc: Flowc, two: Path) -> None:
    (two / "two.py").write_text(FLOW + BROKEN[BROKEN.index("class") :])
    ended = flowc("argo", "create", "two.py", "-o", "out/")
    assert (ended.code, (two / "out").exists()) == (1, False)
    assert flowc("argo", "create", "two.py:SumFlow", "-o", "out/").code == 0


@pytest.mark.parametrize("target", BUILT_IN)
def test_files_of_one_name_in_two_folders_are_two_flows(flowc: Flowc, folder: Path, target: str) -> None:
    """A file is named by its deployment."""
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "flow.py").write_text(FLOW.replace("SumFlow", f"Sum{name.upper()}Flow"))
    assert flowc(target, "create", "a/flow.py", "b/flow.py", "-o", "out/").code == 0
    assert len({path.name.partition(".")[0] for path in (folder / "out").iterdir()}) == 2


@pytest.mark.parametrize("place", ["sum-flow.yaml", "."])
def test_a_disk_that_says_no_is_told_with_the_real_name(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def refused(self: Path, _: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "write_bytes", refused)
    ended = flowc("argo", "create", "flow.py", "-o", place)
    said = f"error: cannot write sum-flow.yaml in the folder {folder}: Permission denied\n"
    assert (ended.code, ended.out, ended.err) == (2, "", said)


def test_a_folder_where_the_file_should_be_is_named(flowc: Flowc, folder: Path) -> None:
    (folder / "out/sum-flow.yaml").mkdir(parents=True)
    ended = flowc("argo", "create", "flow.py", "-o", "out/")
    assert (ended.code, ended.err) == (
        2,
        f"error: cannot write out/sum-flow.yaml in the folder {folder / 'out'}: Is a directory\n",
    )
    assert [path.name for path in (folder / "out").iterdir()] == ["sum-flow.yaml"]
