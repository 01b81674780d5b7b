"""Whose modules may be imported because their repository asks for it: those of folders that the caller has named outside of any repository.

Whoever clones a repository and checks a flow of it has not asked for its code to run. `--import` asks; a repository never does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from compiler.workspace.settings import ConfigError, did_you_mean, read_toml

VARIABLE = "FLOWC_IMPORT"
"""Names trusted folders, as PATH names folders."""

KEY = "import"
"""Lists trusted folders in the user's file."""


def is_trusted(folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether a folder lies in one that the caller trusts. Raises ConfigError where the user's file cannot say it."""
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(each) for each in _trusted(environment))


def user_file(environment: Mapping[str, str]) -> Path:
    """The user's own file: `flowc/config.toml` in $XDG_CONFIG_HOME, else in `~/.config`."""
    base = environment.get("XDG_CONFIG_HOME", "")
    home = Path(base) if os.path.isabs(base) else Path(environment.get("HOME") or os.path.expanduser("~")) / ".config"
    return home / "flowc" / "config.toml"


def _trusted(environment: Mapping[str, str]) -> list[Path]:
    named = environment.get(VARIABLE, "").split(os.pathsep)
    file = user_file(environment)
    listed = _listed(file) if os.path.lexists(file) else []
    return [_real(each, VARIABLE) for each in named if each] + [_real(each, str(file)) for each in listed]


def _real(text: str, where: str) -> Path:
    """A folder by its whole path: what is relative would be another one in each repository. Raises ConfigError."""
    path = os.path.expanduser(text)
    if not os.path.isabs(path):
        raise ConfigError(
            f"{where}: `{text}` must be the whole path of a folder whose code may be imported, or begin with ~"
        )
    return Path(os.path.realpath(path))


def _listed(file: Path) -> list[str]:
    """What the user's file names. Raises ConfigError, also where others may write to it."""
    try:
        found = file.stat()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    if found.st_uid not in (0, os.getuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{file} is somebody else's, or others may write to it: `chown` it, and `chmod go-w` it")
    table = read_toml(file)
    for key in table:
        if key != KEY:
            raise ConfigError(f"{file} has no setting `{key}`{did_you_mean(key, (KEY,))}")
    folders = table.get(KEY, [])
    if not isinstance(folders, list) or not all(isinstance(each, str) for each in folders):
        raise ConfigError(f'{file}: {KEY} must be a list of folders: import = ["~/work/flows"]')
    return folders
