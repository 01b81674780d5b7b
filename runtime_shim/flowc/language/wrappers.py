"""User step decorators: what an author's code does before, after or instead of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flowc.artifacts.work import KEY
from flowc.exceptions import MetaflowException, StepTimeout
from flowc.language.decorators import StepMarks, marks_of
from flowc.language.static_transition import repeat_next

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from flowc.language.signatures import Function, OwnDecorator

USER_SKIP_STEP: dict[str, Any] = {}
"""What a generator yields so that the step is left out."""


class UserStepDecoratorBase:
    """What stands above `@step` and is a class: `@Name` or `@Name(...)`, its arguments for `init`."""

    decorator_name = ""
    inserted_by: str | None = None
    """The mutator that put it on the step; None for what the author wrote there."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "decorator_name" not in cls.__dict__:
            cls.decorator_name = f"{cls.__module__}.{cls.__name__}"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(cls)
        if not args or marks_of(args[0]) is None:
            return made
        type(made).__init__(made, *args[1:], **kwargs)
        return made(args[0])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._args, self._kwargs, self._begun = args, kwargs, False

    def __call__(self, step: Function) -> Function:
        """Stand above a step."""
        marks = marks_of(step)
        if marks is None:
            raise MetaflowException(f"@{type(self).__name__} must stand above @step")
        self.attach(marks)
        return step

    def __str__(self) -> str:
        return f"@{type(self).__name__}"

    def attach(self, marks: StepMarks) -> None:
        """Become one of the decorators of a step; a class that is of two kinds becomes both."""

    def init(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments: what `__init__` is in other classes."""

    def get_args_kwargs(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments as they were written."""
        return list(self._args), dict(self._kwargs)

    def external_init(self) -> None:
        """Call `init`, once. Raises MetaflowException where there are arguments and no `init`."""
        if self._begun:
            return
        self._begun = True
        own = next(each for each in type(self).__mro__ if "init" in each.__dict__)
        if own.__module__ != __name__ or own.__dict__.get("_takes_all"):
            self.init(*self._args, **self._kwargs)
        elif self._args or self._kwargs:
            raise MetaflowException(f"{self} is used with arguments, but has no method `init` that takes them")


class UserStepDecorator(UserStepDecoratorBase):
    """Derive from this to act before a step (`pre_step`), after it (`post_step`), or in its place."""

    _skip: bool | Mapping[str, Any] | None = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args:
            raise MetaflowException(f"{self} takes its arguments by name")
        super().__init__(**kwargs)

    def attach(self, marks: StepMarks) -> None:
        """Wrap the step, outside of those that do already."""
        marks.wrappers.append(self)
        super().attach(marks)

    @property
    def skip_step(self) -> Any:
        """Whether what it wraps is left out: True, or a dict with other arguments for the step's `self.next(...)`."""
        return self._skip

    @skip_step.setter
    def skip_step(self, value: bool | Mapping[str, Any] | None) -> None:
        self._skip = value

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Callable[..., Any] | None:
        """Act before the step. What it returns is called instead of the step."""
        return None

    def post_step(self, step_name: str, flow: Any, exception: BaseException | None = None) -> Any:
        """Act after the step: the exception that goes on (None swallows it), or that and arguments for `self.next(...)`."""
        return exception, None


if TYPE_CHECKING:

    @overload
    def user_step_decorator(function: Callable[..., Iterator[Any]], /) -> OwnDecorator: ...

    @overload
    def user_step_decorator(**kwargs: Any) -> Callable[[Callable[..., Iterator[Any]]], OwnDecorator]: ...


def user_step_decorator(*args: Any, **kwargs: Any) -> Any:
    """Make a generator function that yields once a decorator: `@user_step_decorator`.

    It takes `step_name, flow, inputs` and, where it is used with arguments, `attributes`. What it yields: nothing, a function to
    call instead of the step, or a dict to leave the step out. The step's exception is thrown in at the yield.
    """
    if not args:
        return lambda function: user_step_decorator(function, **kwargs)
    function = args[0]
    code = getattr(function, "__code__", None)
    if code is None or not code.co_flags & _YIELDS:
        raise MetaflowException("@user_step_decorator must stand above a function that yields")
    count = code.co_argcount
    if count not in (_PLAIN, _WITH_ATTRIBUTES):
        names = "step_name, flow, inputs and, with arguments, attributes"
        raise MetaflowException(f"{function.__name__}: a user step decorator takes {names}")
    body = {
        "generator": staticmethod(function),
        "takes_attributes": count == _WITH_ATTRIBUTES,
        "decorator_name": f"{function.__module__}.{function.__name__}",
        "__module__": function.__module__,
        "__doc__": function.__doc__,
    }
    return type(function.__name__, (_Generated,), body)


_PLAIN, _WITH_ATTRIBUTES = 3, 4
_YIELDS = 0x20
"""`inspect.CO_GENERATOR`, without loading `inspect`."""


class _Generated(UserStepDecorator):
    """A user step decorator that is a generator function."""

    generator: Callable[..., Any]
    takes_attributes = False
    _takes_all = True

    def init(self, *args: Any, **kwargs: Any) -> None:
        """Keep the attributes."""
        if kwargs and not self.takes_attributes:
            raise MetaflowException(f"{self} is used with arguments, but its function does not take `attributes`")

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Callable[..., Any] | None:
        """Run up to the yield. A function that does not yield leaves the step out."""
        more = (dict(self._kwargs),) if self.takes_attributes else ()
        self._running = self.generator(step_name, flow, inputs, *more)
        try:
            said = next(self._running)
        except StopIteration:
            said = USER_SKIP_STEP
        if isinstance(said, Mapping):
            self.skip_step = said or True
            return None
        return said  # type: ignore[no-any-return]  # the author's: what is no function fails where it is called

    def post_step(self, step_name: str, flow: Any, exception: BaseException | None = None) -> Any:
        """Run on from the yield, where the exception is raised."""
        try:
            if exception is None:
                next(self._running)
            else:
                self._running.throw(exception)
        except StopIteration as ended:
            return ended.value
        raise YieldedTwice(f"{self} yields more than once")


class YieldedTwice(MetaflowException):
    """A generator that does not end ends the step, whatever others would do about it."""


def run_wrapped(flow: Any, marks: StepMarks, step: Callable[..., Any], inputs: Any) -> None:
    """Call a step with all that wraps it, from the outermost in and back. Raises what is left of its exceptions."""
    arguments = () if inputs is None else (inputs,)
    for wrapper in marks.wrappers:
        wrapper.external_init()
    entered, instead, said = _entered(flow, marks, inputs)
    raised: BaseException | None = None
    try:
        if said is None and instead:
            said = instead(flow, *arguments)
        elif said is None:
            step(*arguments)
    except (Exception, StepTimeout) as error:  # noqa: BLE001 - the author's: it may raise anything
        raised = error
    failed = raised is not None
    for wrapper in reversed(entered):
        raised, said = _after(wrapper, marks.name, flow, raised, said)
    if raised is not None:
        raise raised
    if _is_said(said) or failed:
        _next(flow, marks, said)


def _entered(flow: Any, marks: StepMarks, inputs: Any) -> tuple[list[Any], Any, Any]:
    """The wrappers that have begun, what one gives to be called instead, and what one that leaves the step out says."""
    entered: list[Any] = []
    instead: Any = None
    for wrapper in reversed(marks.wrappers):
        instead = wrapper.pre_step(marks.name, flow, inputs)
        entered.append(wrapper)
        if _is_said(wrapper.skip_step):
            return entered, None, wrapper.skip_step
        if instead:
            break
    return entered, instead, None


def _is_said(value: Any) -> bool:
    return value is not None and value is not False


def _after(
    wrapper: Any, step: str, flow: Any, raised: BaseException | None, said: Any
) -> tuple[BaseException | None, Any]:
    """What one wrapper makes of how it ended below. A step whose time is over has failed, whatever a wrapper says."""
    try:
        found = wrapper.post_step(step, flow, raised)
    except YieldedTwice:
        raise
    except (Exception, StepTimeout) as error:  # noqa: BLE001 - the author's: it may raise anything
        found = error
    if isinstance(raised, StepTimeout):
        return raised, said
    if found is None or isinstance(found, BaseException):
        return found, said
    if not isinstance(found, tuple) or len(found) != 2:  # noqa: PLR2004 - the exception, and what to say
        raise TypeError(
            f"{wrapper}: post_step returns an exception, None, or a pair of one and arguments for self.next, not {found!r}"
        )
    return found[0], said if found[1] is None else found[1]


def _next(flow: Any, marks: StepMarks, said: Any) -> None:
    """Take the step's own transition, with the arguments that a wrapper gives."""
    if not (said is None or said is True or isinstance(said, Mapping)):
        raise TypeError(f"a user step decorator of {marks.name!r} gives self.next {said!r}: it takes True or a dict")
    flow.__dict__[KEY].transition = None
    repeat_next(flow, marks, said if isinstance(said, Mapping) else {})
