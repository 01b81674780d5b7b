"""One task: load what came before, call the step, save what it leaves, tell the engine.

    loaded = prepare("flows/train.py:TrainFlow", root=".", environment={})
    reported = execute(loaded, TaskCall("train", run="local-1", index="2.0", loads=parse_loads("foreach:start")), store)

`execute` neither exits nor prints anything but the author's traceback; `reported.exit_code` says what a process would end with.
It installs handlers of SIGTERM and SIGALRM while it runs, so it belongs in a main thread. One process may call it for one task
after the other, but tasks that run side by side belong in processes of their own.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from flowc.artifacts import ordering
from flowc.artifacts.address import Enter, TaskAddress, created_key
from flowc.artifacts.loading import Base, base
from flowc.artifacts.manifest import Failure, Manifest, RunRecord, attempts
from flowc.artifacts.work import KEY, Transition, Work
from flowc.exceptions import (
    CallMistake,
    CaughtFailure,
    FailureHandledByCatch,
    InvalidNextException,
    Terminated,
    UnpicklableArtifactException,
)
from flowc.language import current
from flowc.language.decorators import StepMarks
from flowc.named_tuple import NamedTuple
from flowc.source.module import Loaded, code_of
from flowc.standard_path import standard_path
from flowc.store.protocol import SetupError, Store, StoreError
from flowc.task import guard
from flowc.task.call import DONE, FAILED, MISTAKE, STORE, TERMINATED, Broken, Reported, TaskCall
from flowc.task.output import Output
from flowc.task.surroundings import First, begun, enter, environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.artifacts import saving
    from flowc.task.gang import Gang
    from flowc.tracking.task_run import TaskRun


class _Ended(Exception):
    """The attempt has failed and is written down."""

    def __init__(self, reported: Reported) -> None:
        super().__init__(reported)
        self.reported = reported


class _Task(NamedTuple):
    """What all parts of one execution need."""

    call: TaskCall
    store: Store
    output: Output
    fence: ordering.Fence
    endings: list[Callable[[], None]]
    """What else to do where the attempt fails."""
    is_over: bool = False
    """Whether nothing is left but `@catch`: the step has raised before, and is not tried again."""
    run: TaskRun | None = None
    """What it is at an MLflow server, where the deployment names one."""


class _Left(NamedTuple):
    """What a step leaves: its manifest, the way on, and the failure that `@catch` took."""

    data: bytes
    transition: Transition | None
    caught: Failure | None


def execute(loaded: Loaded | Broken, call: TaskCall, store: Store, output: Output | None = None) -> Reported:
    """Do one task. `output`: where `sys.stdout` and `sys.stderr` already go, where the caller has redirected them.

    Raises what is our own fault; all else is in what it returns.
    """
    with guard.own_process("the task"), guard.termination(), contextlib.ExitStack() as stack:
        try:
            return _executed(loaded, call, store, output or stack.enter_context(Output()))
        except _Ended as ended:
            return ended.reported
        except (CallMistake, StoreError) as error:
            return _wrong(call, error)
        except (Terminated, KeyboardInterrupt):
            return Reported(call.index, TERMINATED, message="ended by a signal")


def _executed(loaded: Loaded | Broken, call: TaskCall, store: Store, output: Output) -> Reported:
    started = time.time()
    address = TaskAddress(loaded.name, call.run, call.step, call.index, call.iteration)
    call, raised = _counted(loaded, call, store, address) if call.retry else (call, None)
    loaded, first = begun(loaded, call, store, started)
    token = os.urandom(16).hex()
    fence = ordering.begin(
        store, address, call.retry, call.container.marked(token) if call.container else token, started
    )
    if call.container and call.container.is_overtaken(store, fence):
        return Reported(call.index, DONE)
    task = _Task(call, store, output, fence, [], raised is not None)
    with _noted(task):
        task = _logged(loaded, task, first)
    with _noted(task), task.run.environment() if task.run else contextlib.nullcontext():
        if isinstance(loaded, Broken):
            raise loaded.error if isinstance(loaded.error, Terminated) else _failed(task, loaded.error)
        if call.repeats:
            return _repeated(loaded, task, first)
        return _attempted(loaded, task, first)


def _counted(
    loaded: Loaded | Broken, call: TaskCall, store: Store, address: TaskAddress
) -> tuple[TaskCall, Failure | None]:
    """The call as earlier attempts leave it, and what the step raised in them where it is not tried again but for `@catch`."""
    with standard_path():
        from flowc.task.again import counted, raised_before

    call = counted(loaded, call, store, address)
    marks = None if isinstance(loaded, Broken) else loaded.steps.get(call.step)
    raised = raised_before(store, address) if call.retry and marks and marks.is_final else None
    if raised and marks and not marks.find("catch"):
        sys.stderr.write(f"{call.step!r} is not tried again: it raised, and its @retry is for what happens to it\n")
        raise _Ended(Reported(call.index, FAILED, failure=raised))
    return call, raised


def _logged(loaded: Loaded | Broken, task: _Task, first: First) -> _Task:
    """The task with its run at an MLflow server, where the deployment names one."""
    if not os.environ.get("FLOWC_MLFLOW"):
        return task
    with standard_path():
        from flowc.tracking.task_run import TaskRun, told_of

    known = None if isinstance(loaded, Broken) else loaded
    run = TaskRun(task.store, task.fence, told_of(known, task.fence.address, first.record, first.given))
    run.begin()
    return task._replace(run=run)


def _wrong(call: TaskCall, error: CallMistake | StoreError) -> Reported:
    return Reported(call.index, MISTAKE if isinstance(error, (CallMistake, SetupError)) else STORE, message=str(error))


@contextlib.contextmanager
def _noted(task: _Task) -> Iterator[None]:
    """Write down why the attempt failed, where it is not the author's step that did."""
    try:
        yield
    except (CallMistake, StoreError, Terminated, KeyboardInterrupt) as error:
        _note(task, error)
        raise


