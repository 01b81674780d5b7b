"""The server: the protocol's words to our answers and back. Findings come a moment after the last letter, read in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from compiler.diagnostics import Diagnostic
from compiler.ir.flow import Span
from compiler.lsp import answers
from compiler.lsp.analysis import Analyses, Analysis, mended
from compiler.lsp.names import lines_of

PAUSE = 0.04
"""Seconds after the last letter at which the file is read: a key that is held down repeats each 0.03 s."""
GRAPH = "flowc.graph"
"""The command of a lens: what it shows is `flowc show`'s text."""
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_KINDS = {
    "step": types.CompletionItemKind.Method,
    "artifact": types.CompletionItemKind.Field,
    "decorator": types.CompletionItemKind.Function,
    "option": types.CompletionItemKind.Property,
}


class FlowServer(LanguageServer):
    """The server of one editor; `analyses` are of the files that it has open."""

    def __init__(self, version: str) -> None:
        super().__init__("flowc", version)
        self.analyses = Analyses()
        self.pending: dict[str, asyncio.Task[None]] = {}

    def analysis(self, uri: str) -> Analysis:
        """The analysis of a document as it is now."""
        return self.analyses.of(path_of(uri), self.workspace.get_text_document(uri).source)

    def last(self, uri: str) -> Analysis:
        """The newest analysis that is there: answers must not wait for one."""
        known = self.analyses.known.get(path_of(uri))
        if known is None:
            return self.analysis(uri)
        text = self.workspace.get_text_document(uri).source
        return Analysis(known.path, text, known.findings, known.flows, lines_of(text), known.names, known.problem)


def server(version: str) -> FlowServer:
    """The server with all that it answers."""
    made = FlowServer(version)

    @made.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: FlowServer, params: types.DidOpenTextDocumentParams) -> None:
        await _tell_findings(ls, params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: FlowServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        before = ls.pending.pop(uri, None)
        if before is not None:
            before.cancel()
        ls.pending[uri] = asyncio.ensure_future(_soon(ls, uri))

    @made.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(ls: FlowServer, params: types.DidSaveTextDocumentParams) -> None:
        ls.analyses.forget(path_of(params.text_document.uri))
        await _tell_findings(ls, params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: FlowServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.analyses.forget(path_of(params.text_document.uri))
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))

    _answer_places(made)
    _answer_changes(made)
    return made


def _answer_places(made: FlowServer) -> None:
    @made.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(ls: FlowServer, params: types.HoverParams) -> types.Hover | None:
        analysis = ls.last(params.text_document.uri)
        text = answers.hover(analysis, *_place(analysis, params.position))
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text)) if text else None

    @made.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(ls: FlowServer, params: types.DefinitionParams) -> types.Location | None:
        analysis = ls.last(params.text_document.uri)
        span = answers.definition(analysis, *_place(analysis, params.position))
        return types.Location(params.text_document.uri, _range(analysis, span)) if span else None

    @made.feature(types.TEXT_DOCUMENT_REFERENCES)
    def referred(ls: FlowServer, params: types.ReferenceParams) -> list[types.Location]:
        analysis = ls.last(params.text_document.uri)
        found = answers.references(analysis, *_place(analysis, params.position))
        return [types.Location(params.text_document.uri, _range(analysis, span)) for span in found]

    @made.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", "@", "("]))
    def completed(ls: FlowServer, params: types.CompletionParams) -> list[types.CompletionItem]:
        analysis = ls.last(params.text_document.uri)
        found = answers.offers(analysis, *_place(analysis, params.position))
        return [types.CompletionItem(each.label, kind=_KINDS[each.kind], detail=each.detail or None) for each in found]

    @made.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lensed(ls: FlowServer, params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        analysis = ls.last(uri)
        return [
            types.CodeLens(_range(analysis, span), types.Command(title, GRAPH, arguments=[uri, name]))
            for span, title, name in answers.lenses(analysis)
        ]

    @made.command(GRAPH)
    def shown(ls: FlowServer, uri: str, name: str) -> str:
        return answers.graph(ls.last(uri), name)


def _answer_changes(made: FlowServer) -> None:
    @made.feature(types.TEXT_DOCUMENT_RENAME)
    def renamed(ls: FlowServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
        uri = params.text_document.uri
        analysis = ls.analysis(uri)
        try:
            spans = answers.renamed(analysis, *_place(analysis, params.position), params.new_name)
        except ValueError as error:
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, str(error)))
            return None
        edits = [types.TextEdit(_range(analysis, span), params.new_name) for span in spans]
        return types.WorkspaceEdit(changes={uri: edits})

    @made.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def fixed(ls: FlowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        analysis = ls.analysis(uri)
        meant = [each for each in analysis.findings if each.fix and _meets(_range(analysis, each.span), params.range)]
        return [action for each in meant if (action := _action(analysis, uri, each)) is not None]


def _action(analysis: Analysis, uri: str, finding: Diagnostic) -> types.CodeAction | None:
    text = mended(analysis, finding)
    if text is None:
        return None
    whole = types.Range(types.Position(0, 0), types.Position(len(analysis.lines), 0))
    return types.CodeAction(
        f"{finding.rule.code}: {finding.help}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_told(analysis, finding)],
        edit=types.WorkspaceEdit(changes={uri: [types.TextEdit(whole, text)]}),
        is_preferred=True,
    )


async def _soon(ls: FlowServer, uri: str) -> None:
    await asyncio.sleep(PAUSE)
    await _tell_findings(ls, uri)


async def _tell_findings(ls: FlowServer, uri: str) -> None:
    document = ls.workspace.get_text_document(uri)
    version, text = document.version, document.source
    analysis = await asyncio.to_thread(ls.analyses.of, path_of(uri), text)
    found = [_told(analysis, each) for each in analysis.findings]
    if analysis.problem:
        ls.window_log_message(types.LogMessageParams(types.MessageType.Warning, analysis.problem))
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))


def _told(analysis: Analysis, finding: Diagnostic) -> types.Diagnostic:
    return types.Diagnostic(
        _range(analysis, finding.span),
        f"{finding.message}\n{finding.help}",
        severity=_SEVERITIES[finding.rule.severity],
        code=finding.rule.code,
        source="flowc",
    )


def path_of(uri: str) -> Path:
    """The file of a document."""
    return Path(unquote(urlparse(uri).path))


def _place(analysis: Analysis, position: types.Position) -> tuple[int, int]:
    """A line and a column in characters, both from 1, of a position in units of UTF-16."""
    line = analysis.lines[position.line] if position.line < len(analysis.lines) else ""
    before = line.encode("utf-16-le", "surrogatepass")[: 2 * position.character]
    return position.line + 1, len(before.decode("utf-16-le", "replace")) + 1


def _range(analysis: Analysis, span: Span) -> types.Range:
    return types.Range(
        _position(analysis.lines, span.line, span.col), _position(analysis.lines, span.end_line, span.end_col)
    )


def _position(lines: Sequence[str], line: int, column: int) -> types.Position:
    text = lines[line - 1] if line <= len(lines) else ""
    return types.Position(line - 1, len(text[: column - 1].encode("utf-16-le", "surrogatepass")) // 2)


def _meets(one: types.Range, other: types.Range) -> bool:
    def key(at: types.Position) -> tuple[int, int]:
        return at.line, at.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
