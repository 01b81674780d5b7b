"""The rows about data: big arrays, many small artifacts, tables, tasks on S3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import flows
from bench.goals import at_least, at_most, both
from bench.measure import Cost
from bench.rows import Row
from bench.sides import Bench, polars_folder

_ZLIB = "zlib over its integers and texts is the larger part"
_PICKLE = "pickling the objects, which both do, is most of it"
TIMES = re.compile(r"opened ([0-9.e-]+) read ([0-9.e-]+)")


@dataclass(frozen=True, slots=True)
class Payload:
    """What saving and loading a value costs one side: seconds, and MiB of memory beside the value."""

    save: float
    memory: float
    opened: float
    read: float


def _payload(run: Callable[[str, str], Cost], kept: str, dropped: str) -> Payload:
    """Saving is what the run costs more than one that drops the value; loading is timed inside the step."""
    with_value, without = run("Kept", kept), run("Dropped", dropped)
    times = TIMES.search(with_value.output)
    assert times, with_value.output
    read = float(times[2])
    save = max(with_value.wall - without.wall - read, 0.001)
    return Payload(save, with_value.memory - without.memory, float(times[1]), read)


def _both(bench: Bench, kept: str, dropped: str, **more: str) -> tuple[Payload, Payload]:
    def theirs(name: str, source: str) -> Cost:
        return bench.with_metaflow(bench.flow(name, source), "run", **more)

    def ours(name: str, source: str) -> Cost:
        return bench.with_flowc("run", "--store", f"file:{bench.folder}/data", str(bench.flow(name, source)), **more)

    return _payload(theirs, kept, dropped), _payload(ours, kept, dropped)


def _row(what: str, theirs: float, ours: float, least: float, why: str = "") -> Row:
    return Row(what, _seconds(theirs), _seconds(ours), theirs / ours, at_least(least, theirs / ours, why))


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def big_array(bench: Bench, runs: int) -> Iterator[Row]:
    """1 GiB of random float64; wall time, for CPU alone would hide what waiting for the disk costs."""
    make = "value = rng.random(2**27)"
    theirs, ours = _both(bench, *(flows.payload(name, make, keep=name == "Kept") for name in ("Kept", "Dropped")))
    yield _row("save 1 GiB of random float64 (wall)", theirs.save, ours.save, 17, "the disk writes no faster")
    memory = at_most(64, " MiB more", ours.memory)
    yield Row("… memory beside it", f"{theirs.memory:.0f} MiB", f"{ours.memory:.0f} MiB", None, memory)
    yield _row("open it in the next step (wall)", theirs.opened, ours.opened, 1000)
    yield _row("read it all (wall)", theirs.read, ours.read, 80)


def small_artifacts(bench: Bench, runs: int) -> Iterator[Row]:
    """10,000 integers."""
    theirs, ours = _both(bench, flows.many_artifacts("Kept", 10000), flows.chain("Dropped", 2))
    yield _row(
        "save 10,000 small artifacts (wall)",
        theirs.save,
        ours.save,
        75,
        "an entry of the manifest for each is made, and written as JSON",
    )
    yield _row("load them (wall)", theirs.read, ours.read, 24, "each is a lookup and a pickle of its own")


def data_frame(bench: Bench, runs: int) -> Iterator[Row]:
    """A table of 200 MB: floats, integers and text."""
    make = (
        "value = pd.DataFrame({'a': rng.random(5_000_000), 'b': rng.integers(0, 1000, 5_000_000), "
        "'c': rng.random(5_000_000), 'd': rng.integers(0, 2**40, 5_000_000), 'e': rng.random(5_000_000)})"
    )
    theirs, ours = _both(bench, *(flows.payload(name, make, keep=name == "Kept") for name in ("Kept", "Dropped")))
    yield _row("save a DataFrame of 200 MB (wall)", theirs.save, ours.save, 3.3, _ZLIB)
    yield _row("load it (wall)", theirs.read, ours.read, 2.4, _ZLIB)


def text_frame(bench: Bench, runs: int) -> Iterator[Row]:
    """Columns of text, as Arrow keeps it and as objects, beside one of floats."""
    make = (
        "rows = 2_000_000; names = [f'name {n % 1000}' for n in range(rows)]; "
        "value = pd.DataFrame({'a': rng.random(rows), 's': pd.array(names, dtype='string[pyarrow]'), 'o': pd.Series(names, dtype=object)})"
    )
    yield from _saved_and_loaded(bench, "a DataFrame with 2,000,000 rows of text", make, "len(value)", why=_PICKLE)


def records(bench: Bench, runs: int) -> Iterator[Row]:
    """A list of 1,000,000 dicts, each with a list in it."""
    make = "value = [{'id': n, 'name': f'n{n}', 'tags': ['a', n]} for n in range(1_000_000)]"
    yield from _saved_and_loaded(bench, "a list of 1,000,000 dicts", make, "len(value)", why=_PICKLE)


def state_dict(bench: Bench, runs: int) -> Iterator[Row]:
    """Arrays by name, as a model's weights are: 2 GiB in 512 of them."""
    make = "value = {f'layer{n}': rng.standard_normal(2**20, dtype='f4') for n in range(512)}"
    read = "sum(float(each.sum()) for each in value.values())"
    yield from _saved_and_loaded(bench, "a state dict of 2 GiB", make, read, why="the disk writes no faster")


