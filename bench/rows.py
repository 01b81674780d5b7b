"""The rows of the table: each measures both sides and says what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import flows
from bench.floors import compile_floor, fleet_floor
from bench.goals import at_least, at_most, both
from bench.measure import CommandFailedError, Cost, in_turn, run, side_by_side
from bench.sides import Bench
from bench.workspaces import write_workspace


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `goal` is what was asked for and, where that is missed, why; `ratio` is None where there is none to form."""

    what: str
    metaflow: str
    flowc: str
    ratio: float | None
    goal: str
    floor: str = ""
    """What cannot be done without, and how many times that ours is."""


Rows = Callable[[Bench, int], Iterator[Row]]

METAFLOW_CREATE = {
    "argo": ("--datastore", "s3", "argo-workflows", "create", "--only-json"),
    "airflow": ("--datastore", "s3", "airflow", "create", "dag.py"),
    "step-functions": ("--datastore", "s3", "step-functions", "create", "--only-json"),
}
BYTES_GOALS = {"argo": 0.8, "airflow": 0.5, "step-functions": 0.6}
_SUBMISSION = "each state outlasts the quota of Batch by itself: 150 bytes; 670 with all on one line"
_EACH = "what flows share is read once already: this is reading the flow itself"
_FORK = "each task is a fork, whose pages are copied as it touches them, and what it leaves is synced to the disk"
_COLD_LARGE = "the passes over the flow are twice the parsing"
_COLD = "half of the rest imports our modules, half is work on the flow"
FIFTY = 50
WORKSPACE = 300


def cpu(
    what: str,
    costs: Sequence[Cost],
    *,
    least: float | None = None,
    of_floor: float | None = None,
    why: str = "",
    memory: bool = False,
) -> Row:
    """A row of CPU times: Metaflow's, ours and, where it was measured, what cannot be done without.

    `least` times as fast as Metaflow it should be, and at most `of_floor` times that floor.
    """
    theirs, ours, *floors = costs
    texts = [f"{_seconds(cost.cpu)}{f', {cost.memory:.0f} MiB' if memory else ''}" for cost in (theirs, ours)]
    floor = "".join(f"{_seconds(each.cpu)}, {ours.cpu / each.cpu:.2f} of it" for each in floors)
    ratio = theirs.cpu / ours.cpu
    goals = [at_most(of_floor, " of the floor", ours.cpu / each.cpu, why) for each in floors if of_floor]
    goals += [at_least(least, ratio, "" if of_floor else why)] if least else []
    return Row(what, texts[0], texts[1], ratio, both(*goals), floor)


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def create(bench: Bench, runs: int) -> Iterator[Row]:
    """Cold `create` for each target, `check`, and the bytes that a step costs."""
    yield _short_steps(bench, runs)
    path = bench.flow("Fifty", flows.realistic("Fifty", FIFTY))
    sizes: list[Row] = []
    for target, arguments in METAFLOW_CREATE.items():
        before = bench.count_requests()
        bench.with_metaflow(path, *arguments)
        calls = bench.count_requests() - before
        pair = _with_floor(bench, path, arguments, (target, "create"), runs)
        yield cpu(f"cold `{target} create`, 50 steps of 18 lines", pair, of_floor=1.3, why=_COLD, memory=True)
        if target == "step-functions":
            before = bench.count_requests()
            bench.with_flowc(target, "create", str(path))
            ours = bench.count_requests() - before
            yield Row("AWS calls of `step-functions create`", str(calls), str(ours), None, "0")
        sizes.append(_bytes(bench, target, pair))
    checks = _with_floor(bench, path, ("check",), ("check",), runs)
    yield cpu("`check`, 50 steps", checks, of_floor=1.3, why=_COLD)
    yield from sizes


def _with_floor(
    bench: Bench, path: Path, theirs: tuple[str, ...], ours: tuple[str, ...], runs: int
) -> tuple[Cost, ...]:
    """Both commands of a flow, and what any command would cost that reads it, in turn."""
    floor = partial(compile_floor, bench, path, digest=ours != ("check",))
    commands = (partial(bench.with_metaflow, path, *theirs), partial(bench.with_flowc, *ours, str(path)), floor)
    return in_turn(commands, runs)


