"""The command line of the shim: words and variables to one task, its end to an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping

from flowc.artifacts.address import RunAddress, parse_loads
from flowc.exceptions import CallMistake, Terminated
from flowc.named_tuple import NamedTuple
from flowc.source.module import Loaded, prepare
from flowc.standard_path import standard_path
from flowc.store import KINDS, open_store
from flowc.store.protocol import SetupError, Store, StoreError
from flowc.task import guard
from flowc.task.call import BUG, DONE, MISTAKE, STORE, TERMINATED, Broken, Reported, TaskCall
from flowc.task.output import Output
from flowc.task.task import execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.grouping.step_words import StepWord

_USAGE = (
    "python -m flowc step STEP[~] --run RUN --index INDEX|none --retry [~]N|here"
    " (--load LOADS | --owner OWNER --parameters PARAMETERS) [--when WAYS] [--report REPORT]"
)
_OPTIONS = ("run", "index", "retry", "load", "owner", "parameters", "when", "report")
_HERE = "here"
"""What `--retry` says where the engine tries nothing again: the container then tries its task again as one of several tasks does."""

_VALOHAI = "valohai:"
"""What the path of the file begins with in which Valohai tells the parameters."""

_ALWAYS = 2**31
"""How often an engine may have started such a container, which it never says; the containers in the store do."""


class _Order(NamedTuple):
    """What a process is told to do."""

    call: TaskCall
    flow: str
    store: str
    report: str
    word: StepWord | None = None
    """What the step's word says, where it is more than a name."""
    tries_again: bool = False
    """Whether the container tries its tasks again itself, also where it does one."""
    when: str = ""
    """The ways that lead to the task."""
    is_nobodys: bool = False
    """Whether the task is that of a foreach without members."""


def main(words: list[str], debugged: Callable[[Loaded | Broken, str], Loaded | Broken] | None = None) -> int:
    """Do the task that the words and the environment's variables name; the process's exit code.

    `debugged` gives the flow whose step of that name a debugger sees.
    """
    with guard.termination(), Output() as output:
        try:
            code = _main(words, output, debugged or (lambda loaded, _: loaded))
        except (Terminated, KeyboardInterrupt):  # before the task has begun
            code = TERMINATED
        except (CallMistake, SetupError) as error:
            code = mistake(str(error))
        except StoreError as error:
            code = unanswered(str(error))
        except Exception as error:  # noqa: BLE001 - the last resort: a fault of ours is told as one
            told = guard.full_disk(error)
            code = unanswered(told) if told else _bug()
    if code != DONE and os.environ.get("FLOWC_REPORT", "").startswith("maestro:"):
        from flowc.container.report import report_failure

        report_failure(os.environ["FLOWC_REPORT"], code)
    return code


def _main(words: list[str], output: Output, debugged: Callable[[Loaded | Broken, str], Loaded | Broken]) -> int:
    order = _order(words, os.environ)
    store = _opened(order.store)  # before the code is entered: a relative folder is meant from here
    if order.store.startswith("file:"):
        os.environ["FLOWC_STORE"] = store.url  # for what the step itself opens, the client for one
    if order.is_nobodys or (order.when and not _is_reached(order, store)):
        from flowc.container.report import report_nothing

        sys.stderr.write("flowc: nothing leads to this task: it does nothing\n")
        report_nothing(order.report)
        return DONE
    if order.call.origin:
        from flowc.resuming.resubmitted import take_over

        take_over(store, RunAddress(order.flow.rpartition(":")[2], order.call.run), order.call.origin)
    loaded = debugged(_asked_flow(order.flow), order.call.step)
    if order.word is not None and (order.word.is_group or order.tries_again):
        from flowc.grouping.running import run_group

        with guard.own_process("the container"):
            reported = run_group(loaded, order.call, order.word, store, is_only=order.tries_again)
    else:
        reported = execute(loaded, order.call, store, output)
    output.flush()
    if reported.published:
        from flowc.container.report import report

        fan = order.word.width(reported.fan) if order.word is not None else reported.fan
        report(order.report, reported.index, fan, reported.case)
    if reported.exit_code == DONE and not reported.published:
        sys.stderr.write("a newer attempt of this task was faster: nothing is changed\n")
    return mistake(reported.message) if reported.exit_code == MISTAKE else _told(reported)


def _is_reached(order: _Order, store: Store) -> bool:
    """Whether switches have taken a way to the task."""
    from flowc.task.ways import are_taken, parse_ways

    address = RunAddress(order.flow.rpartition(":")[2], order.call.run).task(order.call.step, order.call.index)
    return are_taken(parse_ways(order.when), store, address)