def arrow_table(bench: Bench, runs: int) -> Iterator[Row]:
    """A table of Arrow's, of 200 MB: floats, integers and text."""
    make = (
        "import pyarrow as pa; rows = 8_000_000; value = pa.table({'a': rng.random(rows), "
        "'b': rng.integers(0, 1000, rows), 's': [f'n{n % 5000}' for n in range(rows)]})"
    )
    yield from _saved_and_loaded(bench, "an Arrow table of 200 MB", make, "value.num_rows", why=_ZLIB)


def polars_table(bench: Bench, runs: int) -> Iterator[Row]:
    """A table of Polars', of 200 MB: floats, integers and text."""
    make = (
        "import polars; rows = 8_000_000; value = polars.DataFrame({'a': rng.random(rows), "
        "'b': rng.integers(0, 1000, rows), 's': [f'n{n % 5000}' for n in range(rows)]})"
    )
    yield from _saved_and_loaded(
        bench, "a Polars table of 200 MB", make, "len(value)", why=_ZLIB, PYTHONPATH=str(polars_folder())
    )


def _saved_and_loaded(bench: Bench, what: str, make: str, read: str, *, why: str, **more: str) -> Iterator[Row]:
    sources = (flows.payload(name, make, keep=name == "Kept", read=read) for name in ("Kept", "Dropped"))
    theirs, ours = _both(bench, *sources, **more)
    yield _row(f"save {what} (wall)", theirs.save, ours.save, 3, why)
    yield _row("load it (wall)", theirs.read, ours.read, 3, why)


def on_s3(bench: Bench, runs: int) -> Iterator[Row]:
    """A task of a linear flow on S3: the difference between eight steps and four, divided by four."""
    for count in (5, 100):
        body = tuple(f"self.a{n} = self.__class__.__name__ + str({n}) * 20" for n in range(count))
        long, short = (bench.flow(f"Row{n}", flows.chain(f"Row{n}", n, body)) for n in (8, 4))
        theirs = _task(bench, lambda path: bench.with_metaflow(path, "--datastore", "s3", "run"), long, short)
        ours = _task(bench, lambda path: bench.with_flowc("run", "--store", "s3://bench/flowc", str(path)), long, short)
        texts = [f"{_seconds(seconds)}, {requests:.1f} requests" for seconds, requests in (theirs, ours)]
        ratio = theirs[0] / ours[0]
        goal = both(at_least(20, ratio), at_most(5, " requests", ours[1]))
        yield Row(f"task on S3, {count} new artifacts (CPU)", texts[0], texts[1], ratio, goal)


def _task(bench: Bench, run: Callable[..., Cost], long: object, short: object) -> tuple[float, float]:
    start = bench.count_requests()
    first = run(long)
    middle = bench.count_requests()
    second = run(short)
    end = bench.count_requests()
    return max(first.cpu - second.cpu, 0.001) / 4, ((middle - start) - (end - middle)) / 4
