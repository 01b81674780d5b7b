"""The settings of a workspace: `[tool.flowc]` of its pyproject.toml, and of the files that this extends.

`reading` finds the files and reads them, `tables` takes each apart by what `keys` names, `layers` says which value is the strongest: there
alone. Every value knows its file and its key; `toml_places` says where that stands. The environment is never asked.
"""

from __future__ import annotations

from compiler.workspace.settings.files import ConfigError, SettingsFile, read_toml
from compiler.workspace.settings.folders import nearest, repository
from compiler.workspace.settings.keys import CONFIGS, IMAGES, LOCAL, PROJECT, RUN, SHARED, START_METHODS
from compiler.workspace.settings.layers import COMMAND_LINE, DEFAULT, Layer, Setting, Settings, frozen_value
from compiler.workspace.settings.mistakes import SettingsError, did_you_mean
from compiler.workspace.settings.options import shared_settings, target_options, tracking
from compiler.workspace.settings.reading import read_settings

__all__ = [
    "COMMAND_LINE",
    "CONFIGS",
    "DEFAULT",
    "IMAGES",
    "LOCAL",
    "PROJECT",
    "RUN",
    "SHARED",
    "START_METHODS",
    "ConfigError",
    "Layer",
    "Setting",
    "Settings",
    "SettingsError",
    "SettingsFile",
    "did_you_mean",
    "frozen_value",
    "nearest",
    "read_settings",
    "read_toml",
    "repository",
    "shared_settings",
    "target_options",
    "tracking",
]
