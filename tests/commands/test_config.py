"""`flowc config` says of every setting what holds, also where nobody has said anything."""

from __future__ import annotations

import json
from pathlib import Path

from compiler.call.stores import DEFAULT_STORE
from compiler.commands.config import DEFAULTS
from compiler.workspace.image.recipes import PYTHON
from compiler.workspace.settings import DEFAULT, PROJECT, RUN, SHARED
from compiler.workspace.settings.keys import TRACKED
from tests.stages.command_line import Flowc


def test_every_setting_that_is_not_set_shows_what_holds_instead(flowc: Flowc, folder: Path) -> None:
    assert [*DEFAULTS] == [*SHARED, *TRACKED, *PROJECT, *RUN]
    lines = flowc("config").out.splitlines()
    assert [line.split()[0] for line in lines] == [*SHARED, *TRACKED, *PROJECT]
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


LAYERS = """[tool.flowc]
extend = "base.toml"
store = "s3://shared"
with = ["retry"]

[tool.flowc.env.prod]
store = "s3://prod"

[tool.flowc.flow.SumFlow]
max_workers = 3

[tool.flowc.images]
start = "a:1"

[tool.flowc.policy]
owner = "team"
"""


def test_each_value_says_its_file_its_line_and_its_layer(flowc: Flowc, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "pyproject.toml").write_text(LAYERS)
    (folder / "base.toml").write_text("\n[tool.flowc.argo]\nnamespace = 'batch'\n")
    rows = json.loads(flowc("config", "flow.py", "--env", "prod", "--target", "argo", "--json").out)
    found = {
        key: (row["value"], row["layer"], Path(row["file"]).name, row["line"])
        for key, row in rows.items()
        if "file" in row
    }
    assert found == {
        "store": ("s3://prod", "[tool.flowc.env.prod]", "pyproject.toml", 7),
        "max_workers": (3, "[tool.flowc.flow.SumFlow]", "pyproject.toml", 10),
        "namespace": ("batch", "[tool.flowc.argo]", "base.toml", 3),
        "images.start": ("a:1", "[tool.flowc.images]", "pyproject.toml", 13),
        "policy.owner": ("team", "[tool.flowc.policy]", "pyproject.toml", 16),
    }
    lines = flowc("config", "flow.py:SumFlow").out.splitlines()
    assert next(line for line in lines if line.startswith("max_workers")).endswith("pyproject.toml:10)")
    assert "not set" in next(line for line in flowc("config").out.splitlines() if line.startswith("max_workers"))


def test_the_flow_of_a_file_with_several_must_be_named(flowc: Flowc, folder: Path) -> None:
    text = (folder / "flow.py").read_text()
    (folder / "flow.py").write_text(text + text[text.index("class") :].replace("SumFlow", "OtherFlow"))
    (folder / "pyproject.toml").write_text("[tool.flowc.flow.SumFlow]\nmax_workers = 3\n")
    told = flowc("config", "flow.py", "--json")
    assert "flow.py:SumFlow shows those of SumFlow" in told.err
    assert json.loads(told.out)["max_workers"]["value"] is None
    assert json.loads(flowc("config", "flow.py:SumFlow", "--json").out)["max_workers"]["value"] == 3
    assert json.loads(flowc("config", "flow.py:OtherFlow", "--json").out)["max_workers"]["value"] is None
