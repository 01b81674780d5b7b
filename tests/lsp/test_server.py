"""An editor and the real server: what is found while one types, what is answered, what is changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from lsprotocol import types

from compiler.backends import PORTABLE_OPTIONS, lacks
from compiler.backends.targets import BUILT_IN, brought_targets, load_backend
from tests.lsp.conftest import FLOW, Editor

Edit = Callable[[Callable[[Editor], Awaitable[Any]]], Any]


def _applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text with edits made, as an editor makes them."""
    lines = text.split("\n")

    def offset(at: types.Position) -> int:
        if at.line >= len(lines):
            return len(text)
        begin = sum(len(line) + 1 for line in lines[: at.line])
        return begin + len(lines[at.line].encode("utf-16-le")[: 2 * at.character].decode("utf-16-le"))

    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def test_a_right_flow_has_no_findings_and_a_wrong_one_its_own(edit: Edit) -> None:
    async def scene(editor: Editor) -> None:
        assert await editor.open(FLOW) == []
        editor.type(FLOW.replace("self.next(self.join)", "self.next(self.joim)"))
        (found,) = await editor.findings()
        assert found.code == "FC242"
        assert found.severity == types.DiagnosticSeverity.Error
        assert editor.text.split("\n")[found.range.start.line].strip() == "self.next(self.joim)"
        editor.type(FLOW)
        assert await editor.findings() == []

    edit(scene)


def test_typed_letter_by_letter_nothing_goes_wrong(edit: Edit) -> None:
    """Every text on the way is read without a fault; what is told of the last is what `flowc check` says."""

    async def scene(editor: Editor) -> None:
        await editor.open("")
        for length in range(0, len(FLOW), 7):
            editor.type(FLOW[:length])
        editor.type(FLOW)
        assert await editor.findings() == []
        for number in range(0, len(FLOW), 97):
            editor.type(FLOW[:number] + FLOW[number + 40 :])
            await editor.findings()
        editor.type(FLOW)
        assert await editor.findings() == []

    edit(scene)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("@retry(times=2)", "@retry(tims=2)"),
        ("    @retry(times=2)\n    @step", "    @step\n    @retry(times=2)"),
    ],
)
def test_a_quick_fix_is_that_of_the_command(edit: Edit, wrong: str, right: str) -> None:
    text = FLOW.replace(wrong, right)

    async def scene(editor: Editor) -> str:
        found = await editor.open(text)
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(editor.document, found[0].range, types.CodeActionContext(found))
        )
        assert actions
        assert actions[0].kind == types.CodeActionKind.QuickFix
        return _applied(text, actions[0].edit.changes[editor.uri])

    changed = edit(scene)
    assert changed != text
    assert changed == _fixed_by_the_command(text)


def _fixed_by_the_command(text: str) -> str:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "squares.py"
        path.write_text(text, encoding="utf-8")
        words = [sys.executable, "-P", "-m", "compiler", "fix", str(path), "--write"]
        subprocess.run(words, check=True, capture_output=True)
        return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("at", "more", "shown"),
    [
        ("def square", 6, ["step `square`", "-> join", "reads", "`alpha`", "writes `y`", "@retry(times=2)"]),
        ("self.square, foreach", 7, ["step `square`"]),
        ("self.alpha", 7, ["parameter `alpha`", "0.5"]),
        ("self.y = ", 5, ["artifact `y`", "written by `square`"]),
        ("@retry(times", 9, ["@retry(times=…)", "every target"]),
        ("@retry(times", 2, ["@retry"]),
    ],
)
def test_a_hover_tells_what_is_known(edit: Edit, at: str, more: int, shown: list[str]) -> None:
    async def scene(editor: Editor) -> str:
        await editor.open(FLOW)
        answer = await editor.client.text_document_hover_async(
            types.HoverParams(editor.document, editor.place(at, more))
        )
        assert answer is not None
        return str(answer.contents.value)

    text = edit(scene)
    for each in shown:
        assert each in text


