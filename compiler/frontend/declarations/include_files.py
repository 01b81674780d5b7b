"""`IncludeFile(...)`: a parameter whose value is what a file of the code holds."""

from __future__ import annotations

import os.path
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend.declarations.parameters import (
    OPTIONS,
    Call,
    call_of,
    flag_of,
    is_callable,
    name_of,
    variables_of,
    words_of,
)
from compiler.frontend.findings import fc5xx
from compiler.frontend.text.import_path import own_folder
from compiler.frontend.values.classes import Member
from compiler.frontend.values.evaluator import evaluate_path
from compiler.ir.flow import Parameter
from compiler.reading import is_there, is_within, read_file, reason
from compiler.slotted_class import replaced

LARGEST = 256 * 1024 * 1024
"""Bytes of a file, as of the archive that it travels in."""

_BLOCK = 1 << 20


def read_include_file(member: Member, path: Path, root: Path, report: Report) -> Parameter | None:
    """The parameter that an `IncludeFile` declares; its default is looked up beside the flow's file, `path`."""
    call = call_of(member, OPTIONS["IncludeFile"], "IncludeFile", report)
    name = name_of(call, report)
    if name is None:
        return None
    node = call.arguments.get("default")
    default = None if node is None else evaluate_path(call.scope, node)
    parameter = Parameter(
        attribute=call.attribute,
        name=name,
        type="file",
        default=call.value("default") if isinstance(default, str) else default,
        has_default=node is not None,
        required=flag_of(call, name, "required", report),
        help=words_of(call, name, "help", report),
        span=call.scope.module.source.span(call.node),
        default_is_callable=is_callable(call),
        envvar=variables_of(call, name, report),
    )
    encoding = words_of(call, name, "encoding", report)
    is_text = call.value("is_text") in (None, True)
    if isinstance(default, str):
        found = _found(call, default, path, root, report)
        if found is None:
            return None if report.failed else replaced(parameter, absent=default)
        _check_text(call, name, found, encoding if is_text else None, is_text, report)
        return replaced(
            parameter, file=os.path.relpath(os.path.realpath(found), os.path.realpath(root)).replace(os.sep, "/")
        )
    if default is None and node is not None and not _is_none(call):
        report.add(fc5xx.PARAMETER_VALUE, call.span("default"), option="default", name=name, want="the path of a file")
    return parameter


def _is_none(call: Call) -> bool:
    return call.value("default") is None


def _found(call: Call, default: str, path: Path, root: Path, report: Report) -> Path | None:
    """The file; None with a finding where there is none (a warning: the run may be given one), or none that travels with the code."""
    place = call.span("default")
    for folder in dict.fromkeys((own_folder(path), root)):
        file = folder / default
        if is_there(file):
            if is_within(file, root):
                return file
            report.add(fc5xx.FILE_OUTSIDE, place, path=default, root=root.as_posix())
            return None
    report.add(fc5xx.FILE_MISSING, place, path=default)
    return None


def _check_text(call: Call, name: str, file: Path, encoding: str | None, is_text: bool, report: Report) -> None:
    """A file that its encoding does not fit would fail in every run."""
    if not is_text:
        return
    import codecs  # noqa: PLC0415  # few flows have an IncludeFile

    try:
        decoder = codecs.getincrementaldecoder(encoding or "utf-8")()
        data = read_file(file, LARGEST)
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except LookupError:
        report.add(fc5xx.FILE_ENCODING, call.span("encoding"), name=name, encoding=encoding)
    except (UnicodeError, OSError) as error:
        report.add(fc5xx.FILE_NOT_TEXT, call.span("default"), path=file.name, reason=reason(error))
