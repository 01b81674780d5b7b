"""The rules of values and options, FC5xx: decorators, parameters, files that a flow includes."""

from __future__ import annotations

from compiler.diagnostics import Rule

BY_IMPORT = "; or let flowc import the module: `--import`"
"""What the cure of a rule adds where importing the module would tell."""

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
CREDENTIAL = Rule(
    "FC570",
    "looks-like-a-credential",
    "{what} `{name}` looks like a credential, and the output shows it to everybody who reads it",
    "name a secret, `@secrets(sources=[...])`, or read the variable from `os.environ` in the step",
    "warning",
    quoted=False,
)
UNDEFINED_NAME = Rule(
    "FC572",
    "undefined-name",
    "nothing has defined `{name}` when this line runs: importing the module fails",
    "{cure}",
    fix="imports a name of the language",
)
TAKEN_NAME = Rule(
    "FC573",
    "taken-name",
    "`{name}` is {what} by now: this line fails when the module is imported",
    "give what the earlier line binds another name than `{name}`",
)
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
FILE_MISSING = Rule(
    "FC551",
    "include-file-missing",
    "there is no file `{path}`",
    "a default is looked up beside the flow, then in the code's root; correct the path, or give the file when the run starts",
    severity="warning",
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
APPLIED_BY_CALL = Rule(
    "FC580",
    "decorator-by-call",
    "`{text}` puts `{name}` on by a call, and the text alone does not tell on what",
    "write `@{name}` above the step or the flow" + BY_IMPORT,
)
IMPORT_TOLD = Rule(
    "FC582",
    "import-told",
    "importing the module tells what the text does not: `{name}` has {what}",
    "to have it without the import, write it above the step or the flow itself",
    severity="note",
    is_answer=True,
)
APPLIED_UNSEEN = Rule(
    "FC581",
    "decorator-unseen",
    "`{text}` puts `{name}` on where neither the text of the flow nor a target sees it",
    "write `@{name}` above the step or the flow; what stands below `if __name__ == '__main__'` runs in no task",
)
TWO_PLACES = Rule(
    "FC586",
    "kubernetes-and-batch",
    "`{step}` has `@kubernetes` and `@batch`: Metaflow runs no such step; here each target takes its own, and the larger sizes",
    "keep the one of the target that runs it, and say sizes for both with `@resources`",
    severity="warning",
)
PARAMETER_INSIDE = Rule(
    "FC585",
    "parameter-in-method",
    "`{name}` makes a `{kind}` when it runs, which nobody can give a value then",
    "declare it in the class, beside the steps: `x = {kind}('x')`; steps read `self.x`",
    severity="warning",
)
