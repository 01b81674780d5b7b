"""The rules of reading a file, FC1xx."""

from __future__ import annotations

from compiler.diagnostics import Rule

FILE_NOT_READ = Rule(
    "FC101",
    "file-not-read",
    "`{path}` cannot be read: {reason}",
    "give the path of a Python file that you may read",
    quoted=False,
)
NOT_DECODED = Rule(
    "FC102",
    "file-not-decoded",
    "the file is not in the encoding that it declares: {reason}",
    "save it as UTF-8, or declare its encoding in the first line: `# -*- coding: latin-1 -*-`",
)
SYNTAX = Rule(
    "FC103", "syntax-error", "this is not Python: {reason}", "mend the syntax; nothing else is checked until then"
)
TOO_DEEP = Rule(
    "FC104",
    "unreadable-source",
    "the source cannot be read: {reason}",
    "split the expression or the file, or take out the byte",
)
NO_FLOW = Rule(
    "FC105",
    "no-flow",
    "there is no flow in this file",
    "a flow is a class whose base is `FlowSpec`, with methods under `@step`{hint}",
    fix="imports `FlowSpec` and `step`, where a class derives from a `FlowSpec` that nothing imports",
)
NO_SUCH_FLOW = Rule("FC106", "no-such-flow", "there is no flow `{name}` in this file", "{hint}")
BASE_NOT_READ = Rule(
    "FC107",
    "base-not-read",
    "`{name}` has steps, but its base `{base}` cannot be read as text",
    "let it derive from `FlowSpec`, or from a class of this file or of a module of this repository",
)
HIDES_MODULE = Rule(
    "FC108",
    "hides-a-module",
    "the file is named like the standard module `{module}`, which it would hide where the steps run",
    "give the file another name",
)
NOTEBOOK = Rule(
    "FC120",
    "notebook",
    "`{path}` is a notebook, and a flow stands in a Python file",
    "let the cell with its class begin with `%%writefile flow.py`, or export it: `jupyter nbconvert --to script {path}`",
    quoted=False,
)
NO_PYTHON_FILE = Rule(
    "FC121",
    "no-python-file",
    "`{path}` is no Python file",
    "give the path of the file with the flow's class; its name ends with `.py`",
    quoted=False,
)
STEPS_WITHOUT_FLOW = Rule(
    "FC122",
    "steps-without-flow",
    "`{name}` has steps, but does not derive from `FlowSpec`",
    "write `class {name}({bases}):`",
    fix="writes the base, where the class has none, and imports it",
)
LEFT_OUT = Rule(
    "FC123",
    "import-left-out",
    "`{name}` does not travel with the code: {reason}",
    "{cure}",
)
FLOW_LEFT_OUT = Rule(
    "FC124",
    "flow-left-out",
    "this file does not travel with the code, so no container would find the flow: {reason}",
    "{cure}",
)
NOT_THERE = Rule(
    "FC110",
    "name-not-there",
    "there is no `{name}` where the flow runs: this line fails there",
    "{cure}",
    fix="writes the one name of the module that a misspelt one can mean, where it is used too",
)
MAY_NOT_BE_THERE = Rule(
    "FC111",
    "name-may-not-be-there",
    "there is no `{name}` where the flow runs: this line fails there, if its condition holds",
    "{cure}; or catch the ImportError",
    "warning",
)
