"""Mutators: an author's code that changes the decorators of steps and the decorators and parameters of a flow.

They act when the module has been imported, by the compiler (`--import`) and in every container alike.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping

from flowc.exceptions import CallMistake, MetaflowException
from flowc.language import decorators
from flowc.language.configs import DECLARED, ConfigValue
from flowc.language.decorators import Mark, StepMarks
from flowc.language.flowspec import FlowSpec, members
from flowc.language.parameters import Parameter
from flowc.language.wrappers import UserStepDecoratorBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.language.signatures import Flow

    Spec = tuple[str, str, list[Any], dict[str, Any]]

IGNORE, ERROR, OVERRIDE = 1, 2, 3
_MUTATORS = "__flowc_mutators__"


class StepMutator(UserStepDecoratorBase):
    """Derive from this to look at a step and change its decorators, in `pre_mutate` or `mutate`."""

    def attach(self, marks: StepMarks) -> None:
        """Change the step once its flow is whole."""
        marks.mutators.append(self)
        super().attach(marks)

    def pre_mutate(self, mutable_step: MutableStep) -> None:
        """Change the step, before any `mutate`."""

    def mutate(self, mutable_step: MutableStep) -> None:
        """Change the step, after every `pre_mutate`."""


class FlowMutator:
    """Derive from this to look at a flow and change its decorators, its parameters and its steps."""

    decorator_name = ""
    inserted_by: str | None = None

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.decorator_name = f"{cls.__module__}.{cls.__name__}"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        if not args or not _is_flow(args[0]):
            return made
        type(made).__init__(made, *args[1:], **kwargs)
        return made(args[0])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._args, self._kwargs, self._begun = args, kwargs, False

    def __call__(self, flow: Flow) -> Flow:
        """Stand above a flow."""
        if not _is_flow(flow):
            raise MetaflowException(f"{self} must stand above a flow")
        setattr(flow, _MUTATORS, (*flow.__dict__.get(_MUTATORS, ()), self))
        return flow

    def __str__(self) -> str:
        return f"@{type(self).__name__}"

    def init(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments: what `__init__` is in other classes."""

    def external_init(self) -> None:
        """Call `init`, once. Raises MetaflowException where there are arguments and no `init`."""
        if self._begun:
            return
        self._begun = True
        if type(self).init is FlowMutator.init and (self._args or self._kwargs):
            raise MetaflowException(f"{self} is used with arguments, but has no method `init` that takes them")
        self.init(*self._args, **self._kwargs)

    def pre_mutate(self, mutable_flow: MutableFlow) -> None:
        """Change the flow, its parameters and its steps, before any `mutate`."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Change the flow's steps, after every `pre_mutate`."""


def _is_flow(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, FlowSpec)


class Changing:
    """One flow while its mutators act: its class, and the marks of its steps and of itself."""

    def __init__(self, flow: type[FlowSpec], steps: Mapping[str, StepMarks], marks: tuple[Mark, ...]) -> None:
        self.flow = flow
        self.steps = {name: marks.copy() for name, marks in steps.items()}
        self.marks = list(marks)
        self.mutators: list[Any] = [each for base in reversed(flow.__mro__) for each in vars(base).get(_MUTATORS, ())]

    def run(self) -> None:
        """Every `pre_mutate`, the flow's first, then every `mutate`. What is added meanwhile acts too."""
        for mutator in self.mutators:
            mutator.external_init()
            mutator.pre_mutate(MutableFlow(self, mutator, is_early=True))
        for marks, mutator in self._of_steps():
            mutator.external_init()
            mutator.pre_mutate(MutableStep(self, marks, mutator, is_early=True))
        for mutator in self.mutators:
            mutator.mutate(MutableFlow(self, mutator, is_early=False))
        for marks, mutator in self._of_steps():
            mutator.mutate(MutableStep(self, marks, mutator, is_early=False))

    def _of_steps(self) -> Iterator[tuple[StepMarks, Any]]:
        for marks in self.steps.values():
            for mutator in marks.mutators:
                yield marks, mutator


def has_mutators(flow: type[FlowSpec], steps: Mapping[str, StepMarks]) -> bool:
    """Whether any stands above the flow, its bases or its steps."""
    return any(marks.mutators for marks in steps.values()) or any(_MUTATORS in vars(base) for base in flow.__mro__)


