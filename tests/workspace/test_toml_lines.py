"""Where the keys of a table stand, however they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.workspace.toml_lines import line_of

TEXTS = {
    "[tool.flowc.policy]\nretry = 2": (2, 1),
    "[tool.flowc.policy]\n# retry = 2\n  retry = 2": (3, 3),
    '[ tool . flowc . policy ] # x\n"retry" = 2': (2, 1),
    "[tool.flowc.policy.retry]\ntimes = 2": (1, 1),
    "[tool.flowc.policy]\nretry.times = 2": (2, 1),
    "[tool.flowc]\npolicy.retry = 2": (2, 1),
    "[tool.ruff]\nretry = 1\n[tool.flowc.policy]\ncpu = 1": (3, 1),
    "[tool]\nx = 1": (1, 1),
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_line_of_a_key_is_found(text: str, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    found = line_of(file, "tool.flowc.policy", "retry")
    assert (found.line, found.col) == TEXTS[text]