def _repeated(loaded: Loaded, task: _Task, first: First) -> Reported:
    """All iterations of the task, each in a process of its own."""
    with standard_path():
        from flowc.task.recursion import Job, repeat

    marks = _marks(loaded, task.call.step)
    job = Job(loaded, task.call, task.store, task.fence, first, marks.times, _pause(marks), iterate, marks.is_final)
    reported = repeat(job)
    if task.run and reported.published:
        task.run.finished("")
    elif task.run and reported.exit_code != DONE:
        failure = reported.failure
        task.run.failed(
            f"{failure.type}: {failure.exception}" if failure else reported.message, is_steps=failure is not None
        )
    return reported


def iterate(
    loaded: Loaded, call: TaskCall, store: Store, fence: ordering.Fence, first: First | None = None
) -> Reported:
    """One attempt of one iteration, whose start is written down. `first` is what the task has begun the run with, where it did."""
    with guard.own_process("the iteration"), Output() as output:
        task = _Task(call, store, output, fence, [])
        try:
            with _noted(task):
                ready, first = (loaded, first) if first else begun(loaded, call, store, fence.started)
                if isinstance(ready, Broken):
                    raise _failed(task, ready.error)
                return _attempted(ready, _logged(ready, task, first), first)
        except _Ended as ended:
            return ended.reported
        except (CallMistake, StoreError) as error:
            return _wrong(call, error)
        except (Terminated, KeyboardInterrupt):
            return Reported(call.index, TERMINATED, message="ended by a signal")


def _marks(loaded: Loaded, step: str) -> StepMarks:
    marks = loaded.steps.get(step)
    if marks is None:
        hidden = ": a decorator above @step returns something else; it wants functools.wraps"
        there = hasattr(loaded.flow, step)
        raise CallMistake(f"flow {loaded.name} has no step {step!r}{hidden if there else ''}")
    return marks


