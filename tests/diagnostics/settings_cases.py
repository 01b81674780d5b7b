"""Wrong settings (FC80x): a marked pyproject.toml, what lies beside it, and words of the advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.call.configs import configured
from compiler.diagnostics import Report
from compiler.mistakes import FoundError
from compiler.workspace.package import code_root
from compiler.workspace.settings import read_settings
from compiler.workspace.settings.reading import report_unknown_flows
from tests.diagnostics import marked


@dataclass(frozen=True)
class Wrong:
    """A marked file, words of the message and the help of its findings, and the files beside it (None: a folder)."""

    text: str
    said: tuple[str, ...]
    beside: Mapping[str, str | None] = field(default_factory=dict)


def _in(table: str, line: str, mark: str, *said: str) -> Wrong:
    """A table with one line and what is marked below it."""
    return Wrong(f"[{table}]\n{line}\n{mark}\n", said)


CASES: dict[str, Wrong] = {
    "a misspelt setting": _in(
        "tool.flowc", 'stor = "s3://bucket/x"', "^^^^ FC803", "[tool.flowc] has no setting `stor`", "did you mean `store`?"
    ),
    "a setting that nothing is like": _in("tool.flowc", "qqq = 1", "^^^ FC803", "there are: `branch`, `chunk`, `code`, "),
    "a misspelt setting of a target": _in(
        "tool.flowc.argo", 'namespce = "x"', "^^^^^^^^ FC803", "[tool.flowc.argo] has no setting", "did you mean `namespace`?"
    ),
    "a setting that the target has no use for": _in(
        "tool.flowc.maestro", 'namespace = "x"', "^^^^^^^^^ FC803", "[tool.flowc.maestro] has no setting", "maestro has no use for it"
    ),
    "another target's setting": _in("tool.flowc.argo", "sam = true", "^^^ FC803", "[tool.flowc.argo] has no setting `sam`"),
    "a misspelt table in a target": _in(
        "tool.flowc.argo", "labelss.team = 'x'", "^^^^^^^ FC803", "did you mean `labels`?"
    ),
    "a misspelt setting of the local run": _in(
        "tool.flowc.run", 'start_metod = "fork"', "^^^^^^^^^^^ FC803", "did you mean `start_method`?"
    ),
    "a misspelt setting of an environment": _in(
        "tool.flowc.env.prod", 'imge = "x"', "^^^^ FC803", "[tool.flowc.env.prod] has no setting", "did you mean `image`?"
    ),
    "a misspelt setting of a flow": _in(
        "tool.flowc.flow.TrainFlow", "maxworkers = 3", "^^^^^^^^^^ FC803", "did you mean `max_workers`?"
    ),
    "a misspelt setting of a flow in an environment, for a target": _in(
        "tool.flowc.env.prod.flow.TrainFlow.argo",
        "suspnd = true",
        "^^^^^^ FC803",
        "[tool.flowc.env.prod.flow.TrainFlow.argo] has no setting",
        "did you mean `suspend`?",
    ),
    "a quoted key": _in("tool.flowc", '"st\\u006fr" = "x"', "^^^^^^^^^^^ FC803", "did you mean `store`?"),
    "an inline table": _in("tool", 'flowc = {store = "s3://b/x", imag = "y"}', " " * 29 + "^^^^ FC803", "did you mean `image`?"),
    "a misspelt target": Wrong(
        "[tool.flowc.argoo]\n            ^^^^^ FC804\nnamespace = 'x'\n", ("no table `argoo`", "did you mean `argo`?")
    ),
    "an alias of a target": Wrong(
        "[tool.flowc.stepfunctions]\n            ^^^^^^^^^^^^^ FC804\n", ("did you mean `step-functions`?",)
    ),
    "a misspelt target of an environment": Wrong(
        "[tool.flowc.env.prod.airlow]\n                     ^^^^^^ FC804\n", ("[tool.flowc.env.prod] has", "`airflow`?")
    ),
    "an environment in the wrong place": Wrong(
        "[tool.flowc.prod]\n            ^^^^ FC804\nimage = 'x'\n", ("no table `prod`", "there are: `airflow`, `argo`, ")
    ),
    "text that must be a number": _in(
        "tool.flowc", 'max_workers = "4"', "^^^^^^^^^^^ FC805", 'must be a whole number from 1, not "4"', "without quotes"
    ),
    "a number that is none": _in("tool.flowc", "max_workers = true", "^^^^^^^^^^^ FC805", "a whole number from 1, not true"),
    "no worker": _in("tool.flowc", "max_workers = 0", "^^^^^^^^^^^ FC805", "a whole number from 1, not 0"),
    "a number that must be text": _in("tool.flowc", "image = 3", "^^^^^ FC805", "must be a text, not 3", "in quotes"),
    "a table that must be text": _in("tool.flowc", "image = {train = 'x'}", "^^^^^ FC805", "must be a text, not a table"),
    "text that must be true or false": _in(
        "tool.flowc.argo", 'production = "yes"', "^^^^^^^^^^ FC805", 'true or false, not "yes"', "without quotes"
    ),
    "text that must be a list": _in("tool.flowc", 'with = "retry"', "^^^^ FC805", 'a list of texts, not "retry"'),
    "an empty text": _in("tool.flowc", 'store = ""', "^^^^^ FC805", "must be a text, not an empty one"),
    "a text with a NUL": _in("tool.flowc.config", 'c = "a\\u0000"', "^ FC805", "the path of a file"),
    "a mark before all else": Wrong("\ufeff[tool.flowc]\n^ FC802\n", ("it begins with a byte order mark",)),
    "a list of an empty text": _in("tool.flowc", 'flows = ["a/*.py", ""]', "^^^^^ FC805", 'not ["a/*.py", ""]'),
    "a list of numbers": _in("tool.flowc", "packages = [1]", "^^^^^^^^ FC805", "a list of texts, not [1]"),
    "steps to fuse that are a text": _in(
        "tool.flowc", 'fuse = "fit"', "^^^^ FC805", 'true, false or a list of steps, not "fit"', '`["prepare", "fit"]`'
    ),
    "no step to fuse": _in("tool.flowc.argo", "fuse = []", "^^^^ FC805", "true, false or a list of steps"),
    "portions without a step": _in(
        "tool.flowc", "chunk = 16", "^^^^^ FC805", "a table of numbers from 1 by step, not 16", "`chunk = {square = 16}`"
    ),
    "portions of nobody": _in("tool.flowc.env.prod", "chunk = {square = 0}", "^^^^^ FC805", "a table of numbers from 1"),
    "portions of a misspelt size": _in(
        "tool.flowc.flow.F", "chunk = {square = {sise = 4}}", "^^^^^ FC805", "a table of numbers from 1 by step"
    ),
    "globs that lead up": _in(
        "tool.flowc", 'flows = ["../*.py"]', "^^^^^ FC805", "globs of files below the folder of this file"
    ),
    "a misspelt setting of MLflow": _in(
        "tool.flowc.mlflow", 'urii = "http://x"', "^^^^ FC803", "[tool.flowc.mlflow] has no setting `urii`", "did you mean `uri`?"
    ),
    "a server that is none": _in(
        "tool.flowc.env.prod.mlflow", 'uri = "localhost:5000"', "^^^ FC805", "must be the URL of a server", "https://mlflow.example.com"
    ),
    "a word for no metrics": _in(
        "tool.flowc.flow.F.argo.mlflow", 'metrics = "all"', "^^^^^^^ FC805", '`numbers` or a list of texts, not "all"'
    ),
    "MLflow that is no table": _in(
        "tool.flowc.argo", 'mlflow = "http://x"', "^^^^^^ FC805", "a table, as in [tool.flowc.argo.mlflow]"
    ),
    "a method that there is not": _in(
        "tool.flowc.run", 'start_method = "threads"', "^^^^^^^^^^^^ FC805", '`fork` or `spawn`, not "threads"'
    ),
    "a target's text that must be a flag": _in(
        "tool.flowc.argo", 'archive_logs = "yes"', "^^^^^^^^^^^^ FC805", "must be true or false"
    ),
    "a target's word that it does not take": _in(
        "tool.flowc.argo", 'qos = "Best"', "^^^ FC805", "one of Guaranteed, Burstable"
    ),
    "a target's number out of its range": _in(
        "tool.flowc.step-functions", "spot_attempts = 99", "^^^^^^^^^^^^^ FC805", "a number from 1 to 10, not 99"
    ),
    "a value of a flow on a target in an environment": _in(
        "tool.flowc.env.prod.flow.TrainFlow.airflow", "max_active_runs = 'x'", "^^^^^^^^^^^^^^^ FC805", "a whole number"
    ),
    "an image that is none": _in("tool.flowc.images", "train = 1", "^^^^^ FC805", "[tool.flowc.images]", "the image of a step"),
    "a table that is none": _in("tool.flowc", "images = 'x'", "^^^^^^ FC805", "a table, as in [tool.flowc.images]"),
    "an environment that is no table": _in("tool.flowc", "env = 'prod'", "^^^ FC805", "as in [tool.flowc.env.prod]"),
    "a flow that is no table": _in("tool.flowc.flow", "TrainFlow = 1", "^^^^^^^^^ FC805", "as in [tool.flowc.flow.TrainFlow]"),
    "tables that are a list": Wrong(
        "[[tool.flowc]]\n       ^^^^^ FC805\nstore = 'x'\n", ("`flowc` of [tool] must be a table", "not a list of tables")
    ),
    "a question of trust in an environment": _in(
        "tool.flowc.env.prod", "import = true", "^^^^^^ FC806", "cannot stand in [tool.flowc.env.prod]", "write it in [tool.flowc]"
    ),
    "a root of a target": _in("tool.flowc.argo", "root = '.'", "^^^^ FC806", "[tool.flowc], or in [tool.flowc.env.<name>]"),
    "a Config of one flow": Wrong(
        "[tool.flowc.flow.TrainFlow.config]\n                           ^^^^^^ FC806\nc = 'c.json'\n", ("cannot stand in",)
    ),
    "an environment in an environment": Wrong("[tool.flowc.env.a.env.b]\n                  ^^^ FC806\n", ("[tool.flowc.env.a]",)),
    "a policy of one flow": Wrong(
        "[tool.flowc.flow.TrainFlow.policy]\n                           ^^^^^^ FC806\n", ("[tool.flowc.env.<name>]",)
    ),
    "a file that is not there to be extended": _in(
        "tool.flowc", 'extend = "nowhere.toml"', "^^^^^^ FC807", "there is no such file", "starts at the folder"
    ),
    "a file outside of the repository": _in("tool.flowc", 'extend = "/etc/hosts"', "^^^^^^ FC807", "outside of the repository"),
    "a circle": Wrong(
        '[tool.flowc]\nextend = "pyproject.toml"\n^^^^^^ FC807\n', ("`extend` names `pyproject.toml`: they go round in a circle",)
    ),
    "a file without the table": Wrong(
        '[tool.flowc]\nextend = "other.toml"\n^^^^^^ FC807\n', ("it has no table [tool.flowc]",), {"other.toml": "[tool.ruff]\n"}
    ),
    "a list of files": _in("tool.flowc", 'extend = ["a.toml"]', "^^^^^^ FC805", "must be a text"),
    "a path that is none": _in("tool.flowc", 'path = ["libs"]', "^^^^ FC808", "names `libs`: there is no such folder"),
    "a root that is none": _in("tool.flowc", 'root = "code"', "^^^^ FC808", "there is no such folder"),
    "a root outside of the repository": _in("tool.flowc", 'root = ".."', "^^^^ FC808", "out of the repository", "say it with --root"),
    "a Config outside of the repository": _in("tool.flowc.config", 'c = "/etc/hosts"', "^ FC808", "--config c PATH"),
    "a Config that is not there": _in("tool.flowc.config", 'c = "c.json"', "^ FC808", "it cannot be read"),
    "a Config of an environment that is not there": Wrong(
        '[tool.flowc.config]\nc = "c.json"\n[tool.flowc.env.prod.config]\nc = "d.json"\n^ FC808\n', ("names `d.json`",), {"c.json": "{}"}
    ),
    "a secret in a store": _in(
        "tool.flowc", 'store = "s3://key:s3cret@bucket/x"', "^^^^^ FC809", "store ([tool.flowc])", "let what runs find its credentials"
    ),
    "a secret in an environment's code": _in(
        "tool.flowc.env.prod.argo", 'code = "az://container/x?sig=s3cret"', "^^^^ FC809", "code ([tool.flowc.env.prod.argo])"
    ),
    "a secret in a server's address": _in(
        "tool.flowc.mlflow", 'uri = "https://me:s3cret@host"', "^^^ FC809", "uri ([tool.flowc.mlflow])", "let what runs find"
    ),
    "a decorator that is none": _in("tool.flowc", 'with = ["retri"]', "^^^^ FC812", "adds `retri`", "did you mean `retry`?"),
    "an option that a decorator has not": _in(
        "tool.flowc.flow.TrainFlow", 'with = ["retry:times=2", "retry:time=3"]', "^^^^ FC812", "has no argument `time`"
    ),
    "a Config given twice": Wrong(
        "[tool.flowc.config]\nc = 'c.json'\n[tool.flowc.config_value]\nc = 1\n^ FC810\n", ("given twice", "keep one"), {"c.json": "{}"}
    ),
    "a flow that is none": Wrong(
        "[tool.flowc.flow.TrianFlow]\n                 ^^^^^^^^^ FC811\nimage = 'x'\n", ("called `TrianFlow`", "did you mean `TrainFlow`?")
    ),
    "no TOML": Wrong("[tool.flowc]\nstore = s3\n        ^ FC802\n", ("this is no TOML: Invalid value",)),
    "TOML that ends too early": Wrong("[tool.flowc\n           ^ FC802\n", ("at the end of a table declaration",)),
    "a setting said twice": Wrong('[tool.flowc]\nimage = "a"\nimage = "b"\n           ^ FC802\n', ("Cannot overwrite a value",)),
    "a file that is a folder": Wrong("\n\n^ FC801", ("it is a folder",), {"pyproject.toml": None}),
    "all at once": Wrong(
        """[tool.flowc]
