"""For each rule a flow that breaks it and the same flow put right: what `flowc explain` shows.

A cure is a list of replacements in the text of a case of the tables: the help of the rule, followed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from tests.diagnostics import marked, page, policy_cases, settings_cases, target_cases
from tests.diagnostics.tables import CASES

Edits = tuple[tuple[str, str], ...]

_JOIN = "    @step\n    def join(self, inputs):\n        self.next(self.end)\n\n    @step\n    def end(self"
_END = "    @step\n    def end(self"

CURES: dict[str, Edits] = {
    "FC103": (("class F(FlowSpec)\n    pass", "class F(FlowSpec):\n    @step\n    def start(self):\n        pass"),),
    "FC105": (
        (
            "import os",
            "from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        pass",
        ),
    ),
    "FC122": (
        ("class Plain:", "class Plain(FlowSpec):"),
        ("class Old(object):", "class Old(FlowSpec):"),
        ("import Parameter", "import FlowSpec, Parameter"),
    ),
    "FC107": (
        ("class F(BaseFlow)", "class F(FlowSpec)"),
        ("from company.flows import BaseFlow", "from metaflow import FlowSpec"),
    ),
    "FC110": (("Paramter", "Parameter"),),
    "FC111": (("    from metaflow import inspect_spin", "    from metaflow import Runner"),),
    "FC202": (("        self.next(self.end)", "        self.next(self.join)"), (_END, _JOIN)),
    "FC203": (("        self.next(self.end)", "        self.next(self.join)"), (_END, _JOIN)),
    "FC204": (("        self.next(self.end)", "        self.next(self.join)"), (_END, _JOIN)),
    "FC205": (("def a(self, inputs)", "def a(self)"),),
    "FC206": (
        ("def c(self):\n        self.next(self.j)", "def c(self):\n        self.next(self.i)"),
        ("def d(self):\n        self.next(self.j)", "def d(self):\n        self.next(self.i)"),
        (
            "    @step\n    def b(",
            "    @step\n    def i(self, inputs):\n        self.next(self.j)\n\n    @step\n    def b(",
        ),
    ),
    "FC207": (("def b(self):\n        self.next(self.end)", "def b(self):\n        self.next(self.j)"),),
    "FC208": (
        ("        self.next(self.end)", "        self.next(self.join)"),
        ("def end(self, inputs)", "def end(self)"),
        (_END, _JOIN),
    ),
    "FC209": (("def c(self)", "def c(self, inputs)"), ("def j(self, inputs)", "def j(self)")),
    "FC210": (
        ("_hidden", "hidden"),
        ("trainModel", "train_model"),
        ("self.input", "self.enter"),
        ("def input", "def enter"),
    ),
    "FC211": (
        ("_hidden", "hidden"),
        ("trainModel", "train_model"),
        ("self.input", "self.enter"),
        ("def input", "def enter"),
    ),
    "FC212": (("def start()", "def start(self)"), ("def end(self, *inputs)", "def end(self)")),
    "FC213": (("async def", "def"),),
    "FC215": (
        (
            '    if sys.platform == "linux":\n        @step\n        def end(self):\n            pass',
            '    @step\n    def end(self):\n        if sys.platform == "linux":\n            pass',
        ),
    ),
    "FC216": (("    @step\n    @retry(times=2)", "    @retry(times=2)\n    @step"),),
    "FC217": (("begin", "start"), ("finish", "end")),
    "FC218": (("begin", "start"), ("finish", "end")),
    "FC221": (("first=True", "start=True"),),
    "FC230": (("        self.x = 1", "        self.x = 1\n        self.next(self.end)"),),
    "FC231": (('        self.next(self.a)\n        print("bye")', '        print("bye")\n        self.next(self.a)'),),
    "FC232": (("return self.next", "self.next"),),
    "FC233": (
        (
            '        with open("f"):\n            self.next(self.a)',
            '        with open("f"):\n            pass\n        self.next(self.a)',
        ),
    ),
    "FC234": (("            self.next(self.a)\n", "            self.next(self.a)\n            return\n"),),
    "FC235": (("            self.next(self.b)\n", "            self.next(self.a)\n"),),
    "FC236": (("    def end(self):\n        self.next(self.start)", "    def end(self):\n        pass"),),
    "FC237": (("self.next()", "self.next(self.a)"),),
    "FC238": (("*[self.a, self.b]", "self.a, self.b"),),
    "FC240": (
        (', foreach="xs", num_parallel=2', ', foreach="xs"'),
        ("def a(self):\n        self.next(self.end)", "def a(self):\n        self.next(self.join)"),
        (_END, _JOIN),
    ),
    "FC241": (('F.a, self.x.b, "end"', "self.a, self.b"),),
    "FC242": (("self.finish", "self.a"),),
    "FC271": (("    def fit(self)", "    @step\n    def fit(self)"),),
    "FC272": (("    def clean(self):\n        self.next(self.end)\n\n", ""),),
    "FC243": (("self.a, self.b, self.a", "self.a, self.b"),),
    "FC245": (("foreach=self.xs", 'foreach="xs"'),),
    "FC246": (("        self.next({", '        self.kind = "x"\n        self.next({'), ("})", '}, condition="kind")')),
    "FC247": ((', condition="v"', ""),),
    "FC249": (('{"x": self.a, "x": self.b, True: self.a, 1: self.b}', '{"x": self.a, 1: self.b}'),),
    "FC251": (("num_parallel=0", "num_parallel=2"),),
    "FC252": (
        ("            return\n", "            self.next(self.a)\n            return\n"),
        ("                return None\n", "                break\n"),
    ),
    "FC266": (
        ("    def start(self):\n        self.next(self.end)", "    def start(self):\n        self.next(self.lost)"),
    ),
    "FC269": (("    @step\n    def a(", "    @parallel\n    @step\n    def a("),),
    "FC270": (("    @parallel\n", ""),),
    "FC401": (("self.x = 2", "self.y = 2"),),
    "FC402": (("self.SIZE += 1", "self.size = self.SIZE + 1"),),
    "FC403": (("self.input = 2", "self.item = 2"),),
    "FC404": (("itmes", "items"),),
    "FC405": (("del self.x", "self.x = None"),),
    "FC406": (("self.end = 2", "self.ended = 2"),),
    "FC415": (("self.start = 2", "self.begun = 2"),),
    "FC407": (("def j(self, inputs):\n", "def j(self, inputs):\n        self.merge_artifacts(inputs)\n"),),
    "FC408": (("self.n += 1", "self.n = 1"),),
    "FC409": (("    def b(self):\n", "    def b(self):\n        self.x = 2\n"),),
    "FC411": (("self.merge_artifacts(inputs)", "self.merge_artifacts(inputs, exclude=['y'])"),),
    "FC412": (("inputs.b.y, inputs[1].z", "inputs[1].x"),),
    "FC413": (("inputs.c.x", "inputs.b.x"),),
    "FC416": (("self._datastore", "self.name"),),
    "FC501": (("os.cpu_count()", "4096"),),
    "FC502": (("**dict(os.environ)", "cpu=2"),),
    "FC503": (("retry(3)", "retry(times=3)"),),
    "FC504": (("time=3", "times=3"),),
    "FC505": (("retri", "retry"),),
    "FC508": (("    @schedule(daily=True)\n", ""), ("class F", "@schedule(daily=True)\nclass F")),
    "FC509": (("    @retry(times=2)\n", ""),),
    "FC510": (("'many'", "3"),),
    "FC511": (("times=-1", "times=1"),),
    "FC513": (("@timeout", "@timeout(minutes=5)"),),
    "FC514": (("'my problem'", "'problem'"),),
    "FC520": (("0 6 * *'", "0 6 * * *'"),),
    "FC521": (("Berlim", "Berlin"),),
    "FC522": ((", hourly=True", ""),),
    "FC523": (("daily=False", "daily=True"),),
    "FC524": (("'My Project'", "'my_project'"),),
    "FC525": (("branch='b'", "name='prices', branch='b'"),),
    "FC527": (("'A B'", "'A_B'"),),
    "FC645": (("'A': 'a\\0b'", "'A': 'ab'"),),
    "FC528": (('TOKEN = os.environ["TOKEN"]', 'TOKEN = os.environ.get("TOKEN")'), ('os.environ["TOKEN"]', "TOKEN")),
    "FC540": (("'my x'", "'my-x'"),),
    "FC541": (("click.get()", "'x'"),),
    "FC542": (("'run-id'", "'the-run'"),),
    "FC543": (("'alpha'", "'beta'"),),
    "FC544": (("defualt='a'", "default_value={}"),),
    "FC393": (("    @grow\n", ""),),
    "FC539": (("data science", "data-science"),),
    "FC551": (("'t.csv'", "__file__"),),
    "FC552": (("'/etc/hostname'", "__file__"),),
    "FC553": (("encoding='ascii'", "encoding='utf-8'"),),
    "FC554": (("utf-99", "utf-8"),),
    "FC634": ((", only_system=True", ""),),
    "FC675": (("project(name='films')", "project(name='films', branch='ann')"),),
    "FC631": (('{1: self.a, 2: self.b}, condition="v"', "self.b"),),
    "FC650": (("default='cfg.json'", "default_value={}"),),
    "FC651": (("{a: 1}", '{"a": 1}'),),
    "FC652": (("required=True", "default_value={}"),),
    "FC572": (("MAXIMUM", "3"),),
    "FC573": (("    timeout = ", "    seconds = "),),
    "FC653": (("default='a', ", ""),),
    "FC654": (("cfg.a.c", "cfg.a.b"),),
    "FC655": (("[1]", "{'n': 1}"),),
    "FC656": (("default_value='a', parser=click.get", "default_value={'n': 2}"),),
    "FC657": (("click.get()", "{}"),),
    "FC658": (("default='/etc/hostname'", "default_value={}"),),
    "FC660": (
        ("FlowSpec, checkpoint, huggingface_hub, step", "FlowSpec, step"),
        ("    @checkpoint\n", ""),
        ('huggingface_hub.load("x")', "None"),
    ),
    "FC664": (("    @retry(times=2)\n    @traced\n", ""),),
    "FC665": (
        ("    @quiet\n    @few\n    @plain(word='x')\n    @plain('x')\n    @Timed('x')\n", ""),
        ("    def inner():\n        yield\n", "    yield\n"),
        ("def few(flow)", "def few(step_name, flow, inputs)"),
    ),
    "FC545": (("complex", "float"),),
    "FC546": (("default='many'", "default=3"),),
    "FC547": (("default='c'", "default='a'"),),
    "FC548": (("type=int", "type=str"),),
    "FC549": (("required=True", "default=1"),),
    "FC550": (("click.get()", "True"),),
    "FC214": (
        (
            "    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end",
            "    @step\n    def end",
        ),
    ),
    "FC219": (
        (
            "    @step\n    def start(self):\n        self.next(self.y)",
            "    @step\n    def x(self):\n        self.next(self.y)",
        ),
        ("self.next(self.y)\n\n    @step\n    def x", "self.next(self.x)\n\n    @step\n    def x"),
        ("    @step(end=True)\n    def z(self):\n        pass\n", ""),
    ),
    "FC220": (
        (
            "    @step\n    def start(self):\n        self.next(self.y)",
            "    @step\n    def x(self):\n        self.next(self.y)",
        ),
        ("self.next(self.y)\n\n    @step\n    def x", "self.next(self.x)\n\n    @step\n    def x"),
        ("    @step(end=True)\n    def z(self):\n        pass\n", ""),
    ),
    "FC239": (
        ('for_each="xs"', 'foreach="xs"'),
        ("        self.next(self.a,", "        self.xs = [1]\n        self.next(self.a,"),
        ("def a(self):\n        self.next(self.end)", "def a(self):\n        self.next(self.join)"),
        (_END, _JOIN),
    ),
    "FC244": (
        ('self.a, self.b, foreach="xs"', 'self.a, foreach="xs"'),
        ("def a(self):\n        self.next(self.j)", "def a(self):\n        self.next(self.b)"),
    ),
    "FC248": (("{1.5: self.a, (1, 2): self.b, self.v: self.a}", "{1: self.a, 2: self.b}"),),
    "FC260": (("2: self.c", "2: self.end"),),
    "FC261": (('def b(self):\n        self.next(self.c, foreach="xs")', "def b(self):\n        self.next(self.end)"),),
    "FC262": (
        ("self.next(self.k)", "self.next(self.j)"),
        ("    @step\n    def k(self, inputs):\n        self.next(self.end)\n", ""),
    ),
    "FC263": (
        ("self.next(self.j, foreach", "self.next(self.a, foreach"),
        ("    @step\n    def j(", "    @step\n    def a(self):\n        self.next(self.j)\n\n    @step\n    def j("),
    ),
    "FC268": (
        (
            "        self.v = 1\n",
            "        self.next(self.again)\n\n    @step\n    def again(self):\n        self.v = 1\n",
        ),
        ("{1: self.j,", "{1: self.again,"),
    ),
    "FC507": (("    @checkpoint\n", ""), (", checkpoint", "")),
    "FC512": (("    @catch(var='x')\n", ""),),
    "FC515": (("log_options=", "log_driver='awslogs', log_options="),),
    "FC555": (
        ("    if len(str(current)):\n        x =", "    x ="),
        (" if len(str(current)) else None", ""),
        ("(a,) = (Parameter('a', default=1),)", "a = Parameter('a', default=1)"),
    ),
    "FC583": (("default='t.csv'", "required=True"),),
    "FC584": ((", envvar='ALPHA'", ""),),
    "FC585": (
        ("def make(self, name): self.made = [Parameter(name)]", "made = Parameter('made')"),
        ("        self.a = IncludeFile('a')\n        x = lambda: Config('b')", "        print(self.made)"),
    ),
    "FC586": (("    @batch(cpu=1)\n", ""),),
    "FC580": (
        ("retry(times=3)(F.start)", ""),
        ('for name in ("start",):\n    setattr(F, name, timeout(minutes=1)(getattr(F, name)))', ""),
        ("tools.apply(F, [schedule(daily=True)])", ""),
        ("class F", "@schedule(daily=True)\nclass F"),
        ("    @step", "    @retry(times=3)\n    @timeout(minutes=1)\n    @step"),
    ),
    "FC581": (
        ("    if PRODUCTION:\n        schedule(daily=True)(F)\n", ""),
        ("class F", "@schedule(daily=True)\nclass F"),
    ),
    "FC661": (("@big", "@resources(memory=64000)"),),
    "FC662": (
        ("def timed(function):\n", "import functools\n\ndef timed(function):\n    @functools.wraps(function)\n"),
        ("    @noted('a')\n    @Kept\n", ""),
    ),
    "FC250": (('{"x": self.a}', '{"x": self.a, "y": self.end}'),),
    "FC264": (
        ("2: self.c", "2: self.d"),
        ("{1: self.j,", "{1: self.c,"),
        ("    @step\n    def j(", "    @step\n    def d(self):\n        self.next(self.j)\n\n    @step\n    def j("),
    ),
    "FC265": (("def c(self):\n        self.next(self.a)", "def c(self):\n        self.next(self.end)"),),
    "FC267": (("self.b, self.start", "self.b"),),
    "FC410": (("self.items = []", "self.found = []"),),
    "FC414": (("print(self.y)", "print(self.x, self.y)"),),
    "FC506": (("FlowSpec, step", "FlowSpec, retry, step"),),
    "FC526": (("{'type': 'inline', 'options': {'A': '1'}}", "'my-secret'"),),
    "FC529": (
        ("on_error=[len]", "on_error=[tell]"),
        ("@exit_hook", "def tell(run):\n    print(run.pathspec)\n\n@exit_hook"),
    ),
    "FC530": (("@exit_hook()", "def tell(run):\n    print(run.pathspec)\n\n@exit_hook(on_error=[tell])"),),
    "FC531": (("@trigger()", "@trigger(event='new_data')"),),
    "FC532": (("event='a', events=['b']", "events=['a', 'b']"),),
    "FC533": (("'a b'", "'a-b'"),),
    "FC534": (("['a', 'a']", "['a', 'b']"),),
    "FC535": (("'parameters': {'alpha': 'x'}", "'parameters': {}"),),
    "FC536": (('{"alpha": "a"}', '{"alpha": "a", "beta": "b"}'),),
    "FC537": (("aws-secret-manager.db", "aws-secrets-manager.db"),),
    "FC538": (("{'a; b': '1'}", "{'requests': '2.32.3'}"),),
    "FC570": (("vars={'DB_PASSWORD': 'hunter2hunter2'}", "vars={'DB_PASSWORD': os.environ.get('DB_PASSWORD')}"),),
}


def shown(code: str) -> str | None:
    """The marked case that shows a rule: the first one that has no other finding, else the first one; None where there is none."""
    first = None
    held = (case.shown for case in policy_cases.CASES.values() if case.is_flow)
    for text in (*CASES.values(), *_short(), *held, *settings_cases.TEXTS):
        codes = {place.code for place in marked.unmark(text).expected}
        if codes == {code}:
            return text
        if first is None and code in codes:
            first = text
    return first


def _short() -> tuple[str, ...]:
    """The cases of targets that people would read."""
    return tuple(case.text for case in target_cases.CASES.values() if len(case.text) < _LONGEST)


_LONGEST = 4_000


def right(code: str) -> str | None:
    """The case put right; None for a rule without a cure here."""
    text = shown(code)
    edits = CURES.get(code, settings_cases.CURES.get(code))
    if text is None or edits is None:
        return None
    source = marked.unmark(text).source
    for old, new in edits:
        assert old in source, f"{code}: {old!r} is not in its case"
        source = source.replace(old, new)
    return source


def _entries() -> Iterator[tuple[str, dict[str, str]]]:
    for code, rule in page.rules().items():
        entry = {"name": rule.name, "severity": rule.severity}
        entry |= {"message": page.plain(rule.message), "help": page.plain(rule.help)}
        if rule.fix:
            entry["fix"] = rule.fix
        for key, text in (("wrong", shown(code)), ("right", right(code))):
            if text:
                entry[key] = text.strip("\n") + "\n"
        yield code, entry


def entries() -> str:
    """What lies in the package as `compiler/rules.json`."""
    return json.dumps(dict(_entries()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(entries())
