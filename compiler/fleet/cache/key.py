"""What a result depends on that is known before anything of its flow is read: flowc itself, the call, the settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from compiler.call.sources import FlowName, Surroundings
from compiler.reading import SOURCE, digest_of, read_file
from compiler.slotted_class import fresh, mutable
from compiler.workspace.settings import Settings

_FORMAT = 1
_ENDS = (".py", ".json", ".template", ".txt")
"""The files that decide what flowc does."""


@mutable
class Keys:
    """The keys of the flows of one call. `words` are what the call asks for, beside the flows and what goes with each."""

    surroundings: Surroundings
    words: tuple[object, ...]
    _same: str | None = None
    _settings: dict[int, tuple[Settings, str]] = fresh(default_factory=dict)

    def of(self, name: FlowName) -> str:
        """The key of a flow file. Raises what reading its settings raises."""
        if self._same is None:
            self._same = digest_of(repr((_FORMAT, *own_facts(), os.getcwd(), *self.words)).encode())
        reading, settings = self.surroundings.reading(name.path), self.surroundings.settings(name.path)
        asked = (
            os.fspath(name.path),
            name.name,
            os.fspath(self.surroundings.root(name.path)),
            reading.passthrough,
            sorted(reading.configs.items()),
            reading.added,
            [os.fspath(each) for each in reading.folders],
            reading.passes_over,
            sorted(reading.added_to.items()),
        )
        return digest_of(f"{self._same} {self._told(settings)} {asked!r}".encode("utf-8", "backslashreplace"))

    def _told(self, settings: Settings) -> str:
        """The digest of settings: of all that their files say, wherever one says it."""
        known = self._settings.get(id(settings))
        if known is None or known[0] is not settings:
            policy = [
                (
                    key,
                    each.value,
                    each.layer,
                    each.keys,
                    each.source and (os.fspath(each.source.path), each.source.text),
                )
                for key, each in settings.policy_settings.items()
            ]
            files = [(os.fspath(file.path), file.text) for file in settings.files]
            told = (settings.folder, files, settings.env, settings.flow, policy, settings.declared)
            known = self._settings[id(settings)] = settings, digest_of(repr(told).encode("utf-8", "backslashreplace"))
        return known[1]


def own_facts() -> tuple[str, ...]:
    """What flowc and this Python are: another one may find something else."""
    encoding = f"{sys.getfilesystemencoding()} {sys.flags.utf8_mode}"
    others = (*map(_others_digest, _OTHERS), os.environ.get("PYTHONTZPATH", ""))
    return (_own_digest(), *others, sys.version, sys.implementation.name, sys.platform, encoding)


def _own_digest() -> str:
    """The digest of the code of flowc, its version included: the runtime's, which says it, belongs to that."""
    lines = [f"{digest_of(read_file(path, SOURCE))} {name}" for name, path in sorted(_own_files())]
    return digest_of("\n".join(lines).encode())


_OTHERS = ("yaml", "tzdata")
"""What reads YAML for a `Config`, and the zones of schedules where the machine has none."""


def _others_digest(package: str) -> str:
    """The digest of the first file of a package, which holds its version. Empty where it is not installed."""
    found = find_spec(package)
    return digest_of(read_file(found.origin, SOURCE)) if found and found.origin else ""


def _own_files() -> Iterator[tuple[str, Path]]:
    for package in ("compiler", "flowc"):
        found = find_spec(package)
        for place in (found.submodule_search_locations or ()) if found else ():
            for folder, folders, files in os.walk(place):
                folders[:] = [each for each in folders if each != "__pycache__"]
                for name in files:
                    if name.endswith(_ENDS):
                        path = Path(folder, name)
                        yield f"{package}/{path.relative_to(place).as_posix()}", path
