"""`--import`: the author's module is imported in a process of its own, and only what it declares comes back.

The process has no network, an environment with nothing of this one's, no input, and bounds on time and memory; it does not see this one.
See `flowc.source.isolation` for how far that goes on which system.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.backends.command import config_environment, path_environment
from compiler.documents import NotParsed, parse_json
from compiler.frontend.declarations.import_result import (
    DeclaredDecorator,
    DeclaredFlow,
    DeclaredParameter,
    Importer,
    ImportFailure,
    Opaque,
)
from compiler.frontend.text.import_path import search_path
from compiler.ir.flow import WRAPPER, Value

SECONDS = 120.0
"""How long an import may take."""

MOST = 64 << 20
"""Bytes that it may tell: a flow of 5,000 steps tells a tenth of it."""


def importer(path: Path, root: Path, folders: tuple[Path, ...] = (), *, seconds: float = SECONDS) -> Importer:
    """Imports the flows of a file; `root` is the folder of the code, `folders` of it are searched by imports, too."""
    variables = path_environment(search_path(path, root, folders))
    return lambda name, configs: _import(path, root, name, {**variables, **config_environment(configs)}, seconds)


def _import(
    path: Path, root: Path, name: str, variables: dict[str, str], seconds: float
) -> DeclaredFlow | ImportFailure:
    from flowc.source.isolation import hide  # noqa: PLC0415 - only an import needs it

    hide()
    file = os.path.relpath(path.resolve(), root.resolve())
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory(prefix="flowc-import-") as home, os.fdopen(reader, "rb") as told:
        words = [sys.executable, "-P", "-m", "flowc", "declare", str(writer), str(root.resolve()), f"{file}:{name}"]
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writer,),
            env=_environment(home) | variables,
            start_new_session=True,
        )
        os.close(writer)
        data = _read(process, told.fileno(), seconds)
    return _understood(process, data, seconds)


def _environment(home: str) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _read(process: subprocess.Popen[bytes], descriptor: int, seconds: float) -> bytes | None:
    """What the process tells until it has ended, or tells too much; None where it is still running then, and is ended, with all that
    it started.
    """
    import select  # noqa: PLC0415 - only an import needs it
    import time  # noqa: PLC0415 - only an import needs it

    data, until = bytearray(), time.monotonic() + seconds
    try:
        while True:
            ready, _, _ = select.select([descriptor], [], [], max(until - time.monotonic(), 0))
            if not ready:
                return None
            part = os.read(descriptor, 1 << 16)
            if not part:
                process.wait(max(until - time.monotonic(), 0))
                return bytes(data)
            data += part
            if len(data) > MOST:
                return bytes(data)
    except subprocess.TimeoutExpired:
        return bytes(data)
    finally:
        with _gone():
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _gone() -> Any:
    import contextlib  # noqa: PLC0415 - only an import needs it

    return contextlib.suppress(ProcessLookupError, PermissionError)


def _understood(process: subprocess.Popen[bytes], data: bytes | None, seconds: float) -> DeclaredFlow | ImportFailure:
    if data is None:
        return ImportFailure(f"it did not end within {seconds:g} s")
    if len(data) > MOST:
        return ImportFailure(f"it tells more than {MOST >> 20} MiB")
    try:
        told = parse_json(data.decode())
    except (NotParsed, UnicodeDecodeError):
        return ImportFailure(f"it ended the process ({_how(process.returncode)})")
    try:
        return _meant(told)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ImportFailure("it wrote to the descriptor of what is declared, and that is not understood")


def _how(code: int) -> str:
    """The first process of a namespace cannot end by a signal, and says it as a shell does."""
    number = -code if code < 0 else code - _SIGNALLED
    return f"signal {number}" if 0 < number < signal.NSIG else f"exit code {code}"


_SIGNALLED = 128


def _meant(told: Any) -> DeclaredFlow | ImportFailure:
    """What was told; any code of the module may have written it. Raises KeyError, TypeError, ValueError, AttributeError."""
    if "mistake" in told:
        return ImportFailure(str(told["mistake"]))
    if "failure" in told:
        failure = told["failure"]
        text = f"{failure['type']}: {failure['text']}" if failure["text"] else str(failure["type"])
        return ImportFailure(text, tuple((str(file), int(line)) for file, line in failure["frames"]))
    return _flow(told)


def _flow(told: Mapping[str, Any]) -> DeclaredFlow:
    return DeclaredFlow(
        decorators=tuple(_decorator(each) for each in reversed(told["decorators"])),
        steps={name: _step(step) for name, step in told["steps"].items()},
        parameters=tuple(_parameter(each) for each in told["parameters"]),
        mutated=bool(told["mutated"]),
        configs={name: _known(parts) for name, parts in told["configs"].items()},
    )


def _known(told: Mapping[str, Any]) -> dict[str, Value]:
    """The values among the parts of a `Config`."""
    worth = {part: _worth(value) for part, value in told.items()}
    return {part: value for part, value in worth.items() if not isinstance(value, Opaque)}


def _step(told: Mapping[str, Any]) -> tuple[DeclaredDecorator, ...]:
    wrappers = [DeclaredDecorator(WRAPPER, (("name", each["name"]),), each["by"]) for each in told["wrappers"]]
    return (*reversed(wrappers), *(_decorator(each) for each in reversed(told["decorators"])))


def _decorator(told: Mapping[str, Any]) -> DeclaredDecorator:
    arguments = tuple((name, _worth(value)) for name, value in told["arguments"].items())
    return DeclaredDecorator(told["name"], arguments, told["by"])


def _parameter(told: Mapping[str, Any]) -> DeclaredParameter:
    return DeclaredParameter(
        attribute=told["attribute"],
        name=told["name"],
        type=told["type"],
        default=_worth(told["default"]),
        is_callable=told["callable"],
        required=told["required"],
        help=told["help"],
        multiple=told["multiple"],
        separator=told["separator"],
        choices=tuple(told["choices"]),
        by=told["by"],
    )


def _worth(told: Mapping[str, Any]) -> Value | Opaque:
    return _frozen(told["value"]) if "value" in told else Opaque(told["opaque"])


def _frozen(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(value)
