"""The command `flowc` from Python: in a process of its own, whose JSON is read, and whose mistakes are raised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import IO, Any

from flowc.client.runner import OWN
from flowc.exceptions import MetaflowException, MetaflowNotFound

_ERROR = "error: "


class DeployerError(MetaflowException):
    """What the command said where it did not do what was asked; `code` is its exit code, 5 where the engine gives no answer."""

    headline = "Deployment failed"

    def __init__(self, msg: str = "", code: int = 1) -> None:
        super().__init__(msg)
        self.code = code


class RunNotFound(DeployerError, MetaflowNotFound):
    """There is no such deployment or run: exit code 4."""

    headline = "No such deployment or run"


class DeployerTimeout(DeployerError, TimeoutError):
    """What was waited for took longer: exit code 124."""

    headline = "It took too long"


_KINDS = {4: RunNotFound, 124: DeployerTimeout}


class Command:
    """How `flowc` is called: with which variables, where, and whether what it says beside its JSON is shown."""

    def __init__(self, variables: Mapping[str, str] | None, cwd: str | None, is_shown: bool) -> None:
        if find_spec("compiler") is None:
            raise MetaflowException(
                "Deployer calls the command `flowc`, and only the runtime of the containers is here: install flowc"
            )
        self.cwd, self.is_shown = cwd, is_shown
        self.variables = {name: value for name, value in os.environ.items() if name not in OWN} | dict(variables or {})
        self.variables.pop("FORCE_COLOR", None)

    def json(self, *words: str, ends: tuple[int, ...] = (0,), folder: str | None = None) -> Any:
        """The JSON that it prints; exit codes of `ends` that come with JSON are no mistakes. Raises DeployerError."""
        code, out, said = self._called(words, folder)
        try:
            found = json.loads(out) if code in ends else None
        except ValueError:
            found = None
        if found is None:
            raise _error(code, said or out)
        return found

    def do(self, *words: str, folder: str | None = None) -> None:
        """Call it for what it does. Raises DeployerError."""
        code, out, said = self._called(words, folder)
        if code:
            raise _error(code, said or out)

    def _called(self, words: tuple[str, ...], folder: str | None) -> tuple[int, str, str]:
        said: list[str] = []
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "compiler", *words],
            env=self.variables,
            cwd=folder or self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            reader = threading.Thread(target=self._read, args=(process.stderr, said), daemon=True)
            reader.start()
            try:
                out = process.stdout.read()
                process.wait()
            except BaseException:  # Ctrl-C above all: the command ends with whoever waits for it
                process.terminate()
                raise
            reader.join()
        return process.returncode, out.decode("utf-8", "replace"), "".join(said)

    def _read(self, file: IO[bytes], said: list[str]) -> None:
        for line in file:
            text = line.decode("utf-8", "replace")
            said.append(text)
            if self.is_shown:
                sys.stderr.write(text)
                sys.stderr.flush()


def _error(code: int, said: str) -> DeployerError:
    """The mistake that the command names; all that it said where a flow has findings."""
    lines = said.strip().splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith(_ERROR)), 0)
    message = (
        "\n".join(lines[first:]).removeprefix(_ERROR) if lines else f"the command ended with {code}, and said nothing"
    )
    return _KINDS.get(code, DeployerError)(message, code)
