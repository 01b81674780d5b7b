"""Names that lines find, or not: of `metaflow` and `flowc` where a task comes to them, and of the module while it is imported."""

_END = """
    @step
    def end(self):
        pass
"""


def _flow(head: str = "", *, body: str = "", start: str = "", names: str = "FlowSpec, step") -> str:
    """A flow of two steps; `head` stands above it, `body` in the class before its steps, `start` in the first step."""
    lines = [f"from metaflow import {names}", *_lines(head, "")]
    lines += ["class F(FlowSpec):", *_lines(body, "    "), "    @step", "    def start(self):"]
    lines += [*_lines(start, "        "), "        self.next(self.end)", *_END.split("\n")]
    return "\n".join(lines)


def _lines(text: str, indent: str) -> list[str]:
    """The lines of a text; `x = «y» FC572` has a mark under it."""
    found: list[str] = []
    for line in text.strip("\n").split("\n") if text else ():
        code = line[-5:] if "«" in line else ""
        plain = line.removesuffix(code).rstrip().replace("«", "").replace("»", "")
        found.append(f"{indent}{plain}")
        if code:
            start = line.index("«")
            found.append(" " * (len(indent) + start) + "^" * (line.index("»") - start - 1) + f" {code}")
    return found


LANGUAGE = {
    "a misspelt name of the language": _flow("from metaflow import «Paramter» FC110"),
    "a name that only Metaflow has": _flow("from metaflow import «inspect_spin» FC110"),
    "a name of a plugin": _flow(
        "from metaflow.plugins.datatools import S3\nfrom metaflow.plugins import «gcp_client» FC110"
    ),
    "a module that is not there": _flow("from «metaflow.plugins.gcp» import a, b FC110"),
    "a module that never was": _flow("import os, «metaflow.nonsence as n» FC110"),
    "a setting that has no value here": _flow("from metaflow.metaflow_config import USER, «SFN_IAM_ROLE» FC110"),
    "a name of another module": _flow("from metaflow import «MetaflowNotFound» FC110"),
    "a private name": _flow("from metaflow.client import «_CLASSES» FC110"),
    "a name of flowc": _flow("from flowc import Parameter, «Paramater» FC110"),
    "a name of a module of flowc": _flow("from flowc.client import Run, «Runn» FC110"),
    "a name of Metaflow asked of flowc": _flow("from flowc import «checkpoint» FC110"),
    "in a step": _flow(start="from metaflow import «inspect_spin» FC110"),
    "of `current`": _flow(
        names="FlowSpec, current, step", start="print(current.run_id, «current.taskid», current.get('taskid')) FC110"
    ),
    "of `current` by another name": _flow(
        "from flowc import current as now", start="print(now.card, now.is_parallel, «now.retries») FC110"
    ),
    "of `current` below the package": _flow("import metaflow as mf", start="print(«mf.current.step») FC110"),
    "of `current`, asked for before": _flow(
        names="*",
        start="ok = current.a if hasattr(current, 'a') else hasattr(current, 'b') and current.b\n"
        "try:\n    print(current.c)\nexcept AttributeError:\n    pass\nprint(«current.d») FC110",
    ),
    "tried, with nothing in its place": _flow(
        "try:\n    from metaflow.cards import «Plot» FC110\nexcept ImportError:\n    pass", start="print(Plot)"
    ),
    "tried, with something in its place": _flow(
        "try:\n    from metaflow.cards import Plot\nexcept ImportError:\n    pass\n"
        "try:\n    from metaflow import «Nothing» FC110\nexcept ImportError:\n    pass",
        start="Plot = Nothing",
    ),
    "on a condition in a step": _flow(start="if self:\n    from metaflow import «inspect_spin» FC110"),
    "in a function that a step calls": _flow(
        "def tell():\n    from metaflow.plugins import «slack» FC110", start="tell()"
    ),
    "an attribute": _flow("import metaflow as mf", start="print(mf.client.Run, «mf.cards.Plotly») FC110"),
    "an attribute of a submodule": _flow(
        "from metaflow import cards as c", start="print(c.Markdown, «c.Markdwn») FC110"
    ),
    "an import within the step": _flow(start="import metaflow\nprint(«metaflow.inspect_spin») FC110"),
    "on a condition of the module": _flow(
        "import os\nif os.environ.get('CI'):\n    from metaflow import «inspect_spin» FC111"
    ),
    "caught, but as another error": _flow(
        "try:\n    from metaflow import «inspect_spin» FC110\nexcept ModuleNotFoundError:\n    pass"
    ),
    "caught, and raised again": _flow(
        "try:\n    from metaflow import «inspect_spin» FC110\nexcept ImportError as e:\n    raise RuntimeError('no') from e"
    ),
    "a fallback that is not there either": _flow(
        "try:\n    from metaflow import inspect_spin\nexcept ImportError:\n    from metaflow import «inspect_spin» FC110"
    ),
    "names that are there": _flow(
        "import metaflow as mf\nimport flowc.client, flowc.store.files\nfrom metaflow.metaflow_version import get_version\n"
        "from metaflow.integrations import ArgoEvent\nfrom metaflow.metaflow_config import DATASTORE_SYSROOT_S3\n"
        "from metaflow.util import get_username\nfrom metaflow import cards, exception\nfrom flowc.exceptions import MetaflowNotFound",
        start="print(mf.__version__, mf.plugins.datatools.S3, cards.Markdown, exception.MetaflowException, flowc.client)",
    ),
    "asked for with a way round": _flow(
        "import contextlib, sys\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from metaflow import inspect_spin\n"
        "try:\n    from metaflow.plugins import slack\nexcept (ImportError, OSError):\n    slack = None\n"
        "with contextlib.suppress(ImportError):\n    from metaflow import NBRunner\n"
        "if sys.version_info < (3, 0):\n    from metaflow import R\n"
        "try:\n    from metaflow import Run\nexcept ImportError:\n    from metaflow.nonsense import Run\n"
        "def deploy():\n    from metaflow import inspect_spin\n"
        "if __name__ == '__main__':\n    from metaflow import inspect_spin\n    deploy()",
        start="try:\n    import metaflow.tracing\nexcept Exception:\n    pass",
    ),
    "a name of its own that looks like the module": _flow(
        "import metaflow as mf\ndef load(mf):\n    return mf.inspect_spin", start="load(3)"
    ),
}