def _pause(marks: StepMarks) -> float:
    """Seconds between attempts."""
    return 0.0 if os.environ.get("FLOWC_RETRY_AT_ONCE") else marks.pause


def _attempted(loaded: Loaded, task: _Task, first: First) -> Reported:
    record, given, call, address = first.record, first.given, task.call, task.fence.address
    marks = _marks(loaded, call.step)
    found = base(task.store, address, call.loads) if record is None or address.iteration else None
    if found is not None and os.environ.get("FLOWC_SAME_CODE"):
        _check_code(loaded, call, found)
    gang = _gang(task, marks, found)
    ready = gang.before() if gang else None
    if ready is not None:
        return _taken_up(task, ready)
    flow, work, fixed = _instance(loaded, task, found, given)
    created, tags = _origin(record, found)
    enter(loaded, call, task.store, task.fence, tags, tuple(given) or (found.manifest.parameters if found else ()))

    def left(caught: Failure | None) -> _Left:
        with standard_path():
            from flowc.artifacts.saving import facts

        known = facts(found, created, tags, tuple(given), tuple(fixed), code_of(loaded.root, loaded.code, loaded.last))
        transition, data = _saved(loaded, flow, work, fixed, task, known, caught)
        return _Left(_with_cards(loaded, task, data), transition, caught)

    try:
        with environment(marks):
            done = left(_called(flow, work, marks, task, gang))
            if gang and done.caught is None:
                done = _as_one(flow, marks, task, gang, done, left)
    finally:
        current.leave()
    return _published(loaded, task, done, created)


def _check_code(loaded: Loaded, call: TaskCall, found: Base) -> None:
    from flowc.artifacts.mixing import check_code

    check_code(
        call.step, loaded.code, (found.manifest, *(found.inputs.manifests() if found.inputs is not None else ()))
    )


def _instance(
    loaded: Loaded, task: _Task, found: Base | None, given: Mapping[str, Any]
) -> tuple[Any, Work, dict[str, saving.Artifact]]:
    """The flow as the step sees it, and its parameters and constants as every manifest carries them on."""
    flow = object.__new__(loaded.flow)
    if found is None:
        with standard_path():
            from flowc.artifacts import saving
        work = Work(task.fence.address)
        work.fixed.update(given)
        fixed: dict[str, saving.Artifact] = {
            name: saving.pickled(task.call.step, name, value) for name, value in given.items()
        }
        fixed.update(saving.constants(task.call.step, loaded.constants))
        work.fixed_names = frozenset(fixed)
    else:
        work = Work(task.fence.address, found.stack, found.manifest)
        work.inputs = found.inputs
        names = (*found.manifest.parameters, *found.manifest.constants)
        work.fixed_names = frozenset(names)
        carried = names if found.inputs is not None else found.manifest.names
        work.inherited.update(found.manifest.stored(carried))
        fixed = {name: work.inherited[name] for name in names}
        for name in {
            each for base in loaded.flow.__mro__ for each in vars(base)
        } & work.inherited.keys() - fixed.keys():
            # The class would hide what an earlier step has set; a step stays one, for `self.next(...)` names it.
            if not hasattr(getattr(loaded.flow, name), "__flowc_step__"):
                flow.__dict__[name] = work.load(name)
    flow.__dict__[KEY] = work
    return flow, work, fixed


def _origin(record: RunRecord | None, found: Base | None) -> tuple[float, tuple[str, ...]]:
    if record is not None:
        return record.created, record.tags
    assert found is not None, "a task is the first or has loaded something"
    return found.manifest.created, found.manifest.tags


