"""The rules of what is not there yet (FC39x), of data flow (FC4xx), of values and options (FC5xx)."""

from __future__ import annotations

from compiler.diagnostics import Rule

# Not yet

MUTATOR = Rule(
    "FC393",
    "mutator",
    "`{name}` is {kind}: it changes the flow by code, and the text alone does not tell how",
    "let flowc import the module: `--import`, or `import = true` in [tool.flowc]; or write what it adds into the flow",
)
# Data flow

ASSIGNS_PARAMETER = Rule(
    "FC401",
    "assigns-parameter",
    "step `{step}` assigns the parameter `{name}`, which is read-only",
    "use another name: `self.{name}_ = ...`",
)
ASSIGNS_CONSTANT = Rule(
    "FC402",
    "assigns-constant",
    "step `{step}` assigns the class constant `{name}`, which is read-only",
    "use another name, or set it in the first step instead of in the class",
)
ASSIGNS_RESERVED = Rule(
    "FC403",
    "assigns-reserved",
    "step `{step}` assigns `self.{name}`, which the language sets itself",
    "use another name",
)
NEVER_SET = Rule(
    "FC404",
    "never-set",
    "nothing in `{flow}` sets `self.{name}`",
    "set it in this step or an earlier one: `self.{name} = ...`{hint}",
    fix="writes the one artifact or parameter that the name is a slip of, in all steps",
)
DELETE_STAYS = Rule(
    "FC405",
    "delete-does-not-last",
    "`del self.{name}` does not remove what an earlier step saved: later steps see it again",
    "set it to None, or leave it",
    "warning",
)
LOST_AT_JOIN = Rule(
    "FC407",
    "lost-at-join",
    "`self.{name}` is not there in step `{step}`: the join `{join}` starts anew and does not carry it on",
    "write {merge} in `{join}`, or set `self.{name}` there from its inputs",
    fix="lets the join carry on this name, `merge_artifacts(inputs, include=[...])`, where its branches cannot hold two values of it",
)
NOT_YET_SET = Rule(
    "FC408",
    "not-yet-set",
    "no step before `{step}` sets `self.{name}`: `{maker}` does, which is not on the way to it",
    "set it in this step or an earlier one",
)
SET_ON_SOME_WAYS = Rule(
    "FC409",
    "set-on-some-ways",
    "`self.{name}` is not set where `{switch}` goes to `{arm}`",
    "set it on that way too, or before the switch",
    "warning",
)
FOREACH_OVERWRITTEN = Rule(
    "FC410",
    "foreach-overwritten",
    "step `{step}` sets `self.{name}`, over which the foreach of `{split}` goes, in its own branch only",
    "use another name: the other branches and the join still see the list",
    "note",
)
MERGE_CONFLICT = Rule(
    "FC411",
    "merge-conflict",
    "the branches of the join `{join}` set `self.{name}` to different values, which `merge_artifacts` refuses",
    "set `self.{name}` before the merge, or leave it out: `exclude=['{name}']`",
    "warning",
)
INPUT_NEVER_SET = Rule(
    "FC412",
    "input-never-set",
    "no branch that the join `{join}` takes in sets `{name}`",
    "set it in the branch: `self.{name} = ...`{hint}",
    fix="writes the one artifact that the name is a slip of",
)
NO_SUCH_INPUT = Rule(
    "FC413",
    "no-such-input",
    "the join `{join}` has no input `{name}`",
    "its branches are {there}{hint}",
    fix="writes the one branch that the name is a slip of",
)
NEVER_READ = Rule(
    "FC414",
    "never-read",
    "no step reads `self.{name}`, which step `{step}` sets",
    "remove it, if it is not a result that somebody looks at after the run",
    "note",
)
ASSIGNS_STEP = Rule(
    "FC406",
    "assigns-step",
    "step `{step}` assigns `self.{name}`, which is a step, and goes on to it",
    "use another name: `self.next` would be given the value",
)
HIDDEN_BY_STEP = Rule(
    "FC415",
    "hidden-by-step",
    "step `{step}` assigns `self.{name}`, which is a step: later steps see the step, and only the client the value",
    "use another name",
    "warning",
)

