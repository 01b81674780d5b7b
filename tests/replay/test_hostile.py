"""Text that somebody else wrote, in every place where a replay shows some: it is data, and no terminal obeys it."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import Ran, flowc, run

HOSTILE = """
from flowc import FlowSpec, step

EVIL = "\\x1b[2J\\u202e$(touch owned)`touch owned`\\n<script>{{7*7}}%s\\0"


class Shown:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text * 400


class Raises:
    def __init__(self, number):
        self.number = number

    def __repr__(self):
        raise RuntimeError(EVIL)


class Breaks:
    def __reduce__(self):
        return exec, ("raise ValueError('broken')",)


class HostileFlow(FlowSpec):
    @step
    def start(self):
        setattr(self, "--values", Shown(EVIL))
        setattr(self, "name\\x1b[31m" + EVIL[:-1], 1)
        self.raises = Raises(1)
        self.text = EVIL
        self.breaks = [Breaks(), 1]
        print(EVIL)
        self.next(self.end)

    @step
    def end(self):
        raise ValueError(EVIL)
"""


def _is_inert(text: str, folder: Path) -> bool:
    return not any(character in text for character in "\x1b\u202e\0") and not list(folder.rglob("owned"))


def _run(folder: Path) -> Ran:
    return run(folder, HOSTILE)


def test_names_values_and_exceptions_are_inert(tmp_path: Path) -> None:
    ran = _run(tmp_path)
    again = HOSTILE.replace("Shown(EVIL)", 'Shown(EVIL + "!")').replace(
        ", 1)\n        self.raises = Raises(1)", ", 2)\n        self.raises = Raises(2)"
    )
    (tmp_path / "flow.py").write_text(
        again.replace("self.text = EVIL", "self.text = EVIL * 2").replace("[Breaks(), 1]", "[Breaks(), 2]")
    )
    said = ran.replay("start", "--values")
    assert said.code == 3
    shown = said.out.partition("differs")[2]
    assert _is_inert(shown, tmp_path)
    assert "artifact --values: " in shown
    assert "whose repr raised RuntimeError" in shown
    assert "ValueError: broken" in shown
    assert all(len(line) < 700 for line in shown.splitlines())
    as_json = ran.replay("start", "--json", "--values")
    assert as_json.code == 3
    assert _is_inert(as_json.out, tmp_path)
    differing = {each["name"] for each in as_json.document["artifacts"] if each["kind"] == "differs"}
    assert {name for name in differing if not name.startswith("name")} == {"--values", "raises", "text", "breaks"}
    assert len(differing) == 5
    failed = ran.replay("end")
    assert failed.code == 1
    assert "failed as attempt 1 did: ValueError: \\x1b[2J" in failed.out
    assert _is_inert(failed.out.rpartition("HostileFlow/r")[2], tmp_path)


def test_hostile_words_of_the_call_are_inert(tmp_path: Path) -> None:
    ran = _run(tmp_path)
    for words in (
        ["HostileFlow/\x1b[2J/start"],
        ["HostileFlow/r/\x1b[2J"],
        ["HostileFlow/r/start/\x1b[2J"],
        ["\x1b[2J/../x/y"],
        ["../../etc/passwd/x"],
        ["HostileFlow/r/start", "--set", "\x1b[2J=1"],
        ["HostileFlow/r/start", "--set", "x=\x1b[2J"],
        ["HostileFlow/r/start", "--code", "file:/\x1b[2J"],
        ["HostileFlow/r/start", "--code", "s3://key:secret@bucket/x.tar.gz"],
    ):
        said = flowc(tmp_path, "replay", *words, "--store", ran.store)
        assert said.code in (2, 4), words
        assert _is_inert(said.out + said.err, tmp_path)
        assert "Traceback" not in said.err
        assert "key:secret" not in said.err


def test_a_module_that_cannot_be_imported_is_the_failure(tmp_path: Path) -> None:
    ran = _run(tmp_path)
    (tmp_path / "flow.py").write_text("import nothing_of_this_name\n" + HOSTILE)
    said = ran.replay("start", "--json")
    assert said.code == 1
    assert said.document["now"]["failure"]["type"] == "builtins.ModuleNotFoundError"
    (tmp_path / "flow.py").write_text("def (\n" + HOSTILE)
    assert ran.replay("start").code == 1
