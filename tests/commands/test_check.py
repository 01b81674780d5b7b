"""`flowc check` finds what is wrong, and with a target what that one refuses; each once, at its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN, load_backend
from compiler.run.local import LOCAL
from tests.stages.command_line import FLOW, Flowc
from tests.targets.surface import TARGETS


def _above_step(line: str) -> str:
    return FLOW.replace("import FlowSpec, Parameter, step", "import *").replace(
        "    @step", f"    {line}\n    @step", 1
    )


_PORT = _above_step("@kubernetes(port=8080)")
_SHELL = _above_step('@kubernetes(node_selector="a=b")\n    @timeout(seconds=30)')


@pytest.mark.parametrize("target", [*BUILT_IN, *TARGETS])
@pytest.mark.parametrize("text", [FLOW, _PORT, _SHELL], ids=["flow", "port", "selector"])
def test_a_target_refuses_in_check_what_it_refuses_in_create(
    flowc: Flowc, folder: Path, target: str, text: str
) -> None:
    (folder / "flow.py").write_text(text)
    created, checked = flowc(target, "create", "flow.py"), flowc("check", "flow.py", "--target", target)
    assert checked.code == created.code
    if created.code:
        assert checked.out == created.err


def test_a_target_that_nobody_brings_is_a_mistake(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW)
    assert flowc("check", "flow.py", "--target", "elsewhere").code == 2


def test_what_any_target_spells_runs_here() -> None:
    for backend in map(load_backend, BUILT_IN):
        assert backend is not None
        for decorator, options in backend.spells.items():
            assert options <= LOCAL.spells[decorator], backend.name


def test_all_targets_are_asked(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text(_PORT)
    assert flowc("check", "flow.py").code == 0
    refusing = [name for name in BUILT_IN if flowc("check", "flow.py", "--target", name).code]
    assert refusing
    said = flowc("check", "flow.py", "--target", "all").out
    assert [name for name in BUILT_IN if f"{name} has no spelling" in said] == refusing


def test_notes_are_told_where_they_are_asked_for(flowc: Flowc, folder: Path) -> None:
    """What may well be meant is no warning: `total` may be the result of the flow."""
    (folder / "flow.py").write_text(FLOW)
    assert flowc("check", "flow.py").out == ""
    asked = flowc("check", "--notes", "--format", "json", "flow.py")
    assert asked.code == 0
    found = [(each["code"], each["severity"]) for each in json.loads(asked.out)["diagnostics"]]
    assert found == []
    (folder / "flow.py").write_text(FLOW.replace("self.result = ", "self.left_over = self.result = "))
    found = json.loads(flowc("check", "--notes", "--format", "json", "flow.py").out)["diagnostics"]
    assert [(each["code"], each["severity"], each["span"]["line"]) for each in found] == [("FC414", "note", 20)]
    assert flowc("check", "flow.py").out == ""


def test_a_comment_silences_a_warning_of_its_line_alone(flowc: Flowc, folder: Path) -> None:
    """By its code; an error is never silenced, and neither is another line's warning."""
    warned = FLOW.replace('print("total"', 'del self.total  # MARK\n        print("total"')
    (folder / "flow.py").write_text(warned)
    assert "warning[FC405]" in flowc("check", "flow.py").out
    (folder / "flow.py").write_text(warned.replace("MARK", "flowc: ignore[FC401, FC405] nobody reads it later"))
    ended = flowc("check", "flow.py")
    assert (ended.code, ended.out) == (0, "")
    for other in ("flowc: ignore[FC401]", "flowc: ignore[]", "flowc: ignored"):
        (folder / "flow.py").write_text(warned.replace("MARK", other))
        assert "warning[FC405]" in flowc("check", "flow.py").out
    wrong = FLOW.replace("self.next(self.join)", "self.next(self.jion)  # flowc: ignore[FC242]")
    (folder / "flow.py").write_text(wrong)
    ended = flowc("check", "flow.py")
    assert ended.code == 1
    assert "error[FC242]" in ended.out
