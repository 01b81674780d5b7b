"""What a flow's source says: facts, each with its place, before any decision."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.slotted_class import record

Value = None | bool | int | float | str | tuple["Value", ...] | Mapping[str, "Value"]
"""A value that the source alone tells: JSON's kinds; lists and tuples are tuples, dicts have string keys."""

CaseKey = str | int | bool | None


@record
class Span:
    """A place in a file. Lines and columns count from 1, columns in characters; the end column is exclusive."""

    path: str
    line: int
    col: int
    end_line: int
    end_col: int


@record
class Dynamic:
    """A value that only run time knows; `text` is its source."""

    text: str
    span: Span


@record
class Goto:
    """`self.next(self.a)`"""

    target: str
    span: Span


@record
class Split:
    """`self.next(self.a, self.b)`: at least two different targets, in the author's order."""

    targets: tuple[str, ...]
    span: Span


@record
class Foreach:
    """`self.next(self.a, foreach="items")`: `items` names an artifact."""

    target: str
    items: str
    span: Span


@record
class Case:
    """One key of a switch and the step that it chooses."""

    key: CaseKey
    target: str


@record
class Switch:
    """`self.next({key: self.a, …}, condition="v")`: a case is known by its position in `cases` from then on."""

    condition: str
    cases: tuple[Case, ...]
    span: Span


@record
class Gang:
    """`self.next(self.a, num_parallel=n)`"""

    target: str
    width: int | Dynamic
    span: Span


@record
class End:
    """No transition: the last step."""

    span: Span


Transition = Goto | Split | Foreach | Switch | Gang | End


WRAPPER = "user_step_decorator"
"""What every user step decorator is called; its argument `name` is that of its function or class."""


@record
class Decorator:
    """`@name(arg=value, …)`; positional arguments are named by the decorator's signature. `arguments` keeps the author's order."""

    name: str
    arguments: tuple[tuple[str, Value | Dynamic], ...]
    span: Span
    argument_spans: tuple[tuple[str, Span], ...] = ()

    def get(self, name: str, default: Value = None) -> Value | Dynamic:
        """The argument of that name, or `default` where the author gave none."""
        return next((value for key, value in self.arguments if key == name), default)

    def span_of(self, name: str) -> Span:
        """Where the argument of that name stands, or the decorator itself."""
        return next((span for key, span in self.argument_spans if key == name), self.span)


@record
class Access:
    """One artifact that a step reads or writes, at its first place."""

    name: str
    span: Span


@record
class Step:
    """A method with `@step`. `span` is the `def` line's name; `is_join` is true where it takes `inputs`."""

    name: str
    next: Transition
    is_join: bool
    decorators: tuple[Decorator, ...]
    reads: tuple[Access, ...]
    writes: tuple[Access, ...]
    doc: str | None
    span: Span
    calls_unknown: bool = False
    """True where something that the text does not show may set artifacts (`exec`, `setattr`, `self` handed on)."""


ParameterType = str
"""`str int float bool json file`, or the text of a click type; `file` is an IncludeFile."""


@record
class Parameter:
    """A `Parameter` or `IncludeFile`. `attribute` is the artifact's name, `name` the command line's."""

    attribute: str
    name: str
    type: ParameterType
    default: Value | Dynamic
    has_default: bool
    required: bool
    help: str | None
    span: Span
    multiple: bool = False
    separator: str | None = None
    choices: tuple[str, ...] = ()
    default_is_callable: bool = False
    """True where `default` is a function that wants to be called when the flow is deployed (`default` is then Dynamic)."""
    file: str | None = None
    """The file of an IncludeFile's default, relative to the code's root."""
    absent: str | None = None
    """The path of an IncludeFile's default where no file is there: the parameter has to be given."""
    envvar: tuple[str, ...] = ()
    """The variables from which a local run takes the value where nothing else gives one."""


@record
class Config:
    """A `Config`: `name` is the command line's and `config_expr`'s, `attribute` the artifact's, `owner` the class that declares it.

    `text` is what a parser of the author's own will read in the container; `value` is Dynamic then. None: it has no value.
    """

    attribute: str
    name: str
    owner: str
    value: Value | Dynamic
    span: Span
    text: str | None = None


@record
class Flow:
    """A flow whose every name resolves. `steps` are in the author's order; `path` is relative to `root`, with `/`.

    `root` is the folder (relative to the working directory, or absolute) that goes into the code archive.
    """

    name: str
    path: str
    root: str
    start: str
    end: str
    steps: Mapping[str, Step]
    parameters: tuple[Parameter, ...]
    decorators: tuple[Decorator, ...]
    constants: tuple[str, ...]
    doc: str | None
    span: Span
    mutated: bool = False
    """True where mutators have changed it, which act in the container again."""
    configs: tuple[Config, ...] = ()
    added: tuple[Decorator, ...] = ()
    """Decorators that the call (`--with`) has added to the steps, which the text does not show."""
    search: tuple[str, ...] = ()
    """Folders of the root where absolute imports are looked for, behind the flow's own and the root."""