def mutated(name: str, flow: type[FlowSpec], steps: Mapping[str, StepMarks], marks: tuple[Mark, ...]) -> Changing:
    """The flow as its mutators make it. Raises CallMistake where the compiler did not see what they do."""
    if os.environ.get("FLOWC_MUTATED") != "1":
        raise CallMistake(
            f"flow {name} has mutators, and was compiled without running them: compile it with `--import`, "
            "or with `import = true` in [tool.flowc]"
        )
    changing = Changing(flow, steps, marks)
    changing.run()
    return changing


class _Mutable:
    """What a mutator sees of a flow or of a step."""

    IGNORE, ERROR, OVERRIDE = IGNORE, ERROR, OVERRIDE
    _kind = ""

    def __init__(self, changing: Changing, mutator: Any, is_early: bool) -> None:
        self._changing = changing
        self._mutator = mutator
        self._is_early = is_early

    @property
    def decorator_specs(self) -> Iterator[Spec]:
        """Each decorator as its name, its whole name, its arguments by position and by name."""
        for mark in self._marks():
            yield mark.name, f"flowc.decorators.{mark.name}", [], dict(mark.attributes)
        for own in self._own():
            yield _short(type(own)), own.decorator_name, list(own._args), dict(own._kwargs)

    def has_decorator(self, name: str) -> bool:
        """Whether there is a decorator of that name, short or (with a dot) whole."""
        return bool(self.get_decorator_specs(name))

    def get_decorator_specs(self, name: str) -> list[Spec]:
        """The decorators of that name."""
        return [spec for spec in self.decorator_specs if spec[1 if "." in name else 0] == name]

    def _marks(self) -> list[Mark]:
        raise NotImplementedError

    def _own(self) -> list[Any]:
        raise NotImplementedError

    def _wants_early(self, what: str) -> None:
        if not self._is_early:
            raise MetaflowException(f"{self._mutator}: {what} is for `pre_mutate`, not for `mutate`")

    def _put(self, mark: Mark, duplicates: int) -> Mark | None:
        """Add a decorator of the language."""
        there = [each for each in self._marks() if each.name == mark.name]
        if there and mark.name not in decorators.REPEATABLE:
            if not self._replaces(f"@{mark.name}", duplicates):
                return None
            for each in there:
                self._marks().remove(each)
        self._marks().append(mark)
        return mark

    def _replaces(self, what: str, duplicates: int) -> bool:
        """Whether what is there gives way to what is added. Raises MetaflowException where that is a mistake."""
        if duplicates == ERROR and self._mutator.inserted_by is None:
            raise MetaflowException(f"{self._mutator}: {what} is there already")
        if duplicates not in (IGNORE, ERROR, OVERRIDE):
            raise ValueError(f"duplicates is IGNORE, ERROR or OVERRIDE, not {duplicates!r}")
        return duplicates == OVERRIDE

    def _language_mark(self, decorator: Any, kwargs: Mapping[str, Any]) -> Mark:
        if getattr(decorator, "kind", None) != self._kind:
            raise TypeError(f"{self._mutator}: add_decorator wants a {self._kind} decorator, not {decorator!r}")
        made: Mark = decorator.mark(dict(kwargs))
        return made._replace(inserted_by=type(self._mutator).__name__)

    def _spoken(self, text: str, args: Any, kwargs: Any) -> tuple[str, list[Any], dict[str, Any]]:
        """The name and the arguments of a decorator that is given as text, or beside it."""
        name, colon, rest = text.partition(":")
        if colon and (args or kwargs):
            raise MetaflowException(f"{self._mutator}: {text!r} has its arguments already")
        more, named = _parsed(rest) if rest else (list(args or ()), dict(kwargs or {}))
        return name, more, named

    def _remove_marks(self, name: str, args: Any, kwargs: Any) -> bool:
        marks, anything = self._marks(), args is None and kwargs is None
        gone = [
            each
            for each in marks
            if each.name == name and (anything or (not args and each.attributes == (kwargs or {})))
        ]
        for each in gone:
            marks.remove(each)
        return bool(gone)


