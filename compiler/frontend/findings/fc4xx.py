"""The rules of artifacts, FC4xx: what steps set, read and carry through joins."""

from __future__ import annotations

from compiler.diagnostics import Rule

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
    "no step before the join `{join}` sets `{name}`{where}",
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
NOT_ON_SELF = Rule(
    "FC416",
    "not-on-self",
    "there is no `self.{name}` here: it is a part of Metaflow's own engine",
    "{cure}",
)
