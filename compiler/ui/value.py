"""`python -m compiler.ui.value STORE FLOW RUN STEP INDEX NAME`: an artifact as text, in a process that is thrown away.

Unpickling runs what the pickle says, so nothing else is in this process, and its time, memory and output are bounded.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from compiler.mistakes import CallError

SECONDS = 30
MOST_TEXT = 100_000
"""Characters that are shown."""
_MEMORY = 4 << 30


def shown_value(store: str, flow: str, run: str, step: str, index: str, name: str) -> str:
    """What a person sees of the value. Raises CallError where it cannot be read, or takes too long."""
    words = [sys.executable, "-P", "-m", "compiler.ui.value", store, flow, run, step, index, name]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            words, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL, env=environment
        )
    except subprocess.TimeoutExpired:
        raise CallError(f"reading it took longer than {SECONDS} s, and was ended") from None
    text = done.stdout[: 4 * MOST_TEXT].decode("utf-8", "replace")
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise CallError(f"it cannot be read here: {told or f'the process ended with {done.returncode}'}")
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n… (cut off here)"


def main(words: list[str]) -> int:
    """Print the value's text."""
    _bound()
    from flowc.artifacts.address import RunAddress  # noqa: PLC0415 - after the bounds
    from flowc.artifacts.manifest import read  # noqa: PLC0415
    from flowc.store import open_store  # noqa: PLC0415

    store, flow, run, step, index, name = words
    from flowc.client.context import metaflow_importable  # noqa: PLC0415

    manifest = read(open_store(store), RunAddress(flow, run).named(step, index))
    with metaflow_importable():
        text = _text(manifest[name])[: MOST_TEXT + 1]
    with os.fdopen(1, "wb", closefd=False) as told:  # to the server, which bounds and escapes it
        told.write(text.encode("utf-8", "replace"))
    return 0


def _bound() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import pprint  # noqa: PLC0415 - after the bounds

    if isinstance(value, dict | list | tuple | set):
        return pprint.pformat(value, width=100, compact=True)
    return str(value) if hasattr(value, "shape") else repr(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
