"""The rules of a flow's shape, FC2xx: its steps, their transitions, splits and joins."""

from __future__ import annotations

from compiler.diagnostics import Rule

STEP_NAME = Rule(
    "FC210",
    "step-name",
    "`{name}` is no name for a step: {reason}",
    "use small letters, digits and `_`, and begin with a letter or digit",
)
STEP_RESERVED = Rule(
    "FC211",
    "reserved-step-name",
    "a step cannot be called `{name}`: `self.{name}` has a meaning of its own",
    "give the step another name",
)
STEP_ARGUMENTS = Rule(
    "FC212",
    "step-arguments",
    "step `{name}` takes {found}, but a step takes `self`, and a join takes `self, inputs`",
    "write `def {name}(self):`, or `def {name}(self, inputs):` for a join",
    fix="writes `(self)` where a step takes nothing",
)
STEP_ASYNC = Rule(
    "FC213",
    "async-step",
    "step `{name}` is a coroutine, which nothing would await",
    "write `def`, and run the loop inside the step",
    fix="writes `def`, where the step awaits nothing",
)
DUPLICATE_NAME = Rule(
    "FC214",
    "duplicate-name",
    "`{name}` is defined twice in `{flow}`; Python keeps only the last",
    "rename or remove one of the two",
)
CONDITIONAL_STEP = Rule(
    "FC215",
    "conditional-step",
    "step `{name}` is defined inside `{block}`, so only run time knows whether it exists",
    "define the step directly in the class",
)
BELOW_STEP = Rule(
    "FC216",
    "decorator-below-step",
    "`@{decorator}` stands below `@step`, which does not find the step's function behind it",
    "move it above `@step`, or let it return a function under `@functools.wraps(function)`{more}",
    fix="moves it above `@step`",
)
MISSING_START = Rule(
    "FC217",
    "missing-start",
    "`{flow}` has no first step",
    "name a step `start`, or mark one with `@step(start=True)`{hint}",
    fix="writes `start` for the one step whose name is a slip of it and that nothing else names",
)
MISSING_END = Rule(
    "FC218",
    "missing-end",
    "`{flow}` has no last step",
    "name a step `end`, or mark one with `@step(end=True)`{hint}",
)
SECOND_START = Rule(
    "FC219",
    "second-start",
    "`{name}` is a second first step of `{flow}`",
    "keep one: `{other}` is already the first step",
)
SECOND_END = Rule(
    "FC220", "second-end", "`{name}` is a second last step of `{flow}`", "keep one: `{other}` is already the last step"
)
STEP_OPTION = Rule(
    "FC221",
    "step-option",
    "`@step` does not take this: {found}",
    "write `@step`, `@step(start=True)` or `@step(end=True)`",
    fix="writes `start` or `end` for a misspelt one",
)
NO_TRANSITION = Rule(
    "FC230",
    "no-transition",
    "step `{name}` does not say which step follows",
    "end it with `self.next(self.<step>)`{hint}",
    fix="goes to the one step that no other leads to, where this is the one step that goes nowhere",
)
NEXT_NOT_LAST = Rule(
    "FC231",
    "next-not-last",
    "`self.next(...)` is not the last statement of step `{name}`",
    "move it to the end of the step, outside of any `if` or loop; to choose a step use `self.next({{key: self.a, ...}}, condition='v')`",
    fix="moves it to the end, where it is the one transition and stands in no block",
)
NEXT_NOT_PLAIN = Rule(
    "FC232",
    "next-not-plain",
    "`self.next(...)` is part of another statement",
    "write it as a statement of its own, the last one of the step",
    fix="takes `return` away in front of it, and puts it behind where more follows",
)
NEXT_IN_BLOCK = Rule(
    "FC233",
    "next-in-block",
    "`self.next(...)` stands inside `{block}`",
    "move it behind the block, to the end of the step",
)
NEXT_WITHOUT_RETURN = Rule(
    "FC234",
    "next-without-return",
    "an early `self.next(...)` is not followed by `return`",
    "write `return` behind it, or remove it",
    fix="writes `return` behind it, where it ends its block",
)
NEXT_DIFFERS = Rule(
    "FC235",
    "next-differs",
    "step `{name}` has two different transitions",
    "let each `self.next(...)` of a step say the same; to choose between steps use `self.next({{key: self.a, ...}}, condition='v')`",
)
END_WITH_TRANSITION = Rule(
    "FC236",
    "end-with-transition",
    "`{name}` is the last step, but it goes on",
    "remove `self.next(...)`, or let another step be the last",
)
NEXT_WITHOUT_TARGET = Rule(
    "FC237", "next-without-target", "`self.next()` names no step", "write `self.next(self.<step>)`"
)
NEXT_STAR = Rule(
    "FC238",
    "star-argument",
    "`{text}` hides which steps follow",
    "write each step out: `self.next(self.a, self.b)`",
    fix="writes out the elements of a list that is written there",
)
NEXT_OPTION = Rule(
    "FC239",
    "next-option",
    "`self.next` does not take `{name}`",
    "it takes `foreach`, `num_parallel` or `condition`{hint}",
    fix="writes the one option that a misspelt one can mean",
)
NEXT_OPTIONS = Rule(
    "FC240", "next-options", "`{first}` and `{second}` do not go together", "split in two steps, one for each"
)
TARGET_NOT_STEP = Rule(
    "FC241",
    "target-not-a-step",
    "`{text}` is not a step of this flow",
    "name the steps as `self.<step>`",
    fix="writes `self.` for the name of a step as text, as plain name or of the flow's class",
)
UNKNOWN_TARGET = Rule(
    "FC242",
    "unknown-target",
    "`{flow}` has no step `{name}`",
    "{hint}",
    fix="writes the one step that the name is a slip of",
)
STEP_WITHOUT_DECORATOR = Rule(
    "FC271",
    "step-without-decorator",
    "`{name}` is no step of `{flow}`, since there is no `@step` above it",
    "write `@step` above `def {name}`",
    fix="writes `@step` above the method, below the decorators that it has, and imports it",
)
TRANSITION_WITHOUT_STEP = Rule(
    "FC272",
    "transition-without-step",
    "`{name}` says which step follows, but is no step itself",
    "write `@step` above it and let a step go on to it, or remove it",
    severity="warning",
)
SAME_TARGET = Rule(
    "FC243",
    "same-target-twice",
    "the split goes to `{name}` twice",
    "name each step once; for several tasks of one step use `foreach`",
)
FOREACH_TARGETS = Rule(
    "FC244", "foreach-targets", "a {kind} goes to one step, not to {count}", "let it go to one step, and split there"
)
FOREACH_NAME = Rule(
    "FC245",
    "foreach-name",
    "`{option}` does not name an artifact: `{text}`",
    "give the artifact's name as text: `{option}='items'` for `self.items`",
    fix='writes `"items"` for `self.items`',
)
SWITCH_WITHOUT_CONDITION = Rule(
    "FC246",
    "switch-without-condition",
    "the switch does not say which value it looks at",
    "add `condition='v'` for `self.v`",
)
CONDITION_WITHOUT_SWITCH = Rule(
    "FC247",
    "condition-without-switch",
    "`condition` wants one dict of cases",
    "write `self.next({{'a': self.a, 'b': self.b}}, condition='v')`",
)
SWITCH_KEY = Rule(
    "FC248",
    "switch-key",
    "`{text}` cannot be a key of a switch",
    "use texts, whole numbers, `True`, `False` or `None`",
)
SWITCH_SAME_KEY = Rule(
    "FC249", "switch-same-key", "the key `{text}` stands twice in the switch", "Python keeps only the last: remove one"
)
SWITCH_ONE_CASE = Rule(
    "FC250",
    "one-case-switch",
    "the switch has {count}",
    "a switch needs two different keys; otherwise write `self.next(self.<step>)`",
)
RETURN_WITHOUT_NEXT = Rule(
    "FC252",
    "return-without-next",
    "step `{name}` may end here without saying which step follows",
    "write the step's `self.next(...)` before `return`, or let the code go on to the one at the end",
    fix="says the step's one transition before `return` too, where it goes to steps without `foreach` or `condition`",
)
GANG_WIDTH = Rule("FC251", "gang-width", "`num_parallel` must be at least 1, not {found}", "give the number of nodes")
FOREACH_WITHOUT_JOIN = Rule(
    "FC202",
    "foreach-without-join",
    "the foreach over `{items}` is never joined",
    "let a step after the branch take `inputs`",
)
SPLIT_WITHOUT_JOIN = Rule(
    "FC203",
    "split-without-join",
    "the branches of `{name}` are never joined",
    "let the step where they meet take `inputs`",
)
GANG_WITHOUT_JOIN = Rule(
    "FC204",
    "gang-without-join",
    "the tasks of `num_parallel` are never joined",
    "let a step after `{target}` take `inputs`",
)
JOIN_WITHOUT_SPLIT = Rule(
    "FC205",
    "join-without-split",
    "`{name}` takes `inputs`, but there is nothing to join",
    "let it take `self` alone, or split before it",
)
UNRELATED_JOIN = Rule(
    "FC206",
    "unrelated-join",
    "`{name}` joins branches of different splits: {splits}",
    "join the inner split first, in a step of its own",
)
END_BEFORE_JOIN = Rule(
    "FC207",
    "end-before-join",
    "`{name}` goes to the last step `{end}` before the split of `{split}` is joined",
    "let it go to the join of `{split}`",
)
END_IS_JOIN = Rule(
    "FC208",
    "end-is-a-join",
    "the last step `{name}` takes `inputs`",
    "join in a step of its own, and let it go to `{name}`",
)
MEET_WITHOUT_JOIN = Rule(
    "FC209",
    "meet-without-join",
    "branches of `{split}` meet at `{name}`, which is no join",
    "let it take `inputs`: `def {name}(self, inputs):`",
    fix="adds `inputs` to the step where the branches meet",
)
TWO_LEVELS = Rule(
    "FC260",
    "two-levels",
    "`{name}` is reached both inside and outside of the split of `{split}`",
    "let it stand on one side of the join only",
)
TWO_SPLITS = Rule(
    "FC261",
    "two-splits",
    "`{name}` is entered by two different splits, `{first}` and `{second}`",
    "give each split steps and a join of its own",
)
TWO_JOINS = Rule(
    "FC262",
    "two-joins",
    "the branches of `{split}` are joined in two places, `{first}` and `{second}`",
    "let all branches go to one join",
)
SPLIT_INTO_JOIN = Rule(
    "FC263",
    "split-into-join",
    "the {kind} goes straight into the join `{name}`",
    "put a step between them",
)
CASE_INTO_JOIN = Rule(
    "FC264", "case-into-join", "a case of the switch goes straight into the join `{name}`", "put a step between them"
)
CYCLE = Rule(
    "FC265",
    "cycle",
    "the steps go in a circle: {path}",
    "a flow goes forward only; a step repeats itself by a switch with a case of its own",
)
UNREACHABLE = Rule(
    "FC266", "unreachable-step", "no step leads to `{name}`", "name it in a `self.next(...)`, or remove it"
)
START_ENTERED = Rule("FC267", "start-entered", "the first step `{name}` is entered again", "go to a later step")
RECURSIVE_JOIN = Rule(
    "FC268", "recursive-join", "the join `{name}` repeats itself", "join in one step, and repeat in the next"
)
GANG_WITHOUT_PARALLEL = Rule(
    "FC269",
    "gang-without-parallel",
    "`num_parallel` goes to `{name}`, which has no `@parallel`",
    "put `@parallel` above `@step` of `{name}`",
    fix="puts `@parallel` above the step, and imports it",
)
PARALLEL_WITHOUT_GANG = Rule(
    "FC270",
    "parallel-without-gang",
    "`{name}` has `@{decorator}`, but `{source}` does not give `num_parallel`",
    "write `self.next(self.{name}, num_parallel=n)`",
)


def is_of_shape(rule: Rule) -> bool:
    """Whether a rule is of a flow's shape: where it is broken nobody can say which step is behind which."""
    return rule.code.startswith("FC2")
