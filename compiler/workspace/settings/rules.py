"""FC80x: mistakes of a settings file, each at its key."""

from __future__ import annotations

from compiler.diagnostics import Rule

FILE_NOT_READ = Rule(
    "FC801",
    "settings-not-read",
    "the settings in `{path}` cannot be read: {reason}",
    "make it a file that you may read",
)
NOT_TOML = Rule("FC802", "settings-not-toml", "this is no TOML: {reason}", "correct it: https://toml.io says how")
UNKNOWN_SETTING = Rule("FC803", "unknown-setting", "[{table}] has no setting `{key}`", "{hint}")
UNKNOWN_TABLE = Rule("FC804", "unknown-settings-table", "[{table}] has no table `{key}`", "{hint}")
WRONG_KIND = Rule("FC805", "setting-of-wrong-kind", "`{key}` of [{table}] must be {wants}, not {value}", "{cure}")
MISPLACED = Rule("FC806", "misplaced-setting", "`{key}` cannot stand in [{table}]", "{cure}")
BAD_EXTEND = Rule("FC807", "extend-leads-nowhere", "`extend` names `{path}`: {problem}", "{cure}")
BAD_PATH = Rule("FC808", "setting-names-no-place", "`{key}` of [{table}] names `{path}`: {problem}", "{cure}")
SECRET = Rule(
    "FC809",
    "secret-in-settings",
    "{key} ([{table}]): {problem}",
    "let what runs find its credentials as its cloud's own tools do: variables, profiles, roles",
    quoted=False,
)
WRONG_DECORATOR = Rule(
    "FC812",
    "wrong-decorator-in-settings",
    "`with` of [{table}] adds `{spec}`: {problem}",
    "write a decorator of steps and its options, as `retry:times=2`",
)
GIVEN_TWICE = Rule(
    "FC810",
    "config-given-twice",
    "the Config `{name}` is given twice: by [{table}.config] and by [{table}.config_value]",
    "keep one",
)
UNKNOWN_FLOW = Rule(
    "FC811",
    "settings-of-no-flow",
    "no flow of the workspace is called `{name}`",
    "{hint}",
    "warning",
)
