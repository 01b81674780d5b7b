"""The parsers of the language for a `Config`: YAML, and the files that name a project's packages."""

from __future__ import annotations

import re
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?:@\s*(?P<url>\S+)|\(?(?P<version>(?:[<>=!~]=?=?\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)*)\)?)\s*(?P<marker>;.*)?"
)
_CONDA = re.compile(r"([A-Za-z0-9_.-]+)(\s*[=<>!~].+)?")


def yaml_parser(text: str) -> Any:
    """A YAML document; it needs the package pyyaml."""
    try:
        yaml: Any = import_module("yaml")
    except ImportError:
        raise ValueError("reading YAML needs the package pyyaml") from None
    return yaml.safe_load(text)


def requirements_txt_parser(text: str) -> dict[str, Any]:
    """A requirements.txt as `{"packages": {name: version}, "python": version}`. Raises ValueError."""
    found = _Packages()
    for line in _lines(text):
        if line != "-e file:.":
            found.require(line)
    return found.as_dict()


def pyproject_toml_parser(text: str) -> dict[str, Any]:
    """`requires-python` and `dependencies` of a pyproject.toml, as `requirements_txt_parser` gives them. Raises ValueError."""
    try:
        toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    except ImportError:
        raise ValueError("reading TOML needs Python 3.11 or the package tomli") from None
    project = toml.loads(text).get("project", {})
    found = _Packages()
    if project.get("requires-python") is not None:
        found.python = project["requires-python"].lstrip("=").strip()
    for line in project.get("dependencies", ()):
        found.require(line.strip())
    return found.as_dict()


def conda_environment_yml_parser(text: str) -> dict[str, Any]:
    """The dependencies of an environment.yml, as `requirements_txt_parser` gives them. Raises ValueError."""
    found = _Packages()
    inside = False
    for line in _lines(text):
        if line.lower().startswith("dependencies:"):
            inside = True
        elif inside and not line.startswith("-"):
            inside = False
        elif inside:
            match = _CONDA.fullmatch(line.lstrip("- ").strip())
            if match is None:
                raise ValueError(f"not a package of Conda's: {line!r}")
            found.add(match[1], (match[2] or "").strip().lstrip("=").strip())
    return found.as_dict()


class _Packages:
    """Packages and their versions, and Python's."""

    def __init__(self) -> None:
        self.packages: dict[str, str] = {}
        self.python: str | None = None

    def require(self, line: str) -> None:
        """Take one requirement of PEP 508 without an environment marker."""
        match = _REQUIREMENT.fullmatch(line)
        if match is None:
            raise ValueError(f"not a requirement: {line!r}")
        if match["marker"]:
            raise ValueError(f"environment markers are not supported: {line!r}")
        name = match["name"]
        if match["extras"]:
            name += f"[{','.join(sorted(extra.strip() for extra in match['extras'].split(',')))}]"
        if match["url"]:
            name += f"@{match['url']}"
        parts = [re.sub(r"\s", "", part) for part in (match["version"] or "").split(",")]
        self.add(name, ",".join(sorted(filter(None, parts))).lstrip("="))

    def add(self, name: str, version: str) -> None:
        """Take a package, or Python itself."""
        if name.lower() != "python":
            self.packages[name] = version
        elif self.python is not None and version:
            raise ValueError("Python's version is there twice")
        else:
            self.python = version or None

    def as_dict(self) -> dict[str, Any]:
        """Both, under the language's keys."""
        return {"packages": self.packages, "python": self.python}


def _lines(text: str) -> list[str]:
    """The lines without comments and blank ones."""
    lines = (re.sub(r"\s+#.*$", "", line.strip()).strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
