"""Notes of what was not done, and of how it would be."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.terminal.notes import tell_secrets, tell_untrusted
from compiler.workspace.trust import is_trusted
from tests.stages.command_line import Flowc


def test_many_files_are_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell_secrets([f"{number}.pem" for number in range(40)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "note: 30 more such files: `flowc package --list --json` names them all"


@pytest.mark.parametrize(
    "command", [("package", "--list"), ("image",), ("argo", "create"), ("package", "--list", "--json")]
)
def test_each_command_that_packs_says_what_it_leaves_out(command: tuple[str, ...], flowc: Flowc, folder: Path) -> None:
    (folder / ".env").write_text("KEY=theirs")
    ended = flowc(*command, "flow.py")
    assert ended.code == 0
    assert "note: .env stays out of the code's archive, for keys and passwords" in ended.err
    assert "`!/.env` into `.flowcignore`" in ended.err
    assert "theirs" not in ended.out + ended.err


def test_the_cures_for_who_is_not_trusted_are_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As they are printed, for a folder whose name needs quotes."""
    folder = tmp_path / 'a "b" \\c d'
    folder.mkdir()
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    tell_untrusted(folder, environment)
    said = capsys.readouterr().err
    line = said.partition("for always ")[2].partition(" in ")[0]
    file = Path(said.partition("] in ")[2].partition(" or FLOWC_IMPORT")[0])
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert is_trusted(folder, environment)
