"""`python -m tests.diagnostics.fuzz [SEED [SECONDS]]`: broken flows, random Python and random bytes through `check` and every target.

It goes on with new seeds until it is interrupted, or for that many seconds, and stops at the first crash.
"""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.planner import plan
from compiler.pipeline import emit_plan
from compiler.report.render import render
from tests.conformance.generator import generate
from tests.diagnostics import marked, target_cases
from tests.diagnostics.tables import CASES

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = 20.0
"""Seconds that no small source may take."""

_WORDS = [
    *[
        "self",
        ".",
        "next",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "**",
        "*",
        "@",
        "step",
        "foreach",
        "None",
        "1.5",
        "'a'",
        "lambda",
    ],
    *["inputs", "start", "end", "condition", "not", "-1", "10**9", "'{{'", "'$(x)'", "'\\ud800'", "num_parallel=3"],
    *["retry(times=-1)", "resources(cpu='x')", "schedule(cron='*", "*", "*", "*", "*')"],
    *["Parameter('x',default=[1])", "Config('c',default_value={})"],
    "\t",
    "\0",
    "é",
]
_BLOCKS = ["if 1:", "for x in y:", "while 1:", "try:", "with a as b:", "def f(self):", "class G(FlowSpec):", "match x:"]


def sources() -> list[str]:
    """Right flows and wrong ones, to begin with."""
    good = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.py"))]
    wrong = [marked.unmark(text).source for text in CASES.values()]
    aimed = [marked.unmark(case.text).source for case in target_cases.CASES.values() if len(case.text) < 4_000]
    return [*good, *wrong, *aimed]


def broken(chance: random.Random, texts: list[str]) -> bytes:
    """One file: a flow with some lines, words or letters changed, one out of two flows, a made-up one, or bytes."""
    kind = chance.randrange(10)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return _made_up(chance).encode("utf-8", "replace")
    text = generate(chance.randrange(10**9), max_tasks=14).source if kind == 2 else chance.choice(texts)
    lines = text.split("\n")
    if kind == 3:
        lines[chance.randrange(len(lines)) :] = chance.choice(texts).split("\n")
    for _ in range(chance.randint(1, 5)):
        _change(chance, lines)
    return "\n".join(lines).encode("utf-8", "replace")


def _change(chance: random.Random, lines: list[str]) -> None:
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.randrange(7)
    if kind == 0:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 1:
        lines.insert(at, lines[other])
    elif kind == 2 and len(lines) > 1:
        del lines[at]
    elif kind == 3:
        words = lines[at].split(" ")
        words[chance.randrange(len(words))] = chance.choice(_WORDS)
        lines[at] = " ".join(words)
    elif kind == 4 and lines[at]:
        cut = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:cut] + chance.choice(_WORDS) + lines[at][cut + chance.randrange(4) :]
    elif kind == 5:
        indent = " " * (len(lines[at]) - len(lines[at].lstrip()))
        lines[at] = f"{indent}{chance.choice(_BLOCKS)}\n    {lines[at]}"
    elif kind == 6:
        lines[at] = lines[at].replace("self.next(", f"self.next({chance.choice(_WORDS)}, ", 1)


def _made_up(chance: random.Random) -> str:
    return " ".join(chance.choice([*_WORDS, *_BLOCKS, "\n", "\n    "]) for _ in range(chance.randrange(80)))


def answer(data: bytes, folder: Path) -> None:
    """Check it and compile it for every target; raises where flowc does."""
    path = folder / "flow_file.py"
    path.write_bytes(data)
    report = Report(notes=True)
    flows = parse(path, report)
    render(report, {str(path): data.decode("utf-8", "replace")})
    render(report, {}, "json").encode()
    assert flows or report.failed
    for flow in flows:
        for target in BUILT_IN:
            backend = load_backend(target)
            assert backend is not None
            found = Report()
            for file in emit_plan(plan(flow), backend, Options(f"{flow.name.lower()}:0"), found):
                file.text.encode()


def main() -> int:
    """Print a line for a thousand seeds; the seed and the traceback of a crash."""
    given = [int(word) for word in sys.argv[1:]]
    seed = given[0] if given else secrets.randbelow(10**9)
    end = time.monotonic() + given[1] if len(given) > 1 else float("inf")
    texts = sources()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        while time.monotonic() < end:
            data = broken(random.Random(seed), texts)
            before = time.process_time()
            try:
                answer(data, Path(name))
                assert time.process_time() - before < SLOW, "it took too long"
            except Exception:  # noqa: BLE001 - whatever it is, it is what we look for
                sys.stdout.write(f"seed {seed}\n{traceback.format_exc()}\n{data.decode('utf-8', 'replace')}\n")
                return 1
            seed += 1
            if seed % 1_000 == 0:
                sys.stdout.write(f"seed {seed}\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
