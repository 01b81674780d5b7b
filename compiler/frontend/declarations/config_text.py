"""Texts of a `Config` that parsers known by name read: JSON, TOML, YAML, requirements."""

from __future__ import annotations

from collections.abc import Callable

from compiler.documents import NotParsed, parse_json, parse_toml, parse_yaml, shallow
from compiler.ir.flow import Value

KNOWN = {
    "json.loads": "json",
    "tomllib.loads": "toml",
    "tomli.loads": "toml",
    "toml.loads": "toml",
    "yaml.safe_load": "yaml",
    "yaml.full_load": "yaml",
    "yaml.load": "yaml",
    "yaml_parser": "yaml",
    "requirements_txt_parser": "requirements",
    "pyproject_toml_parser": "pyproject",
    "conda_environment_yml_parser": "conda",
}
"""Parsers by their whole name, those of the language by their own, and what they read."""


def parse_text(kind: str, text: str) -> Value:
    """The value of a text. Raises NotParsed, also for what JSON has no kind for: the value travels as JSON."""
    return as_value(_READERS[kind](text), "")


def as_value(found: object, path: str) -> Value:
    """A parsed value as the IR keeps values. Raises NotParsed, naming the key."""
    if found is None or isinstance(found, bool | int | float | str):
        return found
    if isinstance(found, list | tuple):
        return tuple(as_value(item, f"{path}[{place}]") for place, item in enumerate(found))
    if isinstance(found, dict):
        strange = next((key for key in found if not isinstance(key, str)), None)
        if strange is not None:
            raise NotParsed(f"the key {strange!r}{f' in `{path}`' if path else ''} is no text: put it in quotes")
        return {key: as_value(item, f"{path}.{key}".lstrip(".")) for key, item in found.items()}
    raise NotParsed(f"`{path}` is a {type(found).__name__}, which JSON does not have: write it in quotes")


def _by_runtime(name: str) -> Callable[[str], object]:
    """A parser of the language's own: what the runtime has under that name."""

    def read(text: str) -> object:
        from flowc.language import config_parsers  # noqa: PLC0415  # few flows have a Config

        try:
            return shallow(getattr(config_parsers, name)(text))
        except RecursionError as error:
            raise NotParsed("nested too deeply") from error
        except ValueError as error:
            raise NotParsed(str(error)) from error

    return read


_READERS: dict[str, Callable[[str], object]] = {
    "json": parse_json,
    "toml": parse_toml,
    "yaml": parse_yaml,
    "requirements": _by_runtime("requirements_txt_parser"),
    "pyproject": _by_runtime("pyproject_toml_parser"),
    "conda": _by_runtime("conda_environment_yml_parser"),
}
NAMES = {
    "json": "JSON",
    "toml": "TOML",
    "yaml": "YAML",
    "requirements": "a list of requirements",
    "pyproject": "a pyproject.toml",
    "conda": "a Conda environment",
}
"""What each format is called in a finding."""
