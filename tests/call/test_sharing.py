"""`--fuse` and `--chunk`: what they say beside the settings, of `create`, `run` and `show`."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from compiler.call.target_settings import given_portions, grouping
from compiler.ir.grouping import Grouping
from compiler.ir.plan import Chunk
from compiler.workspace.settings import read_settings
from tests.stages.command_line import Flowc

SHARING = Path(__file__).parents[1] / "flows/sharing.py"


@pytest.fixture
def sharing(folder: Path) -> Path:
    """The flow in the folder."""
    path = folder / "sharing.py"
    path.write_text(SHARING.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), None),
        (("square=16",), {"square": 16}),
        (("square=16:4", "fit=2"), {"square": {"size": 16, "workers": 4}, "fit": 2}),
        (("square=16", "square=8"), {"square": 8}),
    ],
)
def test_portions_are_said_as_the_settings_have_them(texts: tuple[str, ...], expected: object) -> None:
    assert given_portions(texts) == expected


@pytest.mark.parametrize(
    "text", ["square", "square=", "=4", "square=0", "square=4:", "square=4:0", "square=many", "square=4:2:1"]
)
@pytest.mark.parametrize("words", ["show --chunk {}", "run --chunk {}", "argo create --image x:1 --chunk {}"])
def test_what_is_no_portion_is_one_line(flowc: Flowc, sharing: Path, words: str, text: str) -> None:
    ended = flowc(*shlex.split(words.format(shlex.quote(text))), sharing)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "it takes a step and a number, for example --chunk square=16, or square=16:4" in ended.err


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("", {}, Grouping()),
        ("fuse = true", {}, Grouping(True)),
        ('fuse = ["a", "b"]', {}, Grouping(("a", "b"))),
        ("fuse = true", {"fuse": False}, Grouping()),
        ("chunk = {a = 4}", {}, Grouping(chunk={"a": Chunk(4)})),
        ("chunk = {a = {size = 4, workers = 2}}", {}, Grouping(chunk={"a": Chunk(4, 2)})),
        ("chunk = {a = {size = 4}}", {}, Grouping(chunk={"a": Chunk(4)})),
        ("chunk = {a = 4}", {"chunk": {"b": 2}}, Grouping(chunk={"b": Chunk(2)})),
    ],
)
def test_what_is_asked_for_is_what_the_settings_and_the_call_say(
    tmp_path: Path, text: str, given: dict[str, object], expected: Grouping
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text(f"[tool.flowc]\n{text}\n")
    assert grouping(read_settings(tmp_path, None), "argo", given) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("target", BUILT_IN)
def test_create_does_what_the_settings_say_and_the_call_takes_back(
    flowc: Flowc, sharing: Path, folder: Path, target: str
) -> None:
    def made(*words: str) -> str:
        ended = flowc(target, "create", "--image", "x:1", *words, sharing)
        assert ended.code == 0, ended.err
        return ended.out

    plain, fused, both = made(), made("--fuse"), made("--fuse", "--chunk", "square=2:2")
    assert len({plain, fused, both}) == 3
    assert "start+prepare" not in plain
    assert "start+prepare" in fused
    assert "square+double*2:2" in both
    (folder / "pyproject.toml").write_text(
        f"[tool.flowc.{target}]\nfuse = true\nchunk = {{square = {{size = 2, workers = 2}}}}\n"
    )
    assert made() == both
    (folder / "pyproject.toml").write_text("[tool.flowc.flow.SharingFlow]\nfuse = true\n")
    assert made() == fused
    assert made("--no-fuse") == plain


@pytest.mark.parametrize("target", BUILT_IN)
def test_create_refuses_what_is_named_and_cannot_share(flowc: Flowc, sharing: Path, target: str) -> None:
    ended = flowc(target, "create", "--image", "x:1", "--chunk", "square=2", sharing)
    assert (ended.code, ended.out) == (1, "")
    assert "error[FC635]" in ended.err
    assert "the body of the foreach is 2 containers (`square`, `double`): fuse them" in ended.err
    assert "sharing.py:" in ended.err


def test_settings_alone_fuse_no_local_run_and_no_drawing(flowc: Flowc, sharing: Path, folder: Path) -> None:
    plain = flowc("show", sharing).out
    (folder / "pyproject.toml").write_text('[tool.flowc]\nfuse = ["start", "prepare"]\nchunk = {square = 2}\n')
    assert flowc("show", sharing).out == plain
    named = flowc("show", "--fuse", sharing)
    assert named.code == 0
    assert "`chunk` names `square`, which cannot share a container" in named.err
    assert named.out.count("\n+ ") == 2  # a step, and what the sign means


def test_a_run_refuses_what_is_named_and_cannot_share(flowc: Flowc, sharing: Path) -> None:
    ended = flowc("run", "--chunk", "square=2", sharing)
    assert ended.code == 1
    assert "error[FC635]" in ended.err


SHOWN = """\
SharingFlow  Measure shapes, and add what was measured.
start      -> prepare
+ prepare  -> square for each of sides
  square   -> double  [2 a container, 2 at once]  One square.
  + double -> add
add        -> tell
+ tell     -> end
+ end      end

+ in the container of the step above
"""


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_what_shares_a_container_is_drawn_in_few_columns(
    flowc: Flowc, sharing: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = flowc("show", "--fuse", "--chunk", "square=2:2", sharing).out
    assert [line.split() for line in shown.splitlines()] == [line.split() for line in SHOWN.splitlines()]
    assert max(map(len, shown.splitlines())) <= 80
