"""What earlier attempts of a task mean for the one that begins: how much of `@retry` is used up, and whether it is tried again at all."""

from __future__ import annotations

import json
import sys
import time

from flowc.artifacts.manifest import Failure, attempts
from flowc.exceptions import CallMistake
from flowc.task.call import Broken, TaskCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.artifacts.address import TaskAddress
    from flowc.source.module import Loaded
    from flowc.store.protocol import Store

_WRONG_CALL = f"{CallMistake.__module__}.{CallMistake.__name__}"


def counted(loaded: Loaded | Broken, call: TaskCall, store: Store, address: TaskAddress) -> TaskCall:
    """The call with what of `@retry` is used up by attempts that the task itself has begun.

    Raises CallMistake where the last one was ended by one: an engine that cannot tell why an attempt failed tries it again.
    """
    if not call.at_most:
        return call
    last = attempts(store, address)[-1:]
    for one in last:
        if one.failure and one.failure.type == _WRONG_CALL:
            raise CallMistake(one.failure.exception)
    begun = [one.retry + 1 for one in last]
    marks = None if isinstance(loaded, Broken) else loaded.steps.get(call.step)
    # with @catch there is one more, which leaves the failure object where all others were killed
    most = marks.times + (marks.find("catch") is not None) if marks else call.retry
    return call._replace(retry=min(call.retry, *(begun or [0]), most))


def raised_before(store: Store, address: TaskAddress) -> Failure | None:
    """What the step raised in its last attempt; None where something else ended that.

    An engine, which sees exit codes alone, starts the task once more all the same.
    """
    keys = list(store.list(address.attempts))[-1:]
    fields = json.loads(store.get(keys[0]).data) if keys else {}
    return Failure(*fields["failure"]) if fields.get("is_steps") else None


def tell_pause(who: str, seconds: float) -> None:
    """Say until when the next attempt waits, where the container that tries again is this one."""
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
    sys.stderr.write(f"flowc: {who} waits until {until} ({seconds:g} s), as its @retry says\n")
    sys.stderr.flush()