def _short_steps(bench: Bench, runs: int) -> Row:
    path = bench.flow("Short", flows.chain("Short", FIFTY))
    pair = _with_floor(bench, path, METAFLOW_CREATE["argo"], ("argo", "create"), runs)
    return cpu("cold `argo create`, 50 short steps", pair, least=17, of_floor=1.2, why=_COLD, memory=True)


def _bytes(bench: Bench, target: str, pair: Sequence[Cost]) -> Row:
    dag = bench.folder / "dag.py"
    theirs = dag.stat().st_size if target == "airflow" else len(pair[0].output.encode())
    ours = len(pair[1].output.encode())
    each = [size / FIFTY / 1000 for size in (theirs, ours)]
    texts = [f"{size:.2f} KB" for size in each]
    goal = at_most(BYTES_GOALS[target], " KB", each[1], _SUBMISSION)
    return Row(f"bytes a step, {target}", texts[0], texts[1], theirs / ours, goal)


def large(bench: Bench, runs: int) -> Iterator[Row]:
    """Flows of 500 and of 5,000 steps, and many flows at once."""
    path = bench.flow("FiveHundred", flows.realistic("FiveHundred", 500))
    lines = path.read_text().count("\n")
    pair = _with_floor(bench, path, METAFLOW_CREATE["argo"], ("argo", "create"), runs)
    yield cpu(f"500 realistic steps ({lines:,} lines), argo", pair, least=15, why=_COLD_LARGE)
    for what, name, source in (
        ("5,000 steps in a row", "Chain", flows.chain("Chain", 5000)),
        ("1,000 diamonds in a row", "Diamonds", flows.diamonds("Diamonds", 1000)),
    ):
        path = bench.flow(name, source)
        for command in (("check",), ("airflow", "create")):
            ours = bench.with_flowc(*command, str(path))
            theirs = METAFLOW_CREATE["airflow"] if "create" in command else command
            yield Row(
                f"{what}, `{' '.join(command)}`",
                _ending(bench, path, theirs),
                _seconds(ours.cpu),
                None,
                at_most(1, " s", ours.cpu, _COLD_LARGE),
            )


def _ending(bench: Bench, path: Path, arguments: tuple[str, ...]) -> str:
    """How Metaflow ends on a flow that may be too much for it."""
    command = ["timeout", "60", str(bench.metaflow), str(path), "--quiet", *arguments]
    try:
        return _seconds(run(command, env=bench.env, cwd=bench.folder).cpu)
    except CommandFailedError as error:
        return "not within 60 s" if "ended with 124" in str(error) else f"fails: {str(error).splitlines()[-1][:60]}"


def scaling(bench: Bench, runs: int) -> Iterator[Row]:
    """Twice the flow, at most 2.2 times the time; the start of the command is part of both."""
    for what, make, size in (
        ("chain", flows.chain, 1500),
        ("wide", flows.wide, 1500),
        ("nested", flows.nested_diamonds, 150),
        ("diamonds", flows.diamonds, 400),
    ):
        once, twice = (bench.flow(f"Scale{count}", make(f"Scale{count}", count)) for count in (size, 2 * size))
        pair = side_by_side(
            partial(bench.with_flowc, "argo", "create", str(twice)),
            partial(bench.with_flowc, "argo", "create", str(once)),
            runs,
        )
        texts = f"{_seconds(pair[1].cpu)} → {_seconds(pair[0].cpu)}"
        ratio = pair[0].cpu / pair[1].cpu
        yield Row(f"time(2N)/time(N), {what}, N = {size}", "", texts, ratio, at_most(2.2, "", ratio))


def hundred(bench: Bench, runs: int) -> Iterator[Row]:
    """A hundred flows of 50 steps in one command, on all cores, wall time; Metaflow has no such command, five of its own are scaled up."""
    paths = [bench.flow_in("hundred", f"Flow{n}", flows.realistic(f"Flow{n}", FIFTY)) for n in range(100)]
    theirs = sum(bench.with_metaflow(path, *METAFLOW_CREATE["argo"]).wall for path in paths[:5]) * 20
    floor = fleet_floor(bench, paths)
    create = partial(bench.with_flowc, "argo", "create", "-o", "out", *map(str, paths))
    new = in_turn((partial(create, "--no-cache"),), runs)[0]
    create()
    kept = in_turn((create,), runs)[0]
    for state, ours, least in (("", new, 80), (", unchanged", kept, 400)):
        times = theirs / ours.wall
        yield Row(
            f"100 flows of 50 steps, argo{state} (wall)",
            f"{theirs:.0f} s (5 x 20)",
            f"{_seconds(ours.wall)}, {_seconds(ours.cpu)} CPU",
            times,
            at_least(least, times, "" if state else "twice the floor on each of two cores"),
            f"{_seconds(floor.cpu)} CPU, {ours.cpu / floor.cpu:.2f} of it",
        )