extend = "nowhere.toml"
^^^^^^ FC807
stor = "x"
^^^^ FC803
max_workers = "many"
^^^^^^^^^^^ FC805
note = '''
[tool.flowc.argo]
qqq = 1
'''
[tool.flowc.argoo]
            ^^^^^ FC804
[tool.flowc.argo]
labels = [1, {x = "[tool.flowc]"}]
^^^^^^ FC805
[tool.flowc.env."p.q"]
import = true
^^^^^^ FC806
""".replace("note = '''\n", "nope = '''\n^^^^ FC803\n"),
        ("[tool.flowc.env.\"p.q\"]", "`labels` of [tool.flowc.argo]"),
    ),
}  # fmt: skip
"""Each with the environment `prod`, where it names one, and the flow TrainFlow."""

TEXTS = tuple(case.text for case in CASES.values() if case.text.strip().startswith("["))

CURES: dict[str, tuple[tuple[str, str], ...]] = {
    "FC802": (("s3", '"s3://bucket/flows"'),),
    "FC803": (("stor ", "store "),),
    "FC804": (("argoo", "argo"),),
    "FC805": (('"4"', "4"),),
    "FC806": (("[tool.flowc.env.prod]", "[tool.flowc]"),),
    "FC807": (('extend = "nowhere.toml"', 'store = "s3://bucket/flows"'),),
    "FC808": (('["libs"]', '["."]'),),
    "FC809": (("key:s3cret@", ""),),
    "FC810": (("[tool.flowc.config]\nc = 'c.json'\n", ""),),
    "FC812": (("retri", "retry"),),
    "FC811": (("TrianFlow", "TrainFlow"),),
}
"""For each rule what to replace in its first case; a file that cannot be read has no text to put right."""


def written(case: Wrong, folder: Path) -> str:
    """The text of a case, which now lies in a folder of a repository of its own."""
    text = marked.unmark(case.text).source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".git").mkdir(exist_ok=True)
    for name, content in {"pyproject.toml": text, **case.beside}.items():
        if content is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_text(content, encoding="utf-8")
    return text


def found_in(folder: Path) -> Report:
    """What is found in the settings of a folder, by all that asks for them."""
    report = Report()
    try:
        settings = read_settings(folder)
        if (folder / "pyproject.toml").is_file() and "[tool.flowc.env.prod" in (folder / "pyproject.toml").read_text():
            settings = read_settings(folder, "prod")
        settings.import_folders()
        code_root(folder / "flow.py", settings)
        configured(settings)
        report_unknown_flows(settings, ["TrainFlow"], report)
    except FoundError as error:
        report.take(error.report)
    return report