def _opened(url: str) -> Store:
    try:
        return open_store(url)
    except StoreError as error:  # nothing was asked yet: it is the URL that is wrong, or what goes with it
        raise CallMistake(str(error)) from None


def _asked_flow(flow: str) -> Loaded | Broken:
    """The flow; a task that was asked to end while it was imported is one that has begun, and the store tells so."""
    try:
        return loaded_flow(flow)
    except Terminated as error:
        return Broken(flow.rpartition(":")[2], error)


def _told(reported: Reported) -> int:
    if reported.message:
        sys.stderr.write(f"flowc: {reported.message}\n")
    return reported.exit_code


def mistake(text: str) -> int:
    """Tell of a mistake in the call; its exit code."""
    sys.stderr.write(f"flowc: {text}\n")
    return MISTAKE


def unanswered(text: str) -> int:
    """Tell of a store that gave no answer, or a wrong one; its exit code."""
    sys.stderr.write(f"flowc: {text}\n")
    return STORE


def _bug() -> int:
    with standard_path():
        import traceback

    sys.stderr.write("flowc: this is a fault of flowc's, please report it with the lines below\n")
    traceback.print_exc()
    return BUG


def loaded_flow(flow: str) -> Loaded | Broken:
    """The flow `path:Name` of this container's code, in its folder; `FLOWC_ROOT` names it where that is not where we are."""
    code = os.environ.get("FLOWC_CODE")
    if code:
        from flowc.container.archive import unpacked

        os.chdir(unpacked(code))
    environment = _json(os.environ, "FLOWC_ENVIRONMENT", "{}")
    root = os.environ.get("FLOWC_ROOT")
    if not root:
        root = os.getcwd()
        closed = [not _may_write(folder) for folder in (root, os.path.expanduser("~"))]
        if any(closed):
            from flowc.container.scratch import provide

            provide(*closed)
    try:
        with guard.own_process("the flow's module"):
            return prepare(flow, root, environment)
    except CallMistake:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the author's module may raise anything
        return Broken(flow.rpartition(":")[2], error)


def _may_write(folder: str) -> bool:
    """Whether this user may put files into a folder."""
    return os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)


def _order(words: list[str], variables: Mapping[str, str]) -> _Order:
    step, options = _parsed([_onloaded(word, variables) for word in words])
    tries_again, is_nobodys = options.get("retry") == _HERE, options.get("index") == "none"
    options.update({"retry": f"~{_ALWAYS}"} if tries_again else {}, **({"index": "-"} if is_nobodys else {}))
    word = None
    if tries_again or not step.rstrip("~").isidentifier():
        from flowc.grouping.step_words import parse_step_word

        word = parse_step_word(step)
        step = word.steps[0]
    first = "load" not in options
    given, tags = _tagged(_parameters(options.get("parameters", "{}")) if first else {})
    parameters, scheduled = _beside(given, variables) if first else ({}, "")
    parameters, trigger = started_by(parameters, variables) if first else ({}, ())
    index, iteration = iteration_in(options.get("index", "-"))
    call = TaskCall(
        step[:-1] if step.endswith("~") else step,
        run=_needed(options, "run"),
        index=_index(index),
        retry=_count(options.get("retry", "0").removeprefix("~")),
        at_most=options.get("retry", "").startswith("~"),
        loads=_loads(options.get("load", "")),
        owner=options.get("owner", ""),
        parameters=parameters,
        tags=(*_json(variables, "FLOWC_TAGS", "[]"), *tags),
        project=variables.get("FLOWC_PROJECT", ""),
        trigger=trigger,
        scheduled=scheduled,
        origin="" if first else _origin(variables),
        repeats=step.endswith("~"),
        iteration=iteration,
    )
    target = options.get("report", variables.get("FLOWC_REPORT", ""))
    flow, store = the_flow(), needed_variable(variables, "FLOWC_STORE")
    return _Order(call, flow, store, target, word, tries_again, options.get("when", ""), is_nobodys)


def _origin(variables: Mapping[str, str]) -> str:
    """The run that this one was resubmitted from. An engine that knows none gives a name without its last part."""
    found = variables.get("FLOWC_ORIGIN", "")
    return "" if found.endswith("-") else found


def started_by(
    given: Mapping[str, Any], variables: Mapping[str, str]
) -> tuple[Mapping[str, Any], tuple[dict[str, Any], ...]]:
    """The parameters, with what events fill of them, and the events: those among `given` and those of `FLOWC_TRIGGER`."""
    told = variables.get("FLOWC_TRIGGER")
    if not told and not any(name.startswith("flowc-trigger") for name in given):
        return given, ()
    from flowc.container.trigger_events import NAME, taken

    return taken({**given, NAME: told} if told else given)