def _gang(task: _Task, marks: StepMarks, found: Base | None) -> Gang | None:
    """The node that the task is of its gang; None outside of gangs."""
    loads, fence = task.call.loads, task.fence
    if found is None or not isinstance(loads, Enter) or not loads.gang or fence.address.iteration:
        return None
    with standard_path():
        from flowc.task.gang import Chances, Gang

    most = marks.times + bool(marks.find("catch"))
    gang = Gang(task.store, found.manifest, found.stack[-1], fence, Chances(fence.retry < most, _pause(marks)))
    task.endings.append(gang.fail)
    return gang


def _as_one(
    flow: Any, marks: StepMarks, task: _Task, gang: Gang, done: _Left, left: Callable[[Failure | None], _Left]
) -> _Left:
    """What a node leaves once all others have done their part, too; where one has failed, so has this one."""
    trouble = gang.finish(done.data)
    return left(_ended_by(trouble, flow, marks, task)) if trouble else done


def _taken_up(task: _Task, ready: bytes) -> Reported:
    """Publish what an earlier attempt of a gang's node had ready."""
    there = Manifest(task.store, task.fence.address, ready)
    if not ordering.publish(task.store, task.fence, there.as_attempt(task.fence.attempt, task.fence.token)):
        return Reported(task.call.index, DONE)
    if task.run:
        task.run.finished("")
    return Reported(task.call.index, DONE, True, there.fan, there.case)


def _called(flow: Any, work: Work, marks: StepMarks, task: _Task, gang: Gang | None) -> Failure | None:
    """Run the step. The failure that `@catch` takes; raises _Ended for any other."""
    catch = marks.find("catch")
    if catch and (task.call.retry > marks.times or task.is_over):
        return _caught(flow, catch, _failure_before(task), task)
    trouble = gang.enter() if gang else None
    if trouble:
        return _ended_by(trouble, flow, marks, task)
    try:
        with (
            gang.watched(lambda error: _give_up(task, error)) if gang else contextlib.nullcontext(),
            guard.no_silent_end(FAILED),
            guard.time_limit(marks.seconds, lambda error: _give_up(task, error)),
            guard.own_process("the step"),
        ):
            _run(flow, work, marks, getattr(flow, task.call.step))
    except (Terminated, KeyboardInterrupt, StoreError):
        raise
    except BaseException as error:  # noqa: BLE001 - the step is the author's: it may raise anything
        return _ended_by(error, flow, marks, task)
    if catch and catch["var"]:
        setattr(flow, catch["var"], None)
    return None


def _ended_by(error: BaseException, flow: Any, marks: StepMarks, task: _Task) -> Failure:
    """What `@catch` makes of an exception at the last attempt; else raises _Ended."""
    catch = marks.find("catch")
    if catch and (task.call.retry >= marks.times or marks.is_final):
        return _caught(flow, catch, _failure_of(error), task)
    raise _failed(task, error) from None


def _run(flow: Any, work: Work, marks: StepMarks, method: Callable[..., Any]) -> None:
    if marks.wrappers:
        with standard_path():
            from flowc.language.wrappers import run_wrapped

        run_wrapped(flow, marks, method, work.inputs)
    elif work.inputs is None:
        method()
    else:
        method(work.inputs)


def _failure_of(error: BaseException) -> Failure:
    from flowc.artifacts.failure import failure_of

    return failure_of(error)


def _failure_before(task: _Task) -> Failure:
    """Why the attempt before this one failed: what it wrote down itself, or that it was killed before it could."""
    earlier = [one for one in attempts(task.store, task.fence.address) if one.number < task.fence.attempt]
    told = earlier[-1].failure if earlier else None
    return told or _failure_of(FailureHandledByCatch(task.call.retry))


def _caught(flow: Any, catch: Mapping[str, Any], failure: Failure, task: _Task) -> Failure:
    for end in task.endings:
        end()
    if catch["print_exception"]:
        sys.stderr.write(failure.stacktrace)
        sys.stderr.write(f"@catch goes on without what step {task.call.step!r} had still to do\n")
    if catch["var"]:
        setattr(flow, catch["var"], CaughtFailure(*failure))
    return failure


