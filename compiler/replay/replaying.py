"""A replay from its beginning to its end: the task chosen, its code found and planned, done over the run's store, compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from flowc.artifacts.manifest import Failure, attempts
from flowc.store.protocol import Store

from compiler.call.history import opened
from compiler.ir.plan import Enter, Plan, Task
from compiler.mistakes import CallError, NotThereError
from compiler.replay.chosen import Chosen, Words, choose
from compiler.replay.code import Code
from compiler.replay.differing import compared
from compiler.replay.doing import Job, compare, debug, do, is_interrupted, kept_away
from compiler.replay.scratch import Scratch, kept, replaced_inputs, scratch
from compiler.replay.telling import Replay, notes
from compiler.run.events import Listener
from compiler.slotted_class import record
from compiler.workspace.settings import did_you_mean


@record
class Asked:
    """What a call says beside the task and the code: artifacts to set, when a debugger begins (`failed`, `begun`, or empty), what to show.

    `keep` is the folder that the replay stays in; None: it is removed.
    """

    values: Mapping[str, object]
    debugger: str
    shows: bool
    keep: Path | None
    start_method: str | None


def replay(
    store: Store,
    chosen: Chosen,
    code: Code,
    plan: Plan,
    asked: Asked,
    listener: Listener,
    tell: Callable[[str], object],
) -> Replay | int:
    """Do the task again and compare; the exit code alone where it could not be done, or was interrupted. `tell` says notes.

    Raises CallError, CallMistake and StoreError where what it needs is not there. Nothing of the run changes.
    """
    task = _task(chosen, plan, asked)
    if asked.keep is not None and asked.keep.exists() and not (asked.keep.is_dir() and not any(asked.keep.iterdir())):
        raise CallError(f"--keep {asked.keep}: something is there already; name a folder that is not")
    replaced = tuple(replaced_inputs(store, chosen, task))
    for note in notes(chosen, code, replaced):
        tell(note)
    with scratch(store, chosen, plan, asked.values, asked.keep) as found:
        job = Job(chosen, plan, found, asked.start_method)
        ended = debug(job, asked.debugger) if asked.debugger else do(job, listener)
        if is_interrupted(ended):
            raise KeyboardInterrupt
        if kept_away(ended):
            return 2
        comparison = compared(
            chosen, found, _failure(found), partial(compare, job, shows=asked.shows), shows=asked.shows
        )
        url = kept(found, chosen, asked.keep) if asked.keep is not None else ""
        return Replay(chosen, code, replaced, comparison, url)


def _task(chosen: Chosen, plan: Plan, asked: Asked) -> Task:
    """The step as today's code has it. Raises CallError where it cannot be done alone."""
    step = chosen.address.step
    task = plan.tasks.get(step)
    if task is None:
        raise NotThereError(f"{plan.flow.path} has no step `{step}`{did_you_mean(step, plan.tasks)}")
    if isinstance(task.loads, Enter) and task.loads.gang:
        raise CallError(
            f"{chosen.path} is a node of a gang, and nodes do their part together: one alone cannot be done again. "
            f"`flowc run {plan.flow.path} --resume {chosen.record.run} --from {task.loads.split}` runs the gang and what follows"
        )
    if asked.debugger and task.repeats and chosen.address.iteration is None:
        raise CallError(
            f"{chosen.path} is all iterations of `{step}`, each a process of its own: debug one, as {chosen.path.rpartition('/')[0]}/-~0"
        )
    return task


def _failure(found: Scratch) -> Failure | None:
    """Why the replay failed, as it has written that down itself."""
    written = attempts(found.store.over, found.address)
    return written[-1].failure if written else None


def chosen_task(url: str, words: Words, attempt: int | None) -> tuple[Store, Chosen]:
    """The store and the attempt that a call names. Raises CallError."""
    store = opened(url)
    return store, choose(store, words, attempt)
