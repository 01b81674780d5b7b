"""Settings: the command line over `[tool.flowc.<target>]` over `[tool.flowc]` of the nearest pyproject.toml, never the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from compiler.backends import Backend, Options
from compiler.documents import NotParsed, parse_toml
from compiler.ir.flow import Value
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file
from compiler.slotted_class import fresh, record
from compiler.workspace.layout import declared_folders

COMMAND_LINE = "command line"
DEFAULT = "default"

SHARED = {
    "image": "the container image of every step without one of its own",
    "registry": "put before the image's default name, <flow>:<code digest>",
    "store": "URL of the artifact store: file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
    "code": "URL of the code archive that the steps fetch; without it the image holds the code",
    "namespace": "where the target deploys: a Kubernetes namespace",
    "name": "the deployment's name, instead of the flow's",
    "max_workers": "how many tasks of a run may run at once",
    "branch": "the branch of a flow with @project",
    "production": "whether the branch of a flow with @project is its production",
    "same_code": "whether a task fails rather than go on from what other code of the flow has left",
}
"""Settings that every target takes, in `[tool.flowc]` and in each target's own table, with a line of help each."""

PROJECT = {
    "root": "the folder that goes into the code archive, relative to pyproject.toml",
    "package": "what a flow's package holds: `root` is all of the root, `imports` what it imports even where a name is computed",
    "include": "more files of every flow's package, as globs relative to pyproject.toml",
    "packages": "what `flowc image` installs with pip, instead of requirements.txt",
    "python": "the Python version of `flowc image`",
    "import": "whether the modules of flows are imported for what their text does not tell",
    "with": "decorators that every step gets: `retry:times=2`",
    "passthrough": "names of `metaflow` that the image has, of extensions",
    "path": "more folders where imports are looked for, relative to pyproject.toml",
}
"""Settings of `[tool.flowc]` alone."""

IMAGES = "images"
"""The table of the images of single steps, by step: `[tool.flowc.images]`."""

CONFIGS = ("config", "config_value")
"""Tables by the name of a flow's `Config`: the path of its file, relative to pyproject.toml, and its value."""

LOCAL = "run"
"""The table of `flowc run`, `runs` and `inspect`: `[tool.flowc.run]`."""

RUN = {"start_method": "how the process of a task starts: `fork` or `spawn`"}
"""Settings of the local run alone."""

PACKAGES = ("root", "imports")
"""Values of `package`."""

START_METHODS = ("fork", "spawn")
_URLS = ("store", "code")

_KINDS: Mapping[str, tuple[type, ...]] = {
    "max_workers": (int,),
    "production": (bool,),
    "same_code": (bool,),
    "import": (bool,),
    "packages": (list,),
    "include": (list,),
    "passthrough": (list,),
    "path": (list,),
    "with": (list,),
}


class ConfigError(CallError):
    """A setting that does not exist or has the wrong kind; the message names file, table and key."""


@record
class Setting:
    """One value and where it came from: the command line, a table of a file, or nowhere (`default`)."""

    key: str
    value: Value
    origin: str