def _failed(task: _Task, error: BaseException) -> _Ended:
    """Write the failure of the attempt down and tell it."""
    failure = _failure_of(error)
    sys.stderr.write(failure.stacktrace)
    _note(task, error, is_steps=True)
    return _Ended(Reported(task.call.index, FAILED, failure=failure))


def _note(task: _Task, error: BaseException, *, is_steps: bool = False) -> None:
    task.output.flush()
    for end in task.endings:
        end()
    failure, printed = _failure_of(error), (task.output.stdout, task.output.stderr)
    # The attempt fails for a reason of its own: that its note could not be written must not hide it.
    with contextlib.suppress(StoreError):
        ordering.fail(task.store, task.fence, failure, time.time(), *printed, is_steps=is_steps)
    if task.run:
        is_killed = isinstance(error, (Terminated, KeyboardInterrupt))
        task.run.failed(
            f"{failure.type}: {failure.exception}",
            is_killed=is_killed,
            is_steps=is_steps,
            never_again=isinstance(error, (CallMistake, SetupError)),
        )


def _give_up(task: _Task, error: BaseException) -> None:
    """The step did not end when it had to: the process does."""
    sys.stderr.write(f"{error}, and did not end then: the process is ended\n")
    _note(task, error, is_steps=True)
    os._exit(FAILED)


def _transition(loaded: Loaded, work: Work, marks: StepMarks, caught: Failure | None) -> Transition | None:
    if caught is not None:
        with standard_path():
            from flowc.language.static_transition import static_transition

        return static_transition(loaded.steps, work.address.step)
    last = marks.end or work.address.step == "end" or len(loaded.steps) == 1
    if work.transition is None and not last:
        raise InvalidNextException(f"step {work.address.step!r} ended without self.next(...)")
    return work.transition


def _saved(
    loaded: Loaded,
    flow: Any,
    work: Work,
    fixed: Mapping[str, saving.Artifact],
    task: _Task,
    facts: saving.Facts,
    caught: Failure | None,
) -> tuple[Transition | None, bytes]:
    """The way on and the manifest. What the author got wrong in either fails the attempt."""
    with standard_path():
        from flowc.artifacts import saving
    try:
        transition = _transition(loaded, work, loaded.steps[task.call.step], caught)
        found = saving.artifacts(flow, work, fixed)
        if task.run:
            own = {name: each for name, each in found.items() if name not in fixed}
            task.run.left(vars(flow), own, ends=transition is None)
        task.output.flush()
        outcome = saving.Outcome(facts, transition, caught, time.time(), task.output.stdout, task.output.stderr)
        return transition, saving.manifest(task.store, task.fence, work, found, outcome)
    except (UnpicklableArtifactException, InvalidNextException) as error:
        raise _failed(task, error) from None


def _with_cards(loaded: Loaded, task: _Task, data: bytes) -> bytes:
    """The manifest with the pages that `@card` asks for."""
    cards = current.cards()
    if cards is None:
        return data
    with standard_path():
        from flowc.cards.render import made, with_cards
    before = len(task.output.stderr)
    entries = made(task.store, task.fence.address, data, cards, loaded)
    task.output.flush()
    return with_cards(data, entries, task.output.stderr[before:])


def _published(loaded: Loaded, task: _Task, left: _Left, created: float) -> Reported:
    data, transition, caught = left
    if not ordering.publish(task.store, task.fence, data):
        return Reported(task.call.index, DONE)
    if transition is None:
        task.store.put(created_key(task.fence.address.of, created, successful=True), (b"",))
    if task.run:
        task.run.finished(f"{caught.type}: {caught.exception}" if caught else "")
    fan = len(transition.items) if transition and transition.items is not None else None
    case = transition.case if transition else None
    again = transition is not None and transition.targets == (task.call.step,)
    return Reported(task.call.index, DONE, True, fan, case, caught is not None, caught, again=again)