def test_a_hover_over_a_size_names_the_targets_that_spell_it(edit: Edit) -> None:
    """As each of them says itself: a pod of Kubeflow asks for no disk."""

    async def scene(editor: Editor) -> list[str]:
        sizes = ", ".join(f"{option}=1" for option in sorted(PORTABLE_OPTIONS))
        await editor.open(FLOW.replace("    @retry(times=2)", f"    @kubernetes({sizes})"))
        places = [editor.place(f"{option}=1", 1) for option in sorted(PORTABLE_OPTIONS)]
        asked = [types.HoverParams(editor.document, place) for place in places]
        answers = [await editor.client.text_document_hover_async(each) for each in asked]
        return [str(answer.contents.value) if answer else "" for answer in answers]

    backends = {name: load_backend(name) for name in (*BUILT_IN, *brought_targets())}
    for option, text in zip(sorted(PORTABLE_OPTIONS), edit(scene), strict=True):
        able = [name for name, backend in backends.items() if backend is not None and option not in lacks(backend)]
        assert f"`@kubernetes({option}=…)`" in text
        if len(able) == len(backends):
            assert "every target that is installed here" in text
        else:
            assert f"spelled on {', '.join(able)}; others refuse it (FC302)" in text


def test_the_step_of_next_is_found_behind_wide_letters(edit: Edit) -> None:
    """Columns are in units of UTF-16, of which a letter beyond the first plane has two."""

    async def scene(editor: Editor) -> None:
        await editor.open(FLOW)
        place = editor.place("self.square, foreach", 8)
        answer = await editor.client.text_document_definition_async(types.DefinitionParams(editor.document, place))
        assert answer.range.start == editor.place("def square", 4)
        found = await editor.client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(True), editor.document, place)
        )
        assert len(found) == 2

    edit(scene)


@pytest.mark.parametrize("place", ["def left", "self.left, self.right", "inputs.left"])
def test_a_rename_changes_every_place_of_a_step(edit: Edit, place: str) -> None:
    async def scene(editor: Editor) -> str:
        await editor.open(FLOW)
        at = editor.place(place, place.index("left") + 1)
        answer = await editor.client.text_document_rename_async(
            types.RenameParams(text_document=editor.document, position=at, new_name="first")
        )
        return _applied(FLOW, answer.changes[editor.uri])

    changed = edit(scene)
    assert changed == FLOW.replace("def left", "def first").replace("self.left,", "self.first,").replace(
        "inputs.left", "inputs.first"
    )


@pytest.mark.parametrize("name", ["join", "1x", "class", "y", "sum"])
def test_a_name_that_cannot_be_is_told(edit: Edit, name: str) -> None:
    async def scene(editor: Editor) -> None:
        await editor.open(FLOW)
        at = editor.place("def left", 5)
        answer = await editor.client.text_document_rename_async(
            types.RenameParams(text_document=editor.document, position=at, new_name=name)
        )
        assert answer is None
        assert editor.said

    edit(scene)


@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [
        ("        self.next(self.", {"square", "join", "left", "end"}, {"y", "alpha"}),
        ("        self.", {"y", "alpha", "items", "next"}, {"square"}),
        ("    @re", {"retry", "resources"}, {"catch"}),
        ("    @retry(ti", {"times"}, {"only_system"}),
        ("    @kubernetes(cpu=1, me", {"memory"}, {"cpu"}),
    ],
)
def test_completions_are_what_may_stand_there(edit: Edit, line: str, offered: set[str], not_offered: set[str]) -> None:
    async def scene(editor: Editor) -> set[str]:
        await editor.open(FLOW)
        text = FLOW.replace("        print(self.sum)\n", f"        print(self.sum)\n{line}")
        editor.type(text)
        at = types.Position(text.count("\n"), len(line))
        answer = await editor.client.text_document_completion_async(types.CompletionParams(editor.document, at))
        return {each.label for each in answer}

    found = edit(scene)
    assert offered <= found
    assert not (not_offered & found)


def test_a_lens_shows_the_graph(edit: Edit) -> None:
    async def scene(editor: Editor) -> str:
        await editor.open(FLOW)
        (lens,) = await editor.client.text_document_code_lens_async(types.CodeLensParams(editor.document))
        assert lens.command.title == "graph of 7 steps"
        params = types.ExecuteCommandParams(lens.command.command, arguments=lens.command.arguments)
        return str(await editor.client.workspace_execute_command_async(params))

    assert "square" in edit(scene)


@pytest.mark.parametrize(
    "text",
    ["", "x = 1\n", "class A: pass\n", "FlowSpec\n", "from flowc import FlowSpec\nclass A(FlowSpec):\n    pass\n"],
)
def test_other_files_are_left_alone(edit: Edit, text: str) -> None:
    """What is no flow has no findings; the beginning of one has no fault."""

    async def scene(editor: Editor) -> list[types.Diagnostic]:
        return await editor.open(text)

    found = edit(scene)
    assert "class A(FlowSpec)" in text or found == []


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pygls'] = None; from compiler.cli import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-P", "-c", code, "lsp"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'flowc[lsp]'" in done.stderr