@record
class Settings:
    """The tables of one pyproject.toml; `folder` is where relative paths in it start (None without a file)."""

    folder: Path | None = None
    shared: Mapping[str, Value] = fresh(default_factory=dict)
    targets: Mapping[str, Mapping[str, Value]] = fresh(default_factory=dict)
    images: Mapping[str, str] = fresh(default_factory=dict)
    configs: Mapping[str, Value] = fresh(default_factory=dict)
    config_values: Mapping[str, Value] = fresh(default_factory=dict)
    declared: tuple[str, ...] = ()
    """Folders of packages that the file tells its build tool."""

    def get(self, key: str, target: str | None, given: Mapping[str, Value]) -> Setting:
        """The value of highest precedence; None with the origin `default` where nobody says.

        Raises ConfigError for the URL of an object with a secret in it, which would be written and printed.
        """
        found = self._found(key, target, given)
        if key in _URLS and isinstance(found.value, str) and (wrong := _secret(found.value)):
            raise ConfigError(f"{key} ({found.origin}): {wrong}")
        return found

    def _found(self, key: str, target: str | None, given: Mapping[str, Value]) -> Setting:
        if given.get(key) is not None:
            return Setting(key, given[key], COMMAND_LINE)
        if target and key in self.targets.get(target, {}):
            return Setting(key, self.targets[target][key], f"[tool.flowc.{target}] in {self._file}")
        if key in self.shared:
            return Setting(key, self.shared[key], f"[tool.flowc] in {self._file}")
        return Setting(key, None, DEFAULT)

    def text(self, key: str, target: str | None, given: Mapping[str, Value]) -> str | None:
        """The value of a setting that is text."""
        value = self.get(key, target, given).value
        assert value is None or isinstance(value, str), key
        return value

    def number(self, key: str, target: str | None, given: Mapping[str, Value]) -> int | None:
        """The value of a setting that is a whole number."""
        value = self.get(key, target, given).value
        assert value is None or isinstance(value, int), key
        return value

    def flag(self, key: str, target: str | None, given: Mapping[str, Value]) -> bool:
        """Whether a setting that is true or false is true; it is false where nobody says."""
        return self.get(key, target, given).value is True

    def words(self, key: str) -> tuple[str, ...]:
        """The value of a setting of `[tool.flowc]` that is a list of text; empty where nobody says."""
        value = self.shared.get(key, ())
        assert isinstance(value, tuple), key
        return tuple(str(word) for word in value)

    def import_folders(self) -> tuple[Path, ...]:
        """The folders of packages that `path` names, and those of the build tool. Raises ConfigError where one of `path` is none."""
        if self.folder is None:
            return ()
        named = self.words("path")
        for each in named:
            if not (self.folder / each).is_dir():
                raise ConfigError(f"{self._file}: [tool.flowc] path: there is no folder {self.folder / each}")
        return tuple(self.folder / each for each in (*named, *self.declared))

    @property
    def asks_for_import(self) -> bool:
        """Whether the repository asks for its modules to be imported; `workspace.trust` says whether that is enough."""
        return self.shared.get("import") is True

    @property
    def _file(self) -> Path:
        assert self.folder is not None
        return self.folder / "pyproject.toml"


def _secret(url: str) -> str:
    """Why a URL may not be a setting; empty where it may, also for what is no URL of a store."""
    if "@" not in url and "?" not in url:
        return ""
    from flowc.store import secret_in  # noqa: PLC0415 - most URLs need no look

    return secret_in(url)


