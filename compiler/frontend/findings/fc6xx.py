"""The rules of what no target runs, or only an import tells: gangs, decorators of the author's own, `Config`s (FC6xx, FC393)."""

from __future__ import annotations

from compiler.diagnostics import Rule

NODE_REPEATS = Rule(
    "FC631",
    "node-repeats",
    "`{name}` sends itself round again, and its tasks are the nodes of a gang",
    "loop inside the step, or repeat in a step behind it: the nodes meet once",
)
MUTATOR = Rule(
    "FC393",
    "mutator",
    "`{name}` is {kind}: it changes the flow by code, and the text alone does not tell how",
    "let flowc import the module: `--import`; or write what it adds into the flow",
)
UNHOLDABLE = Rule(
    "FC645",
    "text-that-nothing-holds",
    "`@{name}({option}=...)` holds {what}, which no environment and no manifest can hold",
    "take it out; a constant or an artifact of the flow can hold any text",
)
COMPOSES = Rule(
    "FC661",
    "composes-decorators",
    "`@{name}` puts decorators of the language on what it stands above (`{applied}`), and the text alone does not tell which",
    "let flowc import the module: `--import`; or write them above the step themselves",
)
EXTENSION_NAME = Rule(
    "FC660",
    "extension-name",
    "`metaflow` itself has no `{name}`: an extension brings it, and none works here",
    "{cure}; or, where the image brings one that does, name it in `passthrough` of [tool.flowc]",
)
WITHOUT_STEP = Rule(
    "FC664",
    "decorator-without-step",
    "`@{name}` stands above `{method}`, which is no step",
    "put `@step` between the two, or remove `@{name}`",
)
USER_STEP_DECORATOR = Rule("FC665", "user-step-decorator", "the user step decorator `{name}` {problem}", "{cure}")
IMPORT_FAILED = Rule(
    "FC663",
    "import-failed",
    "importing the module of `{flow}` failed: {problem}",
    "what it imports must be installed beside flowc; there it has no network, no environment and no input",
)
HIDES_STEP = Rule(
    "FC662",
    "hides-step",
    "`@{name}` returns something else in place of the step, which then is no step any more",
    "put `@functools.wraps(function)` above the function that it returns; in a class, call `functools.update_wrapper(self, function)`",
)
CONFIG_FILE_MISSING = Rule(
    "FC650",
    "config-file-missing",
    "there is no file `{path}` for the Config `{name}`",
    "it is looked up beside the flow, then in the code's root; name another with `--config {name} PATH`",
)
CONFIG_FILE_OUTSIDE = Rule(
    "FC658",
    "config-file-outside",
    "the Config `{name}` would read `{path}`, which lies outside the code's root `{root}`",
    "move it there, or name it where that is meant: `--config {name} PATH`",
)
CONFIG_NOT_PARSED = Rule(
    "FC651",
    "config-not-parsed",
    "{place} is not {format}: {reason}",
    "correct it, or name the parser of its format: `Config('{name}', parser='yaml.safe_load')`",
)
CONFIG_REQUIRED = Rule(
    "FC652",
    "config-required",
    "the Config `{name}` is required and has no value",
    "give it with `--config {name} PATH`, `--config-value {name} JSON` or in `[tool.flowc.config]`",
)
CONFIG_TWO_DEFAULTS = Rule(
    "FC653",
    "config-two-defaults",
    "the Config `{name}` has a `default`, which is a file, and a `default_value`",
    "keep one",
)
CONFIG_NO_KEY = Rule(
    "FC654",
    "config-no-key",
    "`{text}` asks a Config for `{key}`, which it does not have",
    "it has {there}; add the key, or write `.get('{key}')`",
)
CONFIG_NOT_MAPPING = Rule(
    "FC655",
    "config-not-mapping",
    "the Config `{name}` must hold keys, but {place} is {kind}",
    "write an object, or take the value as it is: `plain=True`",
)
CONFIG_OWN_PARSER = Rule(
    "FC656",
    "config-own-parser",
    "`{text}` goes into the output, but only `{parser}` knows what the Config `{name}` holds, and it is code of your own",
    "use a parser that flowc knows (JSON, TOML, YAML), or let the code run at compile time: `--import`",
)
CONFIG_DEFAULT_DYNAMIC = Rule(
    "FC657",
    "config-default-dynamic",
    "only running the module tells the `{option}` of the Config `{name}`: `{text}`",
    "write it out, or give the value with `--config {name} PATH`; or let flowc import the module: `--import`",
)
