"""Steps that are new, changed and gone, by what `flowc diff` finds of the same pairs."""

from __future__ import annotations

from pathlib import Path

from compiler.difference.comparing import Difference
from compiler.picture.drawing import Since
from compiler.picture.since import since
from tests.difference.prepared import FLOW
from tests.difference.states import between

CLEAN = "    @step\n    def clean(self):\n        self.done = [self.total]\n        self.next(self.end)"
WITH_CLEAN = FLOW.replace("self.next(self.end)", f"self.next(self.clean)\n\n{CLEAN}")


def _since(folder: Path, old: str, new: str) -> Since:
    found = between(folder, {"f.py": old}, {"f.py": new}, ["argo"])
    return since(Difference("main", tuple(found), 0), "TrainFlow", "main")


def test_a_step_more_is_new_and_the_one_before_it_changed(tmp_path: Path) -> None:
    assert _since(tmp_path, FLOW, WITH_CLEAN) == Since("main", {"gather": "changed", "clean": "new"}, ())


def test_a_step_less_is_gone(tmp_path: Path) -> None:
    assert _since(tmp_path, WITH_CLEAN, FLOW) == Since("main", {"gather": "changed"}, (("clean", "went to end"),))


def test_another_name_and_other_code_are_changes(tmp_path: Path) -> None:
    renamed = (
        FLOW.replace("def left", "def port").replace("self.left,", "self.port,").replace("self.input", "-self.input")
    )
    found = _since(tmp_path, FLOW, renamed)
    assert (found.gone, found.renamed) == ((), {"port": "left"})
    assert {"port", "each"} <= found.steps.keys()
    assert set(found.steps.values()) == {"changed"}


def test_of_a_new_flow_every_step_is_new(tmp_path: Path) -> None:
    other = (
        FLOW.replace("TrainFlow", "OtherFlow").replace("def ", "def a_").replace("self.next(self.", "self.next(self.a_")
    )
    (found,) = between(tmp_path, {}, {"f.py": FLOW}, ["argo"])
    assert set(since(Difference("main", (found,), 0), "TrainFlow", "main").steps.values()) == {"new"}
    assert since(Difference("main", (found,), 0), "OtherFlow", "main") == Since("main", {}, ())
    assert other != FLOW