# Decorators

DYNAMIC_VALUE = Rule(
    "FC501",
    "dynamic-value",
    "only run time knows `{text}`, but `@{name}({option}=...)` goes into the output",
    "write a literal, a constant of a module beside the flow, or an expression of those; or let flowc compute it: `--import`",
)
DYNAMIC_OPTIONS = Rule(
    "FC502",
    "dynamic-options",
    "only run time knows the options in `**{text}` of `@{name}`",
    "write them out, or give a dict that is a constant; or let flowc compute it: `--import`",
)
POSITIONAL_ARGUMENT = Rule(
    "FC503",
    "positional-argument",
    "`@{name}` takes its options by name",
    "write {want}",
    fix="writes the name of the option, for decorators of which one argument can only mean one",
)
UNKNOWN_OPTION = Rule(
    "FC504",
    "unknown-option",
    "`@{name}` has no option `{option}`",
    "check the name{hint}",
    fix="writes the one option that a misspelt one can mean",
)
UNKNOWN_DECORATOR = Rule(
    "FC505",
    "unknown-decorator",
    "the flow language has no decorator `@{name}`",
    "check the name{hint}",
    fix="writes the one decorator that a misspelt one can mean, in the import too",
)
UNDEFINED_DECORATOR = Rule(
    "FC506",
    "undefined-decorator",
    "`{name}` is not defined in this file",
    "{hint}",
    fix="imports a decorator of the language; writes the one that a misspelt one can mean",
)
EXTENSION_DECORATOR = Rule(
    "FC507",
    "extension-decorator",
    "`@{name}` belongs to an extension or is internal: it does not work here",
    "{cure}; or, where the image brings one that does, name it in `passthrough` of [tool.flowc]",
)
MISPLACED_DECORATOR = Rule(
    "FC508", "misplaced-decorator", "`@{name}` is a {kind} decorator", "put it above the {place}"
)
DUPLICATE_DECORATOR = Rule(
    "FC509",
    "duplicate-decorator",
    "`@{name}` stands here twice",
    "keep one",
    fix="removes the second, where both say the same",
)
WRONG_TYPE = Rule(
    "FC510",
    "wrong-type",
    "`@{name}({option}=...)` must be {want}, not {found}",
    "{cure}",
)
OUT_OF_RANGE = Rule("FC511", "out-of-range", "`@{name}({option}=...)` must be {want}, not {found}", "{cure}")
CATCH_ON_SPLIT = Rule(
    "FC512",
    "catch-on-split",
    "`@catch` cannot stand on `{step}`: after a failure nobody knows {what}",
    "move what may fail to a step of its own, before this one",
)
WITHOUT_COMPANION = Rule(
    "FC515",
    "option-without-its-companion",
    "`@{name}({option}=...)` says nothing without {missing}",
    "give {missing}, too",
)
NO_DURATION = Rule("FC513", "no-duration", "`@timeout` gives no time", "write `@timeout(minutes=5)`")
CATCH_NAME = Rule(
    "FC514", "catch-name", "`@catch(var=...)` must name an artifact, not {found}", "write a name: `var='problem'`"
)
BAD_CRON = Rule(
    "FC520",
    "bad-cron",
    "`{text}` is no cron expression: {reason}",
    "give five fields: minute hour day month weekday, as in `0 6 * * 1-5`",
)
BAD_ZONE = Rule(
    "FC521",
    "unknown-time-zone",
    "there is no time zone `{zone}`",
    "give a name of the tz database, as in `Europe/Berlin`{hint}",
)
TWO_SCHEDULES = Rule("FC522", "two-schedules", "`{first}` and `{second}` say two different times", "keep one")
NO_SCHEDULE = Rule(
    "FC523",
    "no-schedule",
    "`@schedule` says no time",
    "write `daily=True`, `hourly=True`, `weekly=True` or `cron='0 6 * * *'`",
)
PROJECT_NAME = Rule(
    "FC524", "project-name", "`{text}` is no {what} of a project", "use small letters, digits and `_`{more}"
)
PROJECT_WITHOUT_NAME = Rule(
    "FC525", "project-without-name", "`@project` has no name", "write `@project(name='my_project')`"
)
SECRET_LITERAL = Rule(
    "FC526",
    "secret-literal",
    "`@secrets` names sources; a value would stand in the output",
    "give the name of a secret: `sources=['my-secret']`",
)
HOOK_NOT_FUNCTION = Rule(
    "FC529",
    "hook-not-function",
    "`{text}` is no function that `@exit_hook` could call when the run has ended",
    "give functions of this module: `on_error=[notify]`{hint}",
    fix="writes the one function of the module that the name is a slip of",
)
NO_HOOK = Rule("FC530", "no-hook", "`@exit_hook` calls nothing", "write `on_success=[notify]` or `on_error=[notify]`")
NO_TRIGGER = Rule(
    "FC531", "no-trigger", "`@{name}` says nothing that would start the flow", "write `@{name}({one}=...)`"
)
TWO_TRIGGERS = Rule(
    "FC532",
    "two-triggers",
    "`{first}` and `{second}` both say what starts the flow",
    "give all that must come in `{cure}`",
)
TRIGGER_FORM = Rule("FC533", "trigger-form", "{text} is no {what} of `@{name}`", "{cure}")
TRIGGER_REPEATED = Rule("FC534", "trigger-repeated", "{what} `{text}` stands here twice", "keep one")
TRIGGER_PARAMETER = Rule(
    "FC535",
    "trigger-parameter",
    "the flow has no parameter `{text}` that an event could fill",
    "map a parameter's name to a field of the event{hint}",
)
REQUIRED_TRIGGERED = Rule(
    "FC536",
    "required-with-trigger",
    "the parameter `{name}` is required, but what starts the flow gives it no value",
    "give it a default, or fill it from the event: `parameters={{'{name}': 'field'}}`",
)
SECRET_SOURCE = Rule(
    "FC537",
    "secret-source",
    "{text} names no secret that flowc can hand to a step",
    "write the name of a secret of the target, `kubernetes.NAME` or `aws-secrets-manager.NAME`{hint}",
)
PACKAGE_VERSION = Rule("FC538", "package-version", "{text} is no {what} of `@{name}`", "{cure}")
UNHOLDABLE = Rule(
    "FC645",
    "text-that-nothing-holds",
    "`@{name}({option}=...)` holds {what}, which no environment and no manifest can hold",
    "take it out; a constant or an artifact of the flow can hold any text",
)
LABEL = Rule(
    "FC539",
    "kubernetes-label",
    "`{text}` is no {what} of a label",
    "use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; a key may begin with `example.com/`",
)
VARIABLE_NAME = Rule(
    "FC527",
    "variable-name",
    "`{text}` is no name for an environment variable",
    "use letters, digits and `_`, not beginning with a digit",
)
ENVIRON_AT_IMPORT = Rule(
    "FC528",
    "environ-at-import",
    "`{text}` is read when the module is imported: every container that lacks it fails",
    "write `os.environ.get(...)`, or read it in the step that needs it",
    "warning",
)

