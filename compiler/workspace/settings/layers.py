"""What holds: the tables of a workspace's settings, laid over each other in one order.

The command line, a flow in the environment, the flow, the environment for a target, the environment, the target, and what all share;
of two files of which one extends the other, the same table of the nearer one goes first. Nothing else decides what is stronger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from compiler.ir.flow import Span, Value
from compiler.slotted_class import fresh, record, replaced
from compiler.workspace.settings import rules
from compiler.workspace.settings.files import ConfigError, SettingsFile
from compiler.workspace.settings.keys import CONFIGS, IMAGES, URLS
from compiler.workspace.settings.mistakes import SettingsError, secret_of

COMMAND_LINE = "command line"
DEFAULT = "default"


@record
class Layer:
    """One table of a settings file, and for whom it holds; `keys` lead to it from `[tool.flowc]`."""

    file: SettingsFile
    keys: tuple[str, ...]
    values: Mapping[str, Value]
    env: str | None = None
    flow: str | None = None
    target: str | None = None

    @property
    def title(self) -> str:
        """As it stands in the file: `[tool.flowc.env.prod]`."""
        return f"[{title(self.keys)}]"


def frozen(table: Mapping[str, object]) -> dict[str, Value]:
    """A table of TOML as the IR keeps values."""
    return {key: frozen_value(value) for key, value in table.items()}


def frozen_value(value: object) -> Value:
    """A value of TOML as the IR keeps values: lists are tuples; dates are their text."""
    if isinstance(value, dict):
        return {str(key): frozen_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(frozen_value(item) for item in value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def title(keys: Iterable[str | int]) -> str:
    """The name of a table as it stands between brackets."""
    return ".".join(("tool.flowc", *(_part(str(key)) for key in keys)))


def _part(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "_").replace("_", "a").isalnum()
    return key if is_bare else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@record
class Setting:
    """One value and where it came from: a table of a file, or none: the command line, or nowhere (`default`)."""

    key: str
    value: Value
    layer: str = DEFAULT
    source: SettingsFile | None = None
    keys: tuple[str, ...] = ()
    """What leads to it from `[tool.flowc]`."""

    @property
    def file(self) -> Path | None:
        """The file that says it."""
        return self.source.path if self.source else None

    @property
    def span(self) -> Span | None:
        """The place of its key."""
        return self.source.span(*self.keys) if self.source else None

    @property
    def line(self) -> int | None:
        """The line of its key, from 1."""
        return self.span.line if self.span else None

    @property
    def origin(self) -> str:
        """Its layer, and its file where it has one."""
        return f"{self.layer} in {self.file}" if self.source else self.layer


@record
class Settings:
    """The settings of a workspace, in one environment; all layers that hold in it, the strongest first.

    `folder` is the workspace's: that of the nearest pyproject.toml with the table; None without one. `files` are that file and those that
    it extends. `declared` are the folders of packages that a pyproject.toml tells its build tool. `flow` is the flow that is asked about.
    """

    folder: Path | None = None
    layers: tuple[Layer, ...] = ()
    files: tuple[SettingsFile, ...] = ()
    env: str | None = None
    flow: str | None = None
    policy_settings: Mapping[str, Setting] = fresh(default_factory=dict)
    """`[tool.flowc.policy]`, by key."""
    declared: tuple[Path, ...] = ()

    def for_flow(self, name: str) -> Settings:
        """What holds for a flow of that name: with its own tables."""
        return replaced(self, flow=name)

    def get(self, key: str, target: str | None = None, given: Mapping[str, Value] | None = None) -> Setting:
        """The value of highest precedence; None with the layer `default` where nobody says. `given` is the command line's.

        Raises ConfigError for the URL of an object with a secret in it, which would be written and printed.
        """
        own = given.get(key) if given else None
        if own is not None:
            if key in URLS and isinstance(own, str) and (wrong := secret_of(own, key)):
                raise ConfigError(f"{key} ({COMMAND_LINE}): {wrong}")
            return Setting(key, own, COMMAND_LINE)
        layer = next((each for each in self._holding(target) if key in each.values), None)
        if layer is None:
            return Setting(key, None)
        return Setting(key, layer.values[key], layer.title, layer.file, (*layer.keys, *key.split(".")))

    def _holding(self, target: str | None) -> Iterator[Layer]:
        """The layers that hold for a target, or for none, the strongest first."""
        return (each for each in self.layers if each.flow in (None, self.flow) and each.target in (None, target))

    def text(self, key: str, target: str | None = None, given: Mapping[str, Value] | None = None) -> str | None:
        """The value of a setting that is text."""
        value = self.get(key, target, given).value
        assert value is None or isinstance(value, str), key
        return value

    def number(self, key: str, target: str | None = None, given: Mapping[str, Value] | None = None) -> int | None:
        """The value of a setting that is a whole number."""
        value = self.get(key, target, given).value
        assert value is None or isinstance(value, int), key
        return value

    def flag(self, key: str, target: str | None = None, given: Mapping[str, Value] | None = None) -> bool:
        """Whether a setting that is true or false is true; it is false where nobody says."""
        return self.get(key, target, given).value is True

    def words(self, key: str, target: str | None = None, given: Mapping[str, Value] | None = None) -> tuple[str, ...]:
        """The value of a setting that is a list of text; empty where nobody says."""
        value = self.get(key, target, given).value
        assert value is None or isinstance(value, tuple), key
        return tuple(str(word) for word in value or ())

    def named(self, *tables: str) -> dict[str, Setting]:
        """The settings of tables by the author's names (`images`), each by its name, from the strongest layer that has the name."""
        found: dict[str, Setting] = {}
        for layer in reversed([*self._holding(None)]):
            for key in tables:
                table = layer.values.get(key, {})
                assert isinstance(table, Mapping), key
                above = (*layer.keys, key)
                for name, value in table.items():
                    found[name] = Setting(f"{key}.{name}", value, f"[{title(above)}]", layer.file, (*above, name))
        return found

    @property
    def images(self) -> dict[str, str]:
        """The images of single steps, by step."""
        return {name: str(setting.value) for name, setting in self.named(IMAGES).items()}

    @property
    def configs(self) -> dict[str, Setting]:
        """What the settings give to `Config`s, by their names: `config.<name>` is a file's path, `config_value.<name>` a value."""
        return self.named(*CONFIGS)

    def is_for(self, target: str) -> bool:
        """Whether a flow of the workspace is compiled for a target."""
        meant = self.words("targets")
        return not meant or target in meant

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that have tables of their own, each once."""
        return tuple(dict.fromkeys(layer.target for layer in reversed(self.layers) if layer.target))

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows that have tables of their own, each once."""
        return tuple(dict.fromkeys(layer.flow for layer in reversed(self.layers) if layer.flow))

    @property
    def policy(self) -> dict[str, Value]:
        """What the workspace asks of its flows, by key; empty where it asks for nothing."""
        return {key: setting.value for key, setting in self.policy_settings.items()}

    def line_of(self, *keys: str) -> Span:
        """The place of a key of `[tool.flowc]` by the tables that lead to it, in the nearest file that has it.

        As `line_of("policy", "required")`. Where no file has it: the place of what leads there. The settings must have a file.
        """
        return self.file_of(*keys).span(*keys)

    def file_of(self, *keys: str) -> SettingsFile:
        """The nearest file that has a key of `[tool.flowc]`; the first one where none has."""
        return next((file for file in self.files if file.has(*keys)), self.files[0])

    def import_folders(self) -> tuple[Path, ...]:
        """The folders of packages that `path` names, and those of the build tool. Raises SettingsError where one of `path` is none."""
        setting = self.get("path")
        folders: list[Path] = []
        for each in self.words("path"):
            assert setting.source is not None
            folder = setting.source.folder / each
            if not folder.is_dir():
                problem, cure = (
                    "there is no such folder",
                    "make it, or take it out; it starts at the folder of its file",
                )
                raise SettingsError.at(setting, rules.BAD_PATH, path=each, problem=problem, cure=cure)
            folders.append(folder)
        return (*folders, *self.declared)

    @property
    def asks_for_import(self) -> bool:
        """Whether the repository asks for its modules to be imported; `workspace.trust` says whether that is enough."""
        return self.flag("import")


def ordered(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Layers, the nearer file first, in the order in which they hold: the strongest first."""
    return tuple(sorted(layers, key=lambda each: (each.flow is None, each.env is None, each.target is None)))
