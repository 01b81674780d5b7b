"""What an editor waits for: the real `flowc lsp`, asked over its pipes, with a file of 500 steps open."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from bench import flows
from bench.goals import within
from bench.rows import Row
from bench.sides import Bench

STEPS = 500
_READ = "the whole file is parsed again, by Python's own parser, and every rule looks at it"


class Server:
    """A server, and one file that it has open."""

    def __init__(self, path: Path) -> None:
        self.uri, self.text, self.version, self.asked = path.as_uri(), path.read_text(encoding="utf-8"), 0, 0
        words = [sys.executable, "-P", "-m", "compiler", "lsp"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=path.parent)

    def __enter__(self) -> Server:
        self.ask("initialize", processId=None, rootUri=None, capabilities={})
        self.tell("initialized")
        document = {"uri": self.uri, "languageId": "python", "version": 0, "text": self.text}
        self.tell("textDocument/didOpen", textDocument=document)
        self.hear(lambda said: said.get("method") == "textDocument/publishDiagnostics")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.ask("shutdown")
        self.tell("exit")
        self.process.wait(30)

    def tell(self, method: str, **params: Any) -> None:
        """A notification."""
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        """A question and its answer."""
        self.asked += 1
        self._send({"id": self.asked, "method": method, "params": params})
        return self.hear(lambda said: said.get("id") == self.asked)["result"]

    def _send(self, what: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **what}).encode()
        screen = _pipe(self.process.stdin)
        screen.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        screen.flush()

    def hear(self, is_meant: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first thing said that is meant."""
        source = _pipe(self.process.stdout)
        while True:
            size = 0
            while line := source.readline().strip():
                name, _, value = line.partition(b":")
                size = int(value) if name.lower() == b"content-length" else size
            said: dict[str, Any] = json.loads(source.read(size))
            if is_meant(said):
                return said

    def type_letter(self) -> None:
        """One letter more, behind everything; waits for what is found."""
        self.version += 1
        line = self.text.count("\n")
        at = {"line": line, "character": self.version - 1}
        change = {"range": {"start": at, "end": at}, "text": "#"}
        document = {"uri": self.uri, "version": self.version}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[change])
        self.hear(lambda said: said.get("params", {}).get("version") == self.version)

    def at(self, method: str, line: int, character: int) -> Any:
        """What is answered at a place."""
        place = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.uri}, position=place)


def _pipe(found: IO[bytes] | None) -> IO[bytes]:
    assert found is not None
    return found


def editor(bench: Bench, runs: int) -> Iterator[Row]:
    """A letter typed until its findings are there; a hover, a completion, a definition."""
    yield from _with_open(bench.flow("Short", flows.chain("Short", STEPS)), f"{STEPS} short steps", runs)
    yield from _with_open(bench.flow("Typed", flows.realistic("Typed", STEPS)), f"{STEPS} steps of 18 lines", runs)


def _with_open(path: Path, which: str, runs: int) -> Iterator[Row]:
    with Server(path) as server:
        lines = server.text.split("\n")
        number, line = next(
            (at, line) for at, line in enumerate(lines) if "self.next(self." in line and at > len(lines) // 2
        )
        behind = line.index("self.next(self.") + len("self.next(self.")
        asked: dict[str, Callable[[], object]] = {
            "a letter, until its findings are there": server.type_letter,
            "hover": lambda: server.at("hover", number, behind + 1),
            "completion": lambda: server.at("completion", number, behind),
            "definition": lambda: server.at("definition", number, behind + 1),
        }
        for what, ask in asked.items():
            assert what.startswith("a letter") or ask(), what
            times = [_seconds(ask) for _ in range(max(runs, 5))]
            told = f"{statistics.median(times) * 1000:.0f} ms, at most {max(times) * 1000:.0f} ms"
            goal = within(0.1, statistics.median(times), _READ)
            yield Row(f"editor, {which}: {what} (wall)", "", told, None, goal)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
