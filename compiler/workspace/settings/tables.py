"""A settings file as layers: which tables and keys it may have, where, and of which kind; each mistake is a finding at its key.

One walk knows the grammar. `[tool.flowc]` holds settings, tables by target, `env` and `flow`; `env.<name>` holds all of these but `env`;
`flow.<Name>` holds settings and tables by target.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from compiler.backends import Backend
from compiler.backends.targets import BUILT_IN, brought_targets, load_backend, missing
from compiler.diagnostics import Report, Rule
from compiler.ir.flow import Value
from compiler.slotted_class import record
from compiler.workspace.settings import rules
from compiler.workspace.settings.files import TOOL, SettingsFile
from compiler.workspace.settings.keys import (
    CONFIGS,
    CONNECTION,
    ENVIRONMENTS,
    EXTEND,
    FLOWS,
    IMAGES,
    LOCAL,
    MLFLOW,
    NAMED,
    OF_FLOW,
    OF_WORKSPACE,
    POLICY,
    PROJECT,
    RUN,
    SHARED,
    TRACKING,
    URLS,
    is_text,
    wants,
)
from compiler.workspace.settings.layers import Layer, frozen_value, title
from compiler.workspace.settings.mistakes import nearest_word, secret_of
from compiler.workspace.settings.options import shared_settings


@record
class _Kind:
    """What a kind of table may hold: settings of ours, tables of names, and other tables."""

    settings: Collection[str]
    named: Collection[str]
    tables: Collection[str]


_TOP = _Kind((*SHARED, *PROJECT, EXTEND), NAMED, (ENVIRONMENTS, FLOWS, MLFLOW, POLICY))
_ENVIRONMENT = _Kind((*SHARED, *(key for key in PROJECT if key not in OF_WORKSPACE)), NAMED, (FLOWS, MLFLOW, POLICY))
_FLOW = _Kind((*SHARED, *OF_FLOW), (IMAGES,), (MLFLOW,))
_TRACKING = _Kind(TRACKING, (), ())


def layers_of(file: SettingsFile, report: Report) -> tuple[Layer, ...]:
    """The layers of a file with a table `[tool.flowc]`, those of all environments; what is wrong is reported and left out."""
    table = file.table
    assert table is not None
    walk = _Walk(file, report)
    if isinstance(table, Mapping):
        walk.level(_TOP, (), table, Layer(file, (), {}))
    else:
        facts = {"key": TOOL[1], "table": TOOL[0], "wants": "a table, as in [tool.flowc]", "value": _written(table)}
        report.add(rules.WRONG_KIND, file.span(), **facts, cure="write its settings below [tool.flowc]")
    return tuple(walk.found)


class _Walk:
    """One walk through the tables of a file; `found` are the layers so far."""

    def __init__(self, file: SettingsFile, report: Report) -> None:
        self.file = file
        self.report = report
        self.found: list[Layer] = []

    def level(self, kind: _Kind, keys: tuple[str, ...], table: Mapping[str, object], above: Layer) -> None:
        """A table of settings that is no target's, and all that it holds."""
        values: dict[str, Value] = {}
        for key, value in table.items():
            if key in kind.settings:
                self._setting(keys, key, value, wants(key, value), values)
            elif key in kind.named:
                self._named(keys, key, value, values)
            elif key == MLFLOW:
                self._tracking(keys, value, values)
            elif key in kind.tables:
                self._inner(keys, key, value, above)
            elif key in _TOP.settings or key in _TOP.named or key in _TOP.tables:
                self._misplaced(keys, key, kind)
            elif isinstance(value, dict):
                self._target(kind, keys, key, value, above)
            else:
                self._unknown(keys, key, value, kind)
        self._twice(keys, values)
        self._put(keys, values, above)

    def _put(self, keys: tuple[str, ...], values: Mapping[str, Value], above: Layer, target: str | None = None) -> None:
        if values or target:
            self.found.append(Layer(self.file, keys, values, above.env, above.flow, target))

    def _setting(
        self, keys: tuple[str, ...], key: str, value: object, wanted: str | None, values: dict[str, Value]
    ) -> None:
        if wanted:
            self._wrong((*keys, key), wanted, value)
        elif key in URLS and isinstance(value, str) and (problem := secret_of(value, key)):
            self._add(rules.SECRET, (*keys, key), key=key, table=title(keys), problem=problem)
        elif key == "targets" and isinstance(value, list) and not all(map(_is_target, value)):
            self._targets((*keys, key), value)
        elif key == "with" and isinstance(value, list):
            values[key] = tuple(spec for spec in value if self._is_decorator(keys, spec))
        else:
            values[key] = frozen_value(value)

    def _is_decorator(self, keys: tuple[str, ...], spec: str) -> bool:
        from compiler.frontend.decorators.with_option import wrong_spec  # noqa: PLC0415 - few settings add any

        problem = wrong_spec(spec)
        if problem:
            self._add(rules.WRONG_DECORATOR, (*keys, "with"), table=title(keys), spec=spec, problem=problem)
        return not problem

    def _named(self, keys: tuple[str, ...], key: str, table: object, values: dict[str, Value]) -> None:
        """A table by names of the author's own."""
        if not isinstance(table, dict):
            self._wrong((*keys, key), f"a table, as in [{title((*keys, key))}]", table)
            return
        kept: dict[str, Value] = {}
        for name, value in table.items():
            wanted = _NAMED_WANTS.get(key)
            if wanted and not is_text(value):
                self._wrong((*keys, key, name), wanted, value)
            else:
                kept[name] = frozen_value(value)
        values[key] = kept

    def _inner(self, keys: tuple[str, ...], key: str, value: object, above: Layer) -> None:
        """`env`, `flow` or `policy`."""
        if not isinstance(value, dict):
            self._wrong((*keys, key), f"a table, as in [{title((*keys, key))}{_SAMPLE[key]}]", value)
        elif key != POLICY:
            for name, table in value.items():
                if not isinstance(table, dict):
                    self._wrong((*keys, key, name), f"a table, as in [{title((*keys, key, name))}]", table)
                elif key == ENVIRONMENTS:
                    self.level(_ENVIRONMENT, (*keys, key, name), table, Layer(self.file, (), {}, name))
                else:
                    self.level(_FLOW, (*keys, key, name), table, Layer(self.file, (), {}, above.env, name))

    def _target(self, kind: _Kind, keys: tuple[str, ...], name: str, table: Mapping[str, object], above: Layer) -> None:
        """The table of a target, or of the local run."""
        backend = None if name == LOCAL else load_backend(name)
        if name != LOCAL and (backend is None or backend.name != name):
            known = (*kind.tables, *kind.named, *BUILT_IN, *brought_targets(), LOCAL)
            near = backend.name if backend else nearest_word(name, known)
            cure = missing(name) or hint(near, known)
            self._add(rules.UNKNOWN_TABLE, (*keys, name), table=title(keys), key=name, hint=cure)
            return
        shared = tuple(SHARED) if backend is None else shared_settings(backend)
        own = RUN if backend is None else backend.target_options
        inner, values = (*keys, name), dict[str, Value]()
        for key, value in table.items():
            if key in shared or (backend is None and key in RUN):
                self._setting(inner, key, value, wants(key, value), values)
            elif key in own:
                assert backend is not None
                self._setting(inner, key, value, backend.wants(key, frozen_value(value)), values)
            elif key == MLFLOW:
                self._tracking(inner, value, values)
            elif key == CONNECTION and backend is not None:
                self._connection(inner, value, connection_options(backend), values)
            elif key in PROJECT or key in NAMED:
                self._misplaced(inner, key, _Kind(shared, (), ()))
            else:
                self._unknown(inner, key, value, _Kind((*shared, *own), (), ()))
        self._put(inner, values, above, name)

    def _connection(
        self, keys: tuple[str, ...], table: object, known: Collection[str], values: dict[str, Value]
    ) -> None:
        """How the target's engine is reached; each key is a setting of its own, `connection.<key>`."""
        keys = (*keys, CONNECTION)
        if not isinstance(table, dict):
            self._wrong(keys, f"a table, as in [{title(keys)}]", table)
            return
        for key, value in table.items():
            if key not in known:
                self._unknown(keys, key, value, _Kind(known, (), ()))
            elif isinstance(value, list) or value == "":
                self._wrong((*keys, key), "a text, a number, true or false, or a table of texts", value)
            elif problem := next(filter(None, map(secret_of, _texts(value))), None):
                self._add(rules.SECRET, (*keys, key), key=key, table=title(keys), problem=problem)
            else:
                values[f"{CONNECTION}.{key}"] = frozen_value(value)

    def _tracking(self, keys: tuple[str, ...], table: object, values: dict[str, Value]) -> None:
        """The MLflow server; each key is a setting of its own, `mlflow.<key>`."""
        keys = (*keys, MLFLOW)
        if not isinstance(table, dict):
            self._wrong(keys, f"a table, as in [{title(keys)}]", table)
            return
        for key, value in table.items():
            name = f"{MLFLOW}.{key}"
            if key not in TRACKING:
                self._unknown(keys, key, value, _TRACKING)
            elif name in URLS and isinstance(value, str) and (problem := secret_of(value, name)):
                self._add(rules.SECRET, (*keys, key), key=key, table=title(keys), problem=problem)
            elif wanted := wants(name, value):
                self._wrong((*keys, key), wanted, value)
            else:
                values[name] = frozen_value(value)

    def _twice(self, keys: tuple[str, ...], values: Mapping[str, Value]) -> None:
        """A `Config` that one layer gives a file and a value."""
        paths, literal = (values.get(key, {}) for key in CONFIGS)
        assert isinstance(paths, Mapping)
        assert isinstance(literal, Mapping)
        for name in literal:
            if name in paths:
                self._add(rules.GIVEN_TWICE, (*keys, CONFIGS[1], name), name=name, table=title(keys))

    def _wrong(self, keys: tuple[str, ...], wanted: str, value: object) -> None:
        cure = f"write {_EXAMPLES[wanted]}" if wanted in _EXAMPLES else f"write {wanted}"
        key, table = keys[-1], title(keys[:-1])
        self._add(rules.WRONG_KIND, keys, key=key, table=table, wants=wanted, value=_written(value), cure=cure)

    def _targets(self, keys: tuple[str, ...], value: list[str]) -> None:
        """The setting `targets`, where it names one that there is not."""
        known = f"a list of targets: {', '.join((*BUILT_IN, *brought_targets()))}"
        cure = next(filter(None, map(missing, value)), f"write {known}")
        key, table = keys[-1], title(keys[:-1])
        self._add(rules.WRONG_KIND, keys, key=key, table=table, wants=known, value=_written(value), cure=cure)

    def _misplaced(self, keys: tuple[str, ...], key: str, kind: _Kind) -> None:
        in_environments = key in _ENVIRONMENT.settings or key in _ENVIRONMENT.named or key in _ENVIRONMENT.tables
        more = f", or in [tool.flowc.{ENVIRONMENTS}.<name>]" if in_environments and kind is not _ENVIRONMENT else ""
        cure = f"write it in [tool.flowc]{more}"
        self._add(rules.MISPLACED, (*keys, key), key=key, table=title(keys), cure=cure)

    def _unknown(self, keys: tuple[str, ...], key: str, value: object, kind: _Kind) -> None:
        if isinstance(value, dict):
            known: Collection[str] = (*kind.tables, *kind.named) or kind.settings
        else:
            known = kind.settings
        cure = hint(nearest_word(key, known), known)
        if key in SHARED:  # where it is unknown, the table is that of a target without it
            cure = f"{keys[-1]} has no use for it: leave it out"
        self._add(rules.UNKNOWN_SETTING, (*keys, key), table=title(keys), key=key, hint=cure)

    def _add(self, rule: Rule, keys: tuple[str, ...], **facts: object) -> None:
        self.report.add(rule, self.file.span(*keys), **facts)