class MutableStep(_Mutable):
    """A step that a mutator may change."""

    _kind = "step"

    def __init__(self, changing: Changing, marks: StepMarks, mutator: Any, is_early: bool) -> None:
        super().__init__(changing, mutator, is_early)
        self._step = marks

    @property
    def flow(self) -> MutableFlow:
        """The flow of the step."""
        return MutableFlow(self._changing, self._mutator, self._is_early)

    def _marks(self) -> list[Mark]:
        return self._step.decorators

    def _own(self) -> list[Any]:
        return list(dict.fromkeys([*self._step.wrappers, *self._step.mutators]))

    def add_decorator(
        self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = IGNORE
    ) -> Any:
        """Add a decorator: one of the language's, a class of the author's, or the text `name:key=value,…`."""
        args, kwargs = list(deco_args or ()), dict(deco_kwargs or {})
        if isinstance(deco_type, str):
            name, args, kwargs = self._spoken(deco_type, deco_args, deco_kwargs)
            deco_type = _named(name, "step", UserStepDecoratorBase)
        if isinstance(deco_type, type) and issubclass(deco_type, UserStepDecoratorBase):
            return self._add_own(deco_type, args, kwargs, duplicates)
        if args:
            raise MetaflowException(f"{self._mutator}: decorators of the language take their arguments by name")
        return self._put(self._language_mark(deco_type, kwargs), duplicates)

    def _add_own(self, kind: Any, args: list[Any], kwargs: dict[str, Any], duplicates: int) -> Any:
        if issubclass(kind, StepMutator):
            self._wants_early("adding a mutator")
        there = [each for each in self._own() if each.decorator_name == kind.decorator_name]
        if there and not self._replaces(f"@{kind.__name__}", duplicates):
            return None
        self._drop(there)
        made = kind(*args, **kwargs)
        made.inserted_by = type(self._mutator).__name__
        made.attach(self._step)
        made.external_init()
        return made

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        """Remove the decorators of that name, all or those with these arguments; whether there were any."""
        wanted = None if deco_args is None and deco_kwargs is None else (list(deco_args or ()), dict(deco_kwargs or {}))
        gone = [
            each
            for each in self._own()
            if deco_name in (_short(type(each)), each.decorator_name)
            and (wanted is None or each.get_args_kwargs() == wanted)
        ]
        if any(isinstance(each, StepMutator) for each in gone):
            self._wants_early("removing a mutator")
        self._drop(gone)
        return bool(gone) or self._remove_marks(deco_name, deco_args, deco_kwargs)

    def _drop(self, gone: list[Any]) -> None:
        self._step.wrappers[:] = [each for each in self._step.wrappers if each not in gone]
        self._step.mutators[:] = [each for each in self._step.mutators if each not in gone]


