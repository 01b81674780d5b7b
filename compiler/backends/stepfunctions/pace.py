"""How fast a run asks for jobs: Batch takes 50 submissions a second from a whole account, which nothing raises.

Documented by AWS: 50 SubmitJob a second; a distributed Map without a bound runs 10,000 children at once; at most 1,000 Map Runs
are open, and others wait until some have ended.
"""

from __future__ import annotations

from compiler.backends.stepfunctions.layout import Json
from compiler.ir.plan import FanOut

_FLAT = 1000
"""Children at once of a foreach that stands alone: twenty seconds of submissions."""

_NESTED = 10_000
"""Children at once of foreaches in each other, all levels together: what a single Map without a bound would start."""

_MAP_RUNS = 900
"""Map Runs that may hold others: if all that AWS keeps open waited for those within, none would ever end."""

REFUSED = ("Batch.AWSBatchException", "Batch.TooManyRequestsException", "Batch.ServerException")
"""What Step Functions calls a submission that Batch refuses without fault of the job: too many, an outage."""

SUBMISSION: Json = {
    "ErrorEquals": list(REFUSED),
    "MaxDelaySeconds": 60,
    "MaxAttempts": 100,
    "JitterStrategy": "FULL",
}
"""After 1, 2, 4 … 60 seconds, or less by chance: some 50 minutes in all, in which Batch takes 140,000 submissions.

More would only keep a role without rights waiting, which Step Functions calls by the same name.
"""


def at_once(fan: FanOut, workers: int | None) -> int:
    """How many children of a foreach run at once: `workers` where the settings say it, else a share of what the account takes."""
    levels = max(task.depth for task in fan.body.tasks())
    if levels == 1:
        return workers or _FLAT
    return min(workers or _share(levels), _most_without_deadlock(levels))


def _share(levels: int) -> int:
    """The same for each level."""
    share = 1
    while (share + 1) ** levels <= _NESTED:
        share += 1
    return share


def _most_without_deadlock(levels: int) -> int:
    """The most for each level that keeps the Map Runs that hold others below their bound; the innermost hold none."""
    most = 1
    while most < _NESTED and sum((most + 1) ** level for level in range(levels - 1)) <= _MAP_RUNS:
        most += 1
    return most