def workspace(bench: Bench, runs: int) -> Iterator[Row]:
    """What a flow of a workspace costs beyond the first, by one process; Metaflow has no such command. The first of a cold `check` is 1."""
    folder = bench.folder / "workspace"
    paths = [str(path) for path in write_workspace(folder, WORKSPACE)]
    for command in (
        ("check",),
        *((target, "create", "--check", "-o", f"{folder}/{target}/") for target in METAFLOW_CREATE),
    ):
        if "create" in command:
            written = [word for word in command if word != "--check"]
            bench.with_flowc(*written, *paths)
        goals = (0.2, 0.07) if command == ("check",) else (0.67, 0.22)
        for more, state, goal in zip((("--no-cache",), ()), ("", ", unchanged"), goals, strict=True):
            yield _each(bench, (*command, *more), paths, runs, state, goal)


def _each(bench: Bench, command: Sequence[str], paths: Sequence[str], runs: int, state: str, goal: float) -> Row:
    """What a flow beyond the first costs a command."""
    call = partial(bench.with_flowc, *command, "--jobs", "1", *paths)
    if state:
        call()
    pair = side_by_side(call, partial(bench.with_flowc, "check", paths[0]), runs)
    each = (pair[0].cpu - pair[1].cpu) / (len(paths) - 1)
    ratio = each / pair[1].cpu
    texts = f"{each * 1000:.1f} ms a flow, a cold check {_seconds(pair[1].cpu)}"
    what = " ".join(word for word in command if not word.endswith("/") and word not in ("-o", "--no-cache"))
    return Row(f"`{what}`, {len(paths)} flows of 20 steps{state}", "", texts, ratio, at_most(goal, "", ratio, _EACH))


def local(bench: Bench, runs: int) -> Iterator[Row]:
    """The local run: tasks a second, a chain end to end, files a task."""
    width = 200
    path = bench.flow("Wide", flows.foreach("Wide", width))
    theirs = bench.with_metaflow(path, "run", "--max-workers", "2", "--max-num-splits", "1000")
    ours = bench.with_flowc("run", "--max-workers", "2", "--store", f"file:{bench.folder}/wide", str(path))
    rates = [(width + 3) / cost.wall for cost in (theirs, ours)]
    yield Row(
        f"local run, foreach of {width}, 2 workers",
        f"{rates[0]:.1f} tasks/s",
        f"{rates[1]:.0f} tasks/s",
        rates[1] / rates[0],
        at_least(58, rates[1] / rates[0], _FORK),
    )
    path = bench.flow("Twenty", flows.chain("Twenty", 20))
    store = bench.folder / "twenty"
    pair = side_by_side(
        partial(bench.with_metaflow, path, "run"),
        partial(bench.with_flowc, "run", "--store", f"file:{store}", str(path)),
        runs,
    )
    yield Row(
        "local run, 20 steps in a row, end to end",
        _seconds(pair[0].wall),
        _seconds(pair[1].wall),
        pair[0].wall / pair[1].wall,
        at_least(38, pair[0].wall / pair[1].wall, _FORK),
    )
    files = [_files(bench.folder / "metaflow", "Twenty"), _files(store, "")]
    counts = [count / runs / 20 for count in files]
    yield Row(
        "files a task in the local store",
        f"{counts[0]:.1f}",
        f"{counts[1]:.1f}",
        counts[0] / counts[1],
        at_most(2, "", counts[1], "the run's own two are among them"),
    )


def _files(folder: Path, flow: str) -> int:
    """Files below the folder that belong to a flow; "" is any."""
    return sum(1 for path in folder.rglob("*") if path.is_file() and (not flow or flow in path.parts))