# Decorators of the author's own

COMPOSES = Rule(
    "FC661",
    "composes-decorators",
    "`@{name}` puts decorators of the language on what it stands above (`{applied}`), and the text alone does not tell which",
    "let flowc import the module: `--import`, or `import = true` in [tool.flowc]; or write them above the step themselves",
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

CREDENTIAL = Rule(
    "FC570",
    "looks-like-a-credential",
    "{what} `{name}` looks like a credential, and the output shows it to everybody who reads it",
    "name a secret, `@secrets(sources=[...])`, or read the variable from `os.environ` in the step",
    "warning",
    quoted=False,
)
NO_REFRESH = Rule(
    "FC571",
    "card-refresh",
    "`refresh_interval` shows nothing earlier: the page of a card is made when its task ends",
    "remove it; what `current.card` holds then stands on the page",
    "warning",
)

# Parameters

PARAMETER_NAME = Rule(
    "FC540",
    "parameter-name",
    "`{name}` is no name for a parameter",
    "use letters, digits, `_` and `-`, and begin with a letter",
)
PARAMETER_NAME_DYNAMIC = Rule(
    "FC541",
    "parameter-name-dynamic",
    "the parameter has no name that the text tells",
    "give it as text: `{kind}('{attribute}')`",
)
HIDDEN_PARAMETER = Rule(
    "FC555",
    "hidden-parameter",
    "`{name}` may hold `{kind}(...)`, which the text of the class does not declare",
    "write `{name} = {kind}(...)` in the class body, outside of any block{cure}",
)
BY_IMPORT = "; or let flowc import the module: `--import`, or `import = true` in [tool.flowc]"
"""The other cure, where importing tells all."""
PARAMETER_RESERVED = Rule(
    "FC542",
    "reserved-parameter",
    "a parameter cannot be called `{name}`: the word has a meaning of its own",
    "give it another name",
)
PARAMETER_TWICE = Rule(
    "FC543",
    "duplicate-parameter",
    "the parameter `{name}` is there twice (letters' case does not count)",
    "rename one of the two",
)
PARAMETER_OPTION = Rule(
    "FC544",
    "parameter-option",
    "`{kind}` has no option `{option}`",
    "check the name{hint}",
    fix="writes the one option that a misspelt one can mean",
)
PARAMETER_TYPE = Rule(
    "FC545", "parameter-type", "`{text}` is no type for a parameter", "use `str`, `int`, `float`, `bool` or `JSONType`"
)
DEFAULT_TYPE = Rule("FC546", "default-type", "the default {found} of `{name}` is not of its type `{type}`", "{cure}")
DEFAULT_CHOICE = Rule(
    "FC547", "default-choice", "the default {found} of `{name}` is none of its choices", "choose one of {choices}"
)
SEPARATOR_TYPE = Rule(
    "FC548", "separator-type", "`separator` of `{name}` wants the type `str`, not `{type}`", "remove one of the two"
)
REQUIRED_SCHEDULED = Rule(
    "FC549",
    "required-with-schedule",
    "the parameter `{name}` is required, but a schedule gives no values",
    "give it a default, or remove `@schedule`",
)
PARAMETER_VALUE = Rule("FC550", "parameter-value", "`{option}` of `{name}` must be {want}", "write it out as a literal")

# Files

FILE_MISSING = Rule(
    "FC551",
    "include-file-missing",
    "there is no file `{path}`",
    "a default is looked up beside the flow, then in the code's root; correct the path, or give the file when the run starts",
)
FILE_OUTSIDE = Rule(
    "FC552",
    "include-file-outside",
    "`{path}` lies outside the code's root `{root}`: it would not travel with the code",
    "move it there, or name a folder above both with `--root` or `[tool.flowc] root`",
)
FILE_NOT_TEXT = Rule(
    "FC553",
    "include-file-not-text",
    "`{path}` cannot be read as text: {reason}",
    "name its encoding: `encoding='latin-1'`, or take its bytes: `is_text=False`",
)
FILE_ENCODING = Rule(
    "FC554", "include-file-encoding", "`{encoding}` of `{name}` is no encoding", "use one of Python's, as in `utf-8`"
)

# Config

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
    "`{place}` is not {format}: {reason}",
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
    "write it out, or give the value with `--config {name} PATH`",
)
