"""`python -m flowc hook FUNCTION --run RUN --status success|error`: a function of the flow's module, after the run has ended.

What it did lies at `_hooks/<status>~<function>` of the run. Exit code 1 where the function raised: the run's own result is
not this process's business.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module

from flowc.artifacts.address import RunAddress, escape
from flowc.artifacts.failure import trace
from flowc.container.command import loaded_flow, mistake, needed_variable, the_flow, unanswered
from flowc.exceptions import CallMistake, MetaflowNotFound
from flowc.source.module import Loaded
from flowc.store import open_store
from flowc.store.protocol import SetupError, StoreError
from flowc.task.call import DONE, FAILED, Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_USAGE = "python -m flowc hook FUNCTION --run RUN --status success|error"
_STATUSES = ("success", "error")


def main(words: list[str]) -> int:
    """Call the function that the words name; the process's exit code."""
    try:
        return _main(words)
    except (CallMistake, SetupError) as error:
        return mistake(str(error))
    except StoreError as error:
        return unanswered(str(error))


def _main(words: list[str]) -> int:
    name, run, status = _parsed(words)
    store = open_store(needed_variable(os.environ, "FLOWC_STORE"))
    os.environ["FLOWC_STORE"] = store.url
    flow = the_flow()
    address = RunAddress(flow.rpartition(":")[2], run)
    loaded = loaded_flow(flow)
    begun = time.time()
    failed = _tried(loaded, name, address)
    sys.stdout.flush()
    told = {"function": name, "status": status, "begun": begun, "ended": time.time(), "failed": failed}
    store.put(f"{address.folder}/_hooks/{status}~{escape(name)}", (json.dumps(told).encode(),))
    return FAILED if failed else DONE


def _parsed(words: list[str]) -> tuple[str, str, str]:
    options = dict(zip(words[2::2], words[3::2]))
    if len(words) != 6 or set(options) != {"--run", "--status"}:  # noqa: PLR2004 - `hook FUNCTION` and two options
        raise CallMistake(f"usage: {_USAGE}")
    if options["--status"] not in _STATUSES:
        raise CallMistake(f"--status is success or error, not {options['--status']!r}; usage: {_USAGE}")
    return words[1], options["--run"], options["--status"]


def _tried(loaded: Loaded | Broken, name: str, address: RunAddress) -> str | None:
    """The traceback of what went wrong, which stderr shows too; None where nothing did."""
    try:
        if isinstance(loaded, Broken):
            raise loaded.error
        _call(_function(loaded, name), address)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's function may raise anything
        text = trace(error)
        sys.stderr.write(f"{text}flowc: the exit hook {name} failed; the run's result stays what it is\n")
        return text
    return None


def _function(loaded: Loaded, name: str) -> Callable[..., Any]:
    """What the name means: in the flow's module, else among what `@exit_hook` was given, else an import path."""
    found: Any = sys.modules.get(loaded.flow.__module__)
    for part in name.split("."):
        found = getattr(found, part, None)
    module, _, last = name.rpartition(".")
    given = (function for function in _given(loaded) if getattr(function, "__name__", None) == last)
    if not callable(found):
        found = next(given, None) or (getattr(import_module(module), last, None) if module else None)
    if not callable(found):
        raise CallMistake(f"there is no function {name!r} for an exit hook of {loaded.name}")
    function: Callable[..., Any] = found
    return function


def _given(loaded: Loaded) -> list[Any]:
    marks = [mark for base in loaded.flow.__mro__ for mark in base.__dict__.get("__flowc_flow__", ())]
    lists = [mark.attributes.get(key) or () for mark in marks if mark.name == "exit_hook" for key in _KEYS]
    return [each for one in lists for each in (one if isinstance(one, (list, tuple)) else (one,)) if callable(each)]


_KEYS = ("on_success", "on_error")


def _call(function: Callable[..., Any], address: RunAddress) -> None:
    """With the run where it takes an argument `run` or any keyword: None where the run left no record."""
    import inspect

    takes = inspect.signature(function).parameters.values()
    if not any(each.name == "run" or each.kind is each.VAR_KEYWORD for each in takes):
        function()
        return
    function(run=_run(address))


def _run(address: RunAddress) -> Any:
    from flowc.client import Run
    from flowc.client.context import get_namespace, namespace

    before = get_namespace()
    namespace(None)  # the run is this one, whoever started it
    try:
        return Run(f"{address.flow}/{address.run}")
    except MetaflowNotFound:
        return None
    finally:
        namespace(before)
