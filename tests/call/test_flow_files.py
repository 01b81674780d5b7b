"""Which file of a workspace a run's flow is in: the recorded one first, then any with a class of that name."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.artifacts.manifest import RunRecord

from compiler.call.flow_files import files_of, recorded_file
from compiler.workspace.settings import read_settings

FLOW = """
from flowc import FlowSpec, step
class AFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        (("flows/one.py",), ["flows/one.py"]),
        (("two.py",), ["two.py"]),
        (("other.py",), ["flows/one.py", "two.py"]),
        (("gone.py", "../flows/one.py", "/etc/passwd"), ["flows/one.py", "two.py"]),
        ((), ["flows/one.py", "two.py"]),
    ],
)
def test_the_recorded_file_goes_before_all_that_have_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: tuple[str, ...], found: list[str]
) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\n")
    for name, text in {
        "flows/one.py": FLOW,
        "two.py": FLOW,
        "other.py": FLOW.replace("AFlow", "AFlows"),
        "said.py": f"import flowc\n# class AFlow\nX = {FLOW.replace('class', 'klass')!r}\n",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert sorted(map(str, files_of("AFlow", recorded, read_settings(Path())))) == found


@pytest.mark.parametrize(
    ("source", "found"), [("a/flow.py:AFlow", ("a/flow.py",)), ("a/flow.py:Other", ()), ("", ()), ("AFlow", ())]
)
def test_a_record_names_a_file_where_it_is_of_that_flow(source: str, found: tuple[str, ...]) -> None:
    record = RunRecord("AFlow", "r", "o", 0.0, (), (), "start", "u", "", source=source)
    assert recorded_file(record) == found