IMPORT_TIME = {
    "a constant that nothing defines": _flow("LIMIT = «MAXIMUM» FC572"),
    "a name that is defined below": _flow("TWICE = 2 * «ONCE» FC572\nONCE = 1"),
    "a constant of the class": _flow(body="limit = len(«rows») FC572"),
    "an argument of a decorator": _flow(body="@retry(times=«TIMES») FC572", names="FlowSpec, retry, step"),
    "a blank that was left": _flow(
        body="alpha = Parameter('alpha', default=«____») FC572", names="FlowSpec, Parameter, step"
    ),
    "a name of the language": _flow(body="alpha = «Parameter»('alpha') FC572"),
    "an annotation": _flow(body="def rows(self) -> «DataFrame»: FC572\n    return self.x"),
    "a default": _flow("def rows(limit=«LIMIT»): FC572\n    return limit"),
    "in a comprehension of the class": _flow(body="step_of = 2\nsteps = [n * «step_of» for n in range(3)] FC572"),
    "a base": _flow("class Base(«Missing»): FC572\n    pass"),
    "a hook that nothing defines": _flow("@exit_hook(on_error=[«notfy»]) FC529", names="FlowSpec, exit_hook, step"),
    "a misspelt decorator under a star": _flow(body="@«retyr»(times=2) FC506", names="*"),
    "a parameter that is called like a decorator": _flow(
        body="timeout = Parameter('timeout', default=3)\n@«timeout»(seconds=3) FC573", names="*"
    ),
    "a step that is called like a decorator": _flow(
        body="@step\ndef retry(self):\n    self.next(self.end)\n@«retry»(times=2) FC573", names="*"
    ).replace("        self.next(self.end)\n\n", "        self.next(self.retry)\n\n", 1),
    "a number that is called like step": _flow(body="step = 3").replace("@step\n", "@step\n     ^^^^ FC573\n", 1),
    "a loop that is called like a decorator": _flow(body="for card in range(3):\n    pass\n@«card» FC573", names="*"),
    "a builtin that is taken": _flow(body="max = Parameter('max', default=3)\nmost = «max»(1, 2) FC573", names="*"),
    "a module that is taken": _flow("import os", body="os = 'linux'\npath = «os».environ FC573"),
    "names that later lines may have": _flow(
        "import os, sys\n"
        "try:\n    WIDE = unicode\nexcept NameError:\n    WIDE = str\n"
        "if os.environ.get('CI'):\n    LIMIT = 3\nSIZE = LIMIT\n"
        "for each in sys.path:\n    last = each\nprint(last, each)\n"
        "with open(__file__) as opened:\n    text = opened.read()\nprint(text, (found := 3), found)\n"
        "pairs = [a + b for a in range(2) for b in range(a)]\nlate = lambda: NOT_YET\n"
        "def fill():\n    global FILLED\n    FILLED = 1\nfill()\nprint(FILLED, __name__, __doc__)\n"
        "DEBUG = False and nothing\nOTHER = 1 if True else nothing\nnone = [missing for _ in []]",
        body="size = 3\ntwice = size * 2\nrows = [n for n in range(size)]\nlist = [list, dict]\nflag: 'Whatever' = 1\n"
        "def helper(function):\n    return function\n@helper",
    ),
    "values that later code may have put there": _flow(
        "class C:\n    size = 1\nclient = other = found = None\ndef fill():\n    global client\n    client = C()\n"
        "fill()\nprint(client.size)\n"
        "print(found := C(), found.size)\nif True:\n    other = C()\nprint(other.size)\n"
        "alpha = Parameter('alpha', default=1)\nprint(alpha.name, (lambda: 1)())",
        names="FlowSpec, Parameter, step",
    ),
    "names that text does not show": _flow("exec('A = 1')\nB = A"),
    "names of a module that is not here": _flow("from company.constants import *\nB = A"),
    "parameters named like what stands above them": _flow(
        body="@timeout(minutes=2)\n@step\ndef more(self):\n    self.next(self.end)\ntimeout = Parameter('timeout', default=3)",
        names="*",
    ).replace("        self.next(self.end)\n\n", "        self.next(self.more)\n\n", 1),
}

ON_SELF = {
    "a part of Metaflow's engine": _flow(start="print(«self._datastore») FC416"),
    "methods that Metaflow never had": _flow(start="«self.parallel_map»(print) FC404"),
    "a method that is misspelt": _flow(body="def helper(self):\n    pass", start="«self.helpr»() FC404"),
    "what a step finds on itself": _flow(
        start="print(self.name, self.script_name, self._graph['end'], self._current_step, self._foreach_stack, self._graph_info)\n"
        "self.cmd('true')\nself.make = len\nself.make('x')"
    ),
}

CASES = {**LANGUAGE, **IMPORT_TIME, **ON_SELF}
