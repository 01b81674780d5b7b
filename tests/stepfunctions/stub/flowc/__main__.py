"""Stands in for the shim in a job: checks that what it loads was there, and reports to S3 what the test wants."""

from __future__ import annotations

import json
import os
import sys
import urllib.request

from tests.argo.stub import PLACE, REPORTS, wanted


def main(words: list[str]) -> int:
    """The one command; exits with 3 where a task that it loads has not ended."""
    assert words[0] == "step", words
    step, given = words[1], dict(zip(words[2::2], words[3::2], strict=True))
    index = given["--index"]
    missing = [task for task in wanted(given.get("--load", ""), index) if not (PLACE / task).exists()]
    if missing:
        sys.stderr.write(f"{step} {index}: {missing} not there\n")
        return 3
    if _retry(given["--retry"], f"{step}@{index}") < REPORTS["fail"].get(f"{step}@{index}", 0):
        return 1
    if "--report" in given:
        report(given["--report"], step, index)
    (PLACE / f"{step}@{index}").write_text(json.dumps({"argv": words}))
    return 0


def _retry(told: str, task: str) -> int:
    """How often the task was begun before, where Step Functions tells a limit alone."""
    if not told.startswith("~"):
        return int(told)
    begun = PLACE.with_name("begun") / task
    begun.mkdir(parents=True, exist_ok=True)
    before = len(list(begun.iterdir()))
    (begun / str(before)).touch()
    return min(before, int(told[1:]))


def report(url: str, step: str, index: str) -> None:
    """Put the children's index paths, or the case."""
    fan, case = (REPORTS[kind].get(f"{step}@{index}", REPORTS[kind].get(step)) for kind in ("fan", "case"))
    told = {"index": index, "case": case}
    if fan is not None:
        told = [str(item) if index == "-" else f"{index}.{item}" for item in range(fan)]
    place = f"{os.environ['AWS_ENDPOINT_URL']}/{url.removeprefix('s3://')}"
    kind = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(place, json.dumps(told).encode(), kind, method="PUT")):
        pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
