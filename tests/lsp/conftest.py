"""A client of the real server: it starts `flowc lsp` and speaks to it over its stdin and stdout."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

FLOW = '''"""A flow."""

from flowc import FlowSpec, Parameter, retry, step


class Squares(FlowSpec):
    alpha = Parameter("alpha", default=0.5)

    @step
    def start(self):
        """Where it begins."""
        self.items = [1, 2]
        self.π = "é𝄞"; self.next(self.square, foreach="items")

    @retry(times=2)
    @step
    def square(self):
        self.y = self.input * self.alpha
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [each.y for each in inputs]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.v = self.all[0]
        self.next(self.both)

    @step
    def right(self):
        self.v = 2
        self.next(self.both)

    @step
    def both(self, inputs):
        self.sum = inputs.left.v + inputs.right.v
        self.next(self.end)

    @step
    def end(self):
        print(self.sum)
'''


class Editor:
    """One open file of an editor, and what the server has told of it."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client, self.path, self.uri = client, path, path.as_uri()
        self.text, self.version = "", 0
        self.told: dict[int | None, list[types.Diagnostic]] = {}
        self.heard = asyncio.Event()
        self.said: list[str] = []

    def hear(self, params: types.PublishDiagnosticsParams) -> None:
        self.told[params.version] = list(params.diagnostics)
        self.heard.set()

    async def open(self, text: str) -> list[types.Diagnostic]:
        self.text = text
        document = types.TextDocumentItem(self.uri, "python", self.version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return await self.findings()

    def type(self, text: str) -> None:
        """Let the whole text be another."""
        self.text, self.version = text, self.version + 1
        change = types.TextDocumentContentChangeWholeDocument(text)
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def findings(self) -> list[types.Diagnostic]:
        """What is told of the newest text."""
        while self.version not in self.told:
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 60)
        return self.told[self.version]

    def place(self, text: str, more: int = 0) -> types.Position:
        """The position of the first occurrence of a text, in units of UTF-16."""
        before = self.text[: self.text.index(text) + more]
        line = before.rpartition("\n")[2]
        return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)


class Session:
    """One server for all tests, and the loop in which its client lives. `wrong` is what the server complains of."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.client = LanguageClient("tests", "1")
        self.editors: dict[str, Editor] = {}
        self.wrong: list[str] = []
        self.said: list[str] = []

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do it in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(300)

    async def begin(self) -> None:
        client = self.client
        client.report_server_error = lambda error, source: self.wrong.append(repr(error))  # type: ignore[method-assign]
        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self.hear(params))  # noqa: PLW0108
        client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: self.wrong.append(params.message))
        client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.said.append(params.message))
        await client.start_io(sys.executable, "-P", "-m", "compiler", "lsp")
        await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), process_id=None))
        client.initialized(types.InitializedParams())

    def hear(self, params: types.PublishDiagnosticsParams) -> None:
        if params.uri in self.editors:
            self.editors[params.uri].hear(params)

    async def end(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()


@pytest.fixture(scope="session")
def session() -> Iterator[Session]:
    found = Session()
    found.do(found.begin())
    yield found
    found.do(found.end())
    found.loop.call_soon_threadsafe(found.loop.stop)
    found.thread.join()
    found.loop.close()


@pytest.fixture
def edit(session: Session, tmp_path: Path) -> Callable[[Callable[[Editor], Awaitable[Any]]], Any]:
    """Run a scene with an editor; nothing may go wrong in the server."""

    def run(scene: Callable[[Editor], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            editor = Editor(session.client, tmp_path / "squares.py")
            session.editors[editor.uri] = editor
            session.said.clear()
            editor.said = session.said
            return await scene(editor)

        found = session.do(whole())
        assert session.wrong == []
        return found

    return run