class MutableFlow(_Mutable):
    """A flow that a mutator may change: `mutable_flow.<step>` is a step, `mutable_flow.<name>` a parameter."""

    _kind = "flow"

    def _marks(self) -> list[Mark]:
        return self._changing.marks

    def _own(self) -> list[Any]:
        return self._changing.mutators

    @property
    def steps(self) -> Iterator[tuple[str, MutableStep]]:
        """Each step by its name."""
        for name, marks in self._changing.steps.items():
            yield name, MutableStep(self._changing, marks, self._mutator, self._is_early)

    @property
    def parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Each parameter by its attribute."""
        return iter(list(self._declared()))

    @property
    def configs(self) -> Iterator[tuple[str, Any]]:
        """The value of each config by its name."""
        for base in reversed(self._changing.flow.__mro__):
            yield from vars(base).get(DECLARED, {}).items()

    def _declared(self) -> Iterator[tuple[str, Parameter]]:
        for attribute, value in members(self._changing.flow):
            if isinstance(value, Parameter):
                yield attribute, value

    def add_parameter(self, name: str, value: Parameter, overwrite: bool = False) -> None:
        """Add a parameter under an attribute."""
        self._wants_early("adding a parameter")
        if not isinstance(value, Parameter):
            raise MetaflowException(f"{self._mutator}: add_parameter wants a Parameter, not {value!r}")
        if hasattr(self._changing.flow, name) and not overwrite:
            raise MetaflowException(f"{self._mutator}: the flow has {name!r} already; `overwrite=True` replaces it")
        value.inserted_by = type(self._mutator).__name__
        value.__set_name__(self._changing.flow, name)
        setattr(self._changing.flow, name, value)

    def remove_parameter(self, parameter_name: str) -> bool:
        """Remove the parameter of that (command-line) name; whether there was one."""
        self._wants_early("removing a parameter")
        for attribute, value in self._declared():
            if value.name == parameter_name:
                for base in self._changing.flow.__mro__:
                    if attribute in vars(base):
                        delattr(base, attribute)
                return True
        return False

    def add_decorator(
        self, deco_type: Any, deco_args: Any = None, deco_kwargs: Any = None, duplicates: int = IGNORE
    ) -> Any:
        """Add a decorator: one of the language's, a FlowMutator, or the text `name:key=value,…`."""
        self._wants_early("adding a decorator")
        args, kwargs = list(deco_args or ()), dict(deco_kwargs or {})
        if isinstance(deco_type, str):
            name, args, kwargs = self._spoken(deco_type, deco_args, deco_kwargs)
            deco_type = _named(name, "flow", FlowMutator)
        if isinstance(deco_type, type) and issubclass(deco_type, FlowMutator):
            return self._add_mutator(deco_type, args, kwargs, duplicates)
        if args:
            raise MetaflowException(f"{self._mutator}: decorators of the language take their arguments by name")
        return self._put(self._language_mark(deco_type, kwargs), duplicates)

    def _add_mutator(self, kind: Any, args: list[Any], kwargs: dict[str, Any], duplicates: int) -> Any:
        mutators = self._changing.mutators
        there = [each for each in mutators if each.decorator_name == kind.decorator_name]
        if there and not self._replaces(f"@{kind.__name__}", duplicates):
            return None
        mutators[:] = [each for each in mutators if each not in there]
        made = kind(*args, **kwargs)
        made.inserted_by = type(self._mutator).__name__
        made.external_init()
        mutators.append(made)
        return made

    def remove_decorator(self, deco_name: str, deco_args: Any = None, deco_kwargs: Any = None) -> bool:
        """Remove the flow's decorators of that name, all or those with these arguments; whether there were any."""
        self._wants_early("removing a decorator")
        if any(deco_name in (_short(type(each)), each.decorator_name) for each in self._own()):
            raise MetaflowException(f"{self._mutator}: {deco_name} is a mutator, and those cannot be removed")
        return self._remove_marks(deco_name, deco_args, deco_kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in self._changing.steps:
            return MutableStep(self._changing, self._changing.steps[name], self._mutator, self._is_early)
        for attribute, value in self._declared():
            if attribute == name:
                return value
        config = getattr(self._changing.flow, name, None)
        if isinstance(config, ConfigValue) or (name in dict(self.configs) and name[:1] != "_"):
            return config
        raise AttributeError(f"flow {self._changing.flow.__name__} has no step, parameter or config {name!r}")


def _leaves(kind: type) -> Iterator[type]:
    """The author's classes that nothing derives from any more."""
    below: list[type] = kind.__subclasses__()
    if not below and not kind.__module__.startswith("flowc."):
        yield kind
    for each in below:
        yield from _leaves(each)


def _short(kind: Any) -> str:
    """The shortest end of a class's whole name that no other has."""
    base = FlowMutator if issubclass(kind, FlowMutator) else UserStepDecoratorBase
    others = [each.decorator_name for each in _leaves(base) if each is not kind]  # type: ignore[attr-defined]
    parts: list[str] = kind.decorator_name.split(".")
    ends = [".".join(parts[-count:]) for count in range(1, len(parts) + 1)]
    return next((end for end in ends if not any(_ends(other, end) for other in others)), kind.decorator_name)


def _ends(name: str, end: str) -> bool:
    return name == end or name.endswith(f".{end}")


def _named(name: str, kind: str, base: type) -> Any:
    """The decorator of that name: the language's, or the author's only one whose whole name ends so."""
    found = getattr(decorators, name, None)
    if getattr(found, "kind", None) == kind:
        return found
    own = {id(each): each for each in _leaves(base) if _ends(each.decorator_name, name)}  # type: ignore[attr-defined]
    if len(own) == 1:
        return own.popitem()[1]
    raise MetaflowException(f"there is {'no' if not own else 'more than one'} {kind} decorator {name!r}")


_NEXT = re.compile(r",(?=[\s\w]+=)")


def _parsed(text: str) -> tuple[list[Any], dict[str, Any]]:
    """`key=value,…`: values are JSON, else numbers, else text; a number as key is a position."""
    places: dict[int, Any] = {}
    named: dict[str, Any] = {}
    for part in _NEXT.split(text):
        key, equals, word = part.partition("=")
        if not equals:
            raise MetaflowException(f"{part!r} is no `key=value`")
        if key.strip().isdecimal():
            places[int(key)] = _worth(word)
        else:
            named[key.strip()] = _worth(word)
    return [places.get(at) for at in range(max(places, default=-1) + 1)], named


def _worth(word: str) -> Any:
    readers: tuple[Callable[[str], Any], ...] = (lambda text: json.loads(text.replace('\\"', '"')), int, float)
    for read in readers:
        try:
            return read(word.strip())
        except ValueError:
            continue
    return word.strip()
