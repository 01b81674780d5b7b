"""What could be imported of 0.1.0 can be imported: every public name of every module of `flowc`, under the old paths."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import flowc
import pytest

MODULES: dict[str, str] = json.loads(Path(__file__).with_name("modules.json").read_text("utf-8"))
GONE = {
    "flowc.datatools": {"Given", "Result"},
    "flowc.forks": {"has_threads"},
    "flowc.offline": {"go_offline"},
    "flowc.pickling": {"load_entry"},
    "flowc.takeover": {"Takeover"},
}
"""What only the shim itself used: two type variables, a function that became a method, another that asked Python
for what the system knows, one by which the process of `--import` left the network, a class of the resumed run."""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_the_names_that_it_had(module: str) -> None:
    there = import_module(module)
    missing = {name for name in MODULES[module].split() if not hasattr(there, name)}
    assert missing == GONE.get(module, set())


@pytest.mark.parametrize("module", [each for each in MODULES if set(MODULES[each].split()) - GONE.get(each, set())])
def test_a_star_brings_them_too(module: str) -> None:
    space: dict[str, object] = {}
    exec(f"from {module} import *", space)
    public = getattr(import_module(module), "__all__", None) or vars(import_module(module))
    assert {name for name in public if name[0] != "_"} <= space.keys()
    assert any(name in space for name in MODULES[module].split())


def test_a_module_that_never_was_is_not_found() -> None:
    assert find_spec("flowc.configss") is None
    with pytest.raises(ImportError):
        exec("from flowc.configs import Konfig")
    assert not hasattr(flowc, "configss")
