"""`flowc config` says of every setting what holds, also where nobody has said anything."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.call.stores import DEFAULT_STORE
from compiler.commands.config import DEFAULTS
from compiler.workspace.image import PYTHON
from compiler.workspace.settings import DEFAULT, PROJECT, RUN, SHARED
from tests.stages.command_line import Flowc


def test_every_setting_that_is_not_set_shows_what_holds_instead(flowc: Flowc, folder: Path) -> None:
    assert [*DEFAULTS] == [*SHARED, *PROJECT, *RUN]
    lines = flowc("config").out.splitlines()
    assert [line.split()[0] for line in lines] == [*SHARED, *PROJECT]
    for line, default in zip(lines, DEFAULTS.values(), strict=False):
        assert line.endswith(f"not set: {default}")
    assert f"{DEFAULT_STORE} for `flowc run`" in DEFAULTS["store"]
    assert f"FROM python:{DEFAULTS['python']}-slim" in flowc("image", "flow.py").out
    assert DEFAULTS["python"] == PYTHON


def test_the_local_run_has_a_setting_of_its_own(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.flowc.run]\nstart_method = "spawn"\n')
    rows = json.loads(flowc("config", "--target", "run", "--json").out)
    assert rows["start_method"]["value"] == "spawn"
    (folder / "pyproject.toml").write_text('[tool.flowc.run]\nstart_method = "threads"\n')
    told = flowc("config")
    assert told.code == 1
    assert "must be `fork` or `spawn`" in told.err


def test_what_is_set_hides_its_default(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.flowc]\nstore = "s3://b"\n')
    rows = json.loads(flowc("config", "--json").out)
    assert "default" not in rows["store"]
    assert rows["image"] == {"value": None, "origin": DEFAULT, "layer": DEFAULT, "default": DEFAULTS["image"]}
    [store] = [line for line in flowc("config").out.splitlines() if line.startswith("store ")]
    assert '"s3://b"' in store
    assert "not set" not in store