def connection_options(backend: Backend) -> Mapping[str, str]:
    """The keys of `[tool.flowc.<target>.connection]`, with a line of help each; none where the target is not operated."""
    found: Mapping[str, str] = getattr(backend, "connection_options", {})
    return found


def _texts(value: object) -> list[str]:
    return [each for each in (value.values() if isinstance(value, dict) else (value,)) if isinstance(each, str)]


_SAMPLE: Mapping[str, str] = {ENVIRONMENTS: ".prod", FLOWS: ".TrainFlow", POLICY: ""}
_NAMED_WANTS: Mapping[str, str] = {IMAGES: "the image of a step, as text", CONFIGS[0]: "the path of a file, as text"}
_EXAMPLES: Mapping[str, str] = {
    "a text": 'it in quotes: `"…"`',
    "a list of texts": '`["…", "…"]`',
    "true or false": "`true` or `false`, without quotes",
    "a whole number from 1": "a number without quotes",
    "a table of numbers from 1 by step": "`chunk = {square = 16}`, or `{square = {size = 16, workers = 4}}`",
    "the URL of a server": '`"https://mlflow.example.com"`, or http://',
    "`numbers` or a list of texts": '`"numbers"`, or `["loss", "accuracy"]`',
    "true, false or a list of steps": '`true`, or `["prepare", "fit"]`',
}


def hint(near: str | None, known: Iterable[str]) -> str:
    """What the help says of something unknown: the word that it is near to, else all that there are."""
    return f"did you mean `{near}`?" if near else f"there are: {', '.join(f'`{each}`' for each in sorted(known))}"


_LONGEST = 60


def _written(value: object) -> str:
    """A value as TOML has it, or what it is where that is long."""
    if isinstance(value, dict | list) and (isinstance(value, dict) or any(isinstance(each, dict) for each in value)):
        return "a table" if isinstance(value, dict) else "a list of tables"
    import json  # noqa: PLC0415 - only a mistake needs it

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and len(value) <= _LONGEST:
        return f'"{value}"' if value else "an empty one"
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST and not isinstance(value, str) else f"{text[:_LONGEST]}…"


def _is_target(name: str) -> bool:
    return name in BUILT_IN or load_backend(name) is not None