def read_settings(start: Path) -> Settings:
    """The settings of the pyproject.toml nearest to a file or folder, upwards. Raises ConfigError."""
    found = nearest(start, "pyproject.toml")
    if found is None:
        return Settings()
    whole = read_toml(found)
    tools = whole.get("tool")
    table = tools.get("flowc", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{found}: [tool.flowc] must be a table")
    images = _images(table.pop(IMAGES, {}), found)
    configs, values = (_named(table.pop(key, {}), key, found) for key in CONFIGS)
    targets = {name: value for name, value in table.items() if isinstance(value, dict)}
    shared = {name: value for name, value in table.items() if name not in targets}
    _refuse_unknown(shared, (*SHARED, *PROJECT), "[tool.flowc]", found)
    _refuse_kinds(shared, "[tool.flowc]", found)
    if LOCAL in targets:
        _refuse_unknown(targets[LOCAL], (*SHARED, *RUN), f"[tool.flowc.{LOCAL}]", found)
        method = targets[LOCAL].get("start_method", START_METHODS[0])
        if method not in START_METHODS:
            raise ConfigError(
                f"{found}: [tool.flowc.{LOCAL}] start_method must be one of {', '.join(START_METHODS)}, not {method!r}"
            )
    if shared.get("package", PACKAGES[0]) not in PACKAGES:
        wanted = " or ".join(f"`{each}`" for each in PACKAGES)
        raise ConfigError(f"{found}: [tool.flowc] package must be {wanted}, not {shared['package']!r}")
    for name, each in targets.items():
        _refuse_kinds(each, f"[tool.flowc.{name}]", found)
    tables = {name: _frozen(each) for name, each in targets.items()}
    declared = declared_folders(whole, found.parent)
    return Settings(found.parent, _frozen(shared), tables, images, configs, values, declared)


def read_toml(file: Path) -> dict[str, object]:
    """The tables of a file. Raises ConfigError."""
    try:
        return parse_toml(read_file(file, TEXT).decode())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from error
    except NotParsed as error:
        place = f" (at line {error.line}, column {error.column})" if error.line else ""
        raise ConfigError(f"{file}: not TOML: {error}{place}") from error


def _images(table: object, found: Path) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise ConfigError(f'{found}: [tool.flowc.{IMAGES}] is a table of steps and images: train = "team/train:1"')
    return dict(table)


def _named(table: object, key: str, file: Path) -> dict[str, Value]:
    """A table by the names of `Config`s. Raises ConfigError."""
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [tool.flowc] {key} must be a table, as in [tool.flowc.{key}]")
    for name, value in table.items():
        if key == CONFIGS[0] and not isinstance(value, str):
            raise ConfigError(f"{file}: [tool.flowc.{key}] {name} must be the path of a file, not {value!r}")
    return _frozen(table)


def nearest(start: Path, name: str) -> Path | None:
    """The path of that name in the folder of `start`, or in the closest folder above that has it."""
    folder = start if start.is_dir() else start.parent
    for place in (folder, *folder.resolve().parents):
        if os.path.lexists(place / name) and (place == folder or not _is_everybodys(place)):
            return place / name
    return None


def _is_everybodys(folder: Path) -> bool:
    """Whether any user may put files there, as into /tmp: what lies there above a project says nothing about it."""
    return bool(folder.stat().st_mode & stat.S_IWOTH)


def repository(folder: Path) -> Path:
    """The folder of the repository that a folder lies in; the folder itself where it lies in none."""
    found = [mark.parent for name in _REPOSITORY if (mark := nearest(folder, name))]
    return max(found, key=lambda each: len(each.resolve().parts), default=folder)


_REPOSITORY = (".git", ".hg", ".jj", ".svn")


def target_options(settings: Settings, backend: Backend, given: Mapping[str, Value], default_image: str) -> Options:
    """What a backend emits by. Raises ConfigError for a key of its table that it does not know."""
    name = backend.name
    known = backend.target_options
    table = settings.targets.get(name, {})
    if settings.folder:
        _refuse_unknown(table, (*SHARED, *known), f"[tool.flowc.{name}]", settings.folder / "pyproject.toml")
    own = {key: value for key, value in table.items() if key in known}
    own |= {key: value for key, value in given.items() if key in known and value is not None}
    return Options(
        default_image=default_image,
        image=settings.text("image", name, given),
        store=settings.text("store", name, given),
        code=settings.text("code", name, given),
        namespace=settings.text("namespace", name, given),
        name=settings.text("name", name, given),
        max_workers=settings.number("max_workers", name, given),
        same_code=settings.flag("same_code", name, given),
        images=settings.images,
        target=own,
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a word close to a known one, else the list of all known ones."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; there are: {', '.join(names)}"


def _refuse_unknown(table: Mapping[str, object], known: Iterable[str], title: str, file: Path) -> None:
    names = tuple(known)
    for key in table:
        if key not in names:
            raise ConfigError(f"{file}: {title} has no setting `{key}`{did_you_mean(key, names)}")


def _refuse_kinds(table: Mapping[str, object], title: str, file: Path) -> None:
    for key, value in table.items():
        if key not in SHARED and key not in PROJECT:
            continue
        kinds = _KINDS.get(key, (str,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = {str: "text", int: "a whole number", bool: "true or false", list: "a list of text"}[kinds[0]]
            raise ConfigError(f"{file}: {title} {key} must be {wanted}, not {value!r}")


def _frozen(table: Mapping[str, object]) -> dict[str, Value]:
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