def _tagged(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The parameters, and the tags that stand beside them."""
    if "flowc-tags" not in given:
        return given, ()
    from flowc.container.beside_parameters import tagged

    return tagged(given)


def _beside(given: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[Mapping[str, Any], str]:
    """The parameters with those that an object holds, and the time for which a clock started the run."""
    if (
        not variables.get("FLOWC_SCHEDULED_AT")
        and "flowc-parameters" not in given
        and "flowc-scheduled-at" not in given
    ):
        return given, ""
    from flowc.container.beside_parameters import taken

    return taken(given, variables)


def _onloaded(word: str, variables: Mapping[str, str]) -> str:
    """The word, which Argo's executor keeps in a file where it is longer than the system lets an argument be.

    It does so only with arguments that come through a file themselves, which the variable tells; no word of ours begins with `@`.
    """
    place = word[1:]
    is_kept = word[:1] == "@" and _OFFLOADING in variables and os.path.basename(place).startswith("argo_arg_")
    if not is_kept:
        return word
    with open(place, encoding="utf-8") as file:
        return file.read()


_OFFLOADING = "ARGO_CONTAINER_ARGS_FILE"


def _parsed(words: list[str]) -> tuple[str, dict[str, str]]:
    if len(words) < 2 or words[0] != "step" or len(words) % 2:  # noqa: PLR2004 - `step STEP`
        raise CallMistake(f"usage: {_USAGE}")
    options: dict[str, str] = {}
    for name, value in zip(words[2::2], words[3::2]):
        if name[:2] != "--" or name[2:] not in _OPTIONS:
            raise CallMistake(f"no option {name!r}; usage: {_USAGE}")
        options[name[2:]] = value
    return words[1], options


def _needed(options: Mapping[str, str], name: str) -> str:
    if not options.get(name):
        raise CallMistake(f"--{name} is missing; usage: {_USAGE}")
    return options[name]


def needed_variable(variables: Mapping[str, str], name: str) -> str:
    """The variable's value. Raises CallMistake where there is none."""
    if not variables.get(name):
        raise CallMistake(f"the variable {name} is not set in this container")
    return variables[name]


def the_flow() -> str:
    """`path:Name` of FLOWC_FLOW, which is JSON where some engine would rewrite it; from here on the variable has it as it is.

    Raises CallMistake where it is not set.
    """
    text = needed_variable(os.environ, "FLOWC_FLOW")
    if text[0] == text[-1] == '"':
        text = os.environ["FLOWC_FLOW"] = json.loads(text)
    return text


def _json(variables: Mapping[str, str], name: str, default: str) -> Any:
    try:
        return json.loads(variables.get(name) or default)
    except ValueError as error:
        raise CallMistake(f"the variable {name} is no JSON: {error}") from None


def iteration_in(index: str) -> tuple[str, int | None]:
    """An index path and the iteration that stands behind it, as in `2.0~3`, where one does."""
    path, tilde, number = index.partition("~")
    if tilde and not number.isdecimal():
        raise CallMistake(f"--index wants the number of an iteration behind '~', not {number!r}")
    return path, int(number) if tilde else None


def _index(text: str) -> str:
    if text != "-" and not all(part.isdecimal() for part in text.split(".")):
        raise CallMistake(f"--index wants a path of numbers like 2.0, or '-', not {text!r}")
    return text


def _count(text: str) -> int:
    try:
        return max(int(text), 0)
    except ValueError:
        raise CallMistake(f"--retry wants a number, not {text!r}") from None


def _loads(text: str) -> Any:
    try:
        return parse_loads(text)
    except ValueError as error:
        raise CallMistake(str(error)) from None


def _parameters(text: str) -> dict[str, Any]:
    """The parameters as they were given: JSON, base64 of it, the URL of it, or the file of an execution of Valohai's.

    In that one, a parameter without a value is a null, and not given.
    """
    if text.startswith(_VALOHAI):
        given = _parameters(f"file:{text[len(_VALOHAI) :]}")
        return {name: value for name, value in given.items() if value is not None}
    if text.startswith(KINDS):
        from flowc.container.beside_parameters import read_text

        text = read_text(text)
    elif text and not text.lstrip().startswith("{"):
        import base64

        try:
            text = base64.b64decode(text, validate=True).decode()
        except ValueError:  # also of what is no UTF-8
            raise CallMistake("--parameters is neither JSON nor base64 nor a URL") from None
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise CallMistake(f"--parameters is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise CallMistake("--parameters is no JSON object")
    return found
