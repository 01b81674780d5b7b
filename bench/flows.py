"""Sources of flows of any size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

REALISTIC_LINES = 15
SPLITS = 3


def _step(name: str, body: list[str], *, join: bool = False) -> str:
    signature = "self, inputs" if join else "self"
    return f"    @step\n    def {name}({signature}):\n" + "".join(f"        {line}\n" for line in body)


def _flow(name: str, steps: Iterator[str] | list[str], head: str = "") -> str:
    body = "\n".join(steps)
    return (
        f"from metaflow import FlowSpec, Parameter, resources, retry, step\n{head}\n\nclass {name}(FlowSpec):\n{body}\n\n"
        f'if __name__ == "__main__":\n    {name}()\n'
    )


def chain(name: str, steps: int, body: tuple[str, ...] = ("self.x = 1",)) -> str:
    """Steps in a row, `start` and `end` among them."""
    names = ["start", *(f"s{n}" for n in range(1, steps - 1)), "end"]
    follow = [*(f"self.next(self.{name})" for name in names[1:]), ""]
    return _flow(
        name, [_step(name, [*body, *filter(None, [after])]) for name, after in zip(names, follow, strict=True)]
    )


def realistic(name: str, steps: int) -> str:
    """Steps of some 18 lines with decorators; three splits in all, for Metaflow's time doubles with each in a row."""
    return _flow(name, _realistic_steps(steps), "\nLIMIT = 3\n")


def _realistic_steps(steps: int) -> Iterator[str]:
    work = [
        f'self.table_{n} = {{"rows": {n}, "columns": ["a", "b", "c"], "note": "some text of the author"}}'
        for n in range(REALISTIC_LINES)
    ]
    yield '    alpha = Parameter("alpha", default=0.5, help="How fast to learn.")\n'
    yield _step("start", [*work, "self.next(self.r0_a)"])
    whole, rest = divmod(steps - 2, 10)
    for n in range(whole):
        after = f"r{n + 1}_a" if n + 1 < whole else ("x0" if rest else "end")
        yield from _realistic_ten(n, work, after)
    for n in range(rest):
        yield _step(f"x{n}", [*work, f"self.next(self.{f'x{n + 1}' if n + 1 < rest else 'end'})"])
    yield _step("end", work)


def _realistic_ten(n: int, work: list[str], after: str) -> Iterator[str]:
    decorated = "    @retry(times=2, minutes_between_retries=1)\n    @resources(cpu=2, memory=4096)\n"
    chain = [f"r{n}_{letter}" for letter in "abcdef"]
    for name, following in pairwise(chain):
        yield decorated + _step(name, [*work, f"self.next(self.{following})"])
    splits = n < SPLITS
    targets = f"self.r{n}_left, self.r{n}_right" if splits else f"self.r{n}_left"
    yield _step(chain[-1], [*work, f"self.next({targets})"])
    yield decorated + _step(f"r{n}_left", [*work, f"self.next(self.r{n}_{'join' if splits else 'right'})"])
    yield _step(f"r{n}_right", ["self.y = 1", f"self.next(self.r{n}_join)"])
    merge = ["self.merge_artifacts(inputs, include=['table_0'])"] if splits else work
    yield _step(f"r{n}_join", [*merge, f"self.next(self.r{n}_g)"], join=splits)
    yield _step(f"r{n}_g", [*work, f"self.next(self.{after})"])


def diamonds(name: str, count: int) -> str:
    """Splits of two arms, one after the other."""

    def steps() -> Iterator[str]:
        yield _step("start", ["self.next(self.d0)"])
        for n in range(count):
            after = f"d{n + 1}" if n + 1 < count else "end"
            yield _step(f"d{n}", [f"self.next(self.l{n}, self.r{n})"])
            yield _step(f"l{n}", [f"self.next(self.j{n})"])
            yield _step(f"r{n}", [f"self.next(self.j{n})"])
            yield _step(f"j{n}", [f"self.next(self.{after})"], join=True)
        yield _step("end", ["pass"])

    return _flow(name, steps())


def nested_diamonds(name: str, depth: int) -> str:
    """Splits in the left arm of splits."""

    def steps() -> Iterator[str]:
        yield _step("start", ["self.next(self.d0)"])
        for n in range(depth):
            inner = f"d{n + 1}" if n + 1 < depth else f"l{n}"
            yield _step(f"d{n}", [f"self.next(self.{inner}, self.r{n})"])
            yield _step(f"r{n}", [f"self.next(self.j{n})"])
            after = f"j{n - 1}" if n else "end"
            yield _step(f"j{n}", [f"self.next(self.{after})"], join=True)
        yield _step(f"l{depth - 1}", [f"self.next(self.j{depth - 1})"])
        yield _step("end", ["pass"])

    return _flow(name, steps())


def wide(name: str, arms: int) -> str:
    """One split of many arms."""

    def steps() -> Iterator[str]:
        yield _step("start", [f"self.next({', '.join(f'self.a{n}' for n in range(arms))})"])
        for n in range(arms):
            yield _step(f"a{n}", ["self.next(self.join)"])
        yield _step("join", ["self.next(self.end)"], join=True)
        yield _step("end", ["pass"])

    return _flow(name, steps())


def foreach(name: str, width: int) -> str:
    """A foreach of one step."""
    return _flow(
        name,
        [
            _step("start", [f"self.items = list(range({width}))", 'self.next(self.each, foreach="items")']),
            _step("each", ["self.y = self.input * 2", "self.next(self.join)"]),
            _step("join", ["self.total = sum(one.y for one in inputs)", "self.next(self.end)"], join=True),
            _step("end", ["pass"]),
        ],
    )


def payload(name: str, make: str, *, keep: bool, read: str = "float(np.asarray(value).sum())") -> str:
    """Two steps: the first makes a value and keeps it or not, the second one opens it, reads it by `read` and prints both times."""
    start = ["import numpy as np", "import pandas as pd", "rng = np.random.default_rng(1)", make, "self.kept = None"]
    start += ["self.kept = value" if keep else "del value", "self.next(self.end)"]
    end = [
        "import numpy as np",
        "import pandas as pd",
        "import time",
        "began = time.perf_counter()",
        "value = self.kept",
        "opened = time.perf_counter() - began",
        f"total = 0 if value is None else {read}",
        'print("opened", opened, "read", time.perf_counter() - began)',
    ]
    return _flow(name, [_step("start", start), _step("end", end)])


def many_artifacts(name: str, count: int) -> str:
    """Two steps: the first sets many small artifacts, the second one reads all and prints how long that took."""
    start = [f"for n in range({count}):", '    setattr(self, f"a{n}", n)', "self.next(self.end)"]
    end = [
        "import time",
        "began = time.perf_counter()",
        f"total = sum(getattr(self, f'a{{n}}') for n in range({count}))",
        'print("opened", 0.0, "read", time.perf_counter() - began)',
    ]
    return _flow(name, [_step("start", start), _step("end", end)])
