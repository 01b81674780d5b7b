"""For rules whose diagnostic case is wrong in other ways too: what `flowc fix` makes of one line, by the rule's code.

A case is the text between `--` (what is wrong) and `++` (what is written instead), within a flow that is right otherwise.
"""

from __future__ import annotations

HEAD = "from metaflow import FlowSpec, retry, step\n\n\n"


def flow(start: str = "", *, above: str = "", targets: str = "self.a, self.b", join: str = "", end: str = "") -> str:
    """A flow with a static split, with lines of its own in some places."""
    return f"""{HEAD}{above}class F(FlowSpec):
    @step
    def start(self):
        self.alpha = 1{start}
        self.next({targets})

    @step
    def a(self):
        self.found = 1
        self.next(self.join)

    @step
    def b(self):
        self.found = 2
        self.next(self.join)

    @step
    def join(self, inputs):
        # what both found
        self.total = sum(each.found for each in inputs){join}
        self.next(self.end)

    @step
    def end(self):
        print(self.total){end}
"""


HOOK = "from metaflow import exit_hook\n\n\ndef notify(run):\n    print(run)\n\n\n@exit_hook(on_error=[{}])\n"
LINEAR = """from metaflow import FlowSpec, step


class F(FlowSpec):
    @step
    def start(self):
        self.xs = [1]
        self.next(self.a, foreach="xs")

    @step
    def a(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

_IMPORTED_LATER = LINEAR.replace("FlowSpec, step", "step, FlowSpec")
CASES: dict[str, tuple[str, str]] = {
    "FC105": (
        LINEAR.replace("from metaflow import FlowSpec, step", "import os"),
        LINEAR.replace("\n\n\nclass", "\nimport os\n\n\nclass", 1),
    ),
    "FC122": (LINEAR.replace("class F(FlowSpec)", "class F").replace("FlowSpec, ", ""), _IMPORTED_LATER),
    "FC209": (
        flow().replace("join(self, inputs)", "join(self)").replace("sum(each.found for each in inputs)", "0"),
        flow().replace("sum(each.found for each in inputs)", "0"),
    ),
    "FC217": (LINEAR.replace("start", "strat"), LINEAR),
    "FC221": (
        LINEAR.replace("@step\n    def start", "@step(strat=True)\n    def start"),
        LINEAR.replace("@step\n    def start", "@step(start=True)\n    def start"),
    ),
    "FC239": (LINEAR.replace("foreach=", "for_each="), LINEAR),
    "FC412": (
        flow().replace("each.found for each in inputs", "[inputs.a.foundd, inputs.b.found]"),
        flow().replace("each.found for each in inputs", "[inputs.a.found, inputs.b.found]"),
    ),
    "FC413": (
        flow(join="\n        print(inputs.bravoo.found)", targets="self.a, self.bravo").replace("def b(", "def bravo("),
        flow(join="\n        print(inputs.bravo.found)", targets="self.a, self.bravo").replace("def b(", "def bravo("),
    ),
    "FC509": (
        LINEAR.replace("FlowSpec, step", "FlowSpec, retry, step").replace(
            "    @step\n    def a", "    @retry(times=2)  # twice\n    @retry(times=2)\n    @step\n    def a"
        ),
        LINEAR.replace("FlowSpec, step", "FlowSpec, retry, step").replace(
            "    @step\n    def a", "    @retry(times=2)  # twice\n    @step\n    def a"
        ),
    ),
    "FC529": (flow(above=HOOK.format("notfy")), flow(above=HOOK.format("notify"))),
}
"""By code a wrong flow, and what it becomes."""

LEFT: dict[str, str] = {
    "two steps that a name may mean": flow(targets="self.alpah, self.b")
    .replace("def a(", "def alpha(")
    .replace("self.alpha = 1", "pass")
    .replace(
        "    @step\n    def end",
        "    @step\n    def alpah_(self):\n        self.next(self.join)\n\n    @step\n    def end",
    ),
    "another digit": LINEAR.replace("def a(", "def work_1(").replace("self.a,", "self.work_2,"),
    "a plural": LINEAR.replace('foreach="xs"', 'foreach="items"').replace("self.xs", "self.item"),
    "names of one letter": flow(end="\n        print(self.y)"),
    "a value that two branches set": flow(end="\n        print(self.found)"),
    "a value that a branch may have changed": flow(
        "\n        self.seen = []", end="\n        print(self.seen)"
    ).replace("self.found = 1", "self.seen.append(1)\n        self.found = 1"),
    "a value that a branch hands on": flow("\n        self.seen = []", end="\n        print(self.seen)").replace(
        "self.found = 1", "work(self.seen)\n        self.found = 1"
    ),
    "a return with more behind it": LINEAR.replace(
        "self.next(self.join)",
        "if self.input:\n            self.next(self.join)\n            print(1)\n        self.next(self.join)",
    ),
    "a transition in a with": LINEAR.replace(
        "self.next(self.join)", 'with open("f"):\n            self.next(self.join)'
    ),
    "two statements on a line": LINEAR.replace(
        "self.next(self.join)",
        "if self.input:\n            print(1); self.next(self.join)\n        self.next(self.join)",
    ),
    "a second decorator with a comment": LINEAR.replace("FlowSpec, step", "FlowSpec, retry, step").replace(
        "    @step\n    def a", "    @retry(times=2)\n    @retry(times=2)  # why\n    @step\n    def a"
    ),
    "a coroutine that awaits": LINEAR.replace("def a(self):\n", "async def a(self):\n        await work()\n").replace(
        "def a", "def a"
    ),
    "an argument that may mean two options": LINEAR.replace("FlowSpec, step", "FlowSpec, step, timeout").replace(
        "    @step\n    def a", "    @timeout(5)\n    @step\n    def a"
    ),
}
"""Wrong flows of which only the author knows what was meant."""
