"""Parameters, files and Configs (FC54x, FC55x, FC65x) and what steps do to them and to other names of the class (FC40x)."""


def _flow(*members: str, body: str = "pass", names: str = "*", flow: str = "") -> str:
    """A one-step flow with these class members and this body; a mark stands after `|`, for the part between `«` and `»`."""
    lines = [f"from metaflow import {names}", "import click", *([flow] if flow else []), "class F(FlowSpec):"]
    lines += [line for member in members for line in _marked(member, 4)]
    lines += ["    @step", "    def start(self):"]
    return "\n".join([*lines, *(line for part in body.split("; ") for line in _marked(part, 8)), ""])


def _marked(text: str, indent: int) -> list[str]:
    code = text[-5:] if text[-5:].startswith("FC") else ""
    text = text.removesuffix(code).rstrip()
    lines = [" " * indent + text.replace("«", "").replace("»", "")]
    if code:
        start = text.find("«")
        lines.append(" " * (indent + start) + "^" * (text.find("»") - start - 1) + f" {code}")
    return lines


CASES = {
    "a file that is not there": _flow("table = IncludeFile('table', «default='t.csv'») FC551"),
    "parameters that methods make": _flow(
        "def make(self, name): self.made = [«Parameter(name)»] FC585",
        body="self.a = «IncludeFile('a')» FC585; x = lambda: «Config('b')» FC585",
    ),
    "parameters that methods make under another name": (
        "from metaflow import *\nfrom metaflow import Config as Settings, Parameter as P\nimport metaflow as mf\n"
        "class F(FlowSpec):\n    def make(self):\n        return P('a')\n               ^^^^^^ FC585\n"
        "    @step\n    def start(self):\n        self.a = Settings('b')\n                 ^^^^^^^^^^^^^ FC585\n"
        "        self.b = mf . Parameter('c')\n                 ^^^^^^^^^^^^^^^^^^^ FC585\n"
    ),
    "a file that is not with the code": _flow("table = IncludeFile('table', «default='/etc/hostname'») FC552"),
    "a file that is no text": _flow("# é", "table = IncludeFile('table', «default=__file__», encoding='ascii') FC553"),
    "a file with an encoding that is none": _flow(
        "table = IncludeFile('table', default=__file__, «encoding='utf-99'») FC554"
    ),
    "a file that is there": _flow("table = IncludeFile('table', default=__file__)"),
    "a file that only run time names": _flow("table = IncludeFile('table', default=click.get())"),
    "a Config without its file": _flow("cfg = Config('cfg', «default='cfg.json'») FC650"),
    "a Config that is not with the code": _flow("cfg = Config('cfg', «default='/etc/hostname'») FC658"),
    "a Config that is no JSON": _flow("cfg = Config('cfg', «default_value='{a: 1}'») FC651"),
    "a Config that is no TOML": _flow("cfg = Config('cfg', «default_value='a ='», parser='tomllib.loads') FC651"),
    "a Config that holds a date": _flow(
        "cfg = Config('cfg', «default_value='a: 2020-01-01'», parser='yaml.safe_load') FC651"
    ),
    "a Config that must be given": _flow("cfg = «Config('cfg', required=True)» FC652"),
    "a Config with two defaults": _flow("cfg = Config('cfg', default='a', «default_value='{}'») FC653"),
    "a key that a Config does not have": _flow(
        "cfg = Config('cfg', default_value={'a': {'b': 1}})",
        "x = Parameter('x', default=cfg.a.b)",
        "y = Parameter('y', default=«cfg.a.c») FC654",
    ),
    "a Config that is a list": _flow("cfg = Config('cfg', «default_value=[1]») FC655"),
    "a value of the author's own parser in the output": _flow(
        "cfg = Config('cfg', default_value='a', parser=click.get)",
        "@retry(«times=cfg.n») FC656",
    ),
    "a Config that only running the module tells": _flow("cfg = Config('cfg', «default_value=click.get()») FC657"),
    "a misspelt option of a Config": _flow("cfg = Config('cfg', «defualt='a'») FC544"),
    "values of a Config in decorators and defaults": _flow(
        'cfg = Config(\'cfg\', default_value=\'{"n": 2, "more": {"help": "x"}, "p": {"name": "pp"}}\')',
        "x = Parameter('x', default=cfg['n'], **cfg.more)",
        "@retry(times=cfg.n, minutes_between_retries=cfg.get('pause', 0))",
        flow="@project(**config_expr('cfg.p'))",
    ),
    "a Config whose parser does no more than one of ours": _flow(
        "cfg = Config('cfg', default_value='a: 1', parser=lambda text: yaml.safe_load(text))",
        "x = Parameter('x', default=cfg.a)",
        names="*\nimport yaml",
    ),
    "a name with a blank": _flow("x = Parameter(«'my x'») FC540"),
    "a name that a function gives": _flow("x = Parameter(«click.get()») FC541"),
    "no name": _flow("x = «Parameter()» FC541"),
    "a reserved name": _flow("x = Parameter(«'run-id'») FC542"),
    "an attribute that self has": _flow("index = «Parameter('the-index')» FC542"),
    "one name in two cases": _flow("a = Parameter('Alpha')", "b = «Parameter('alpha')» FC543"),
    "an attribute twice": _flow("a = Parameter('a')", "«a = Parameter('b')» FC214"),
    "a misspelt option": _flow("x = Parameter('x', «defualt=1») FC544"),
    "an option that nothing would honour": _flow("x = Parameter('x', «prompt='X'») FC544"),
    "a type that is none": _flow("x = Parameter('x', «type=complex») FC545"),
    "parameters that only some condition declares": _flow(
        "if len(str(current)):",
        "    «x = Parameter('x', default=1)» FC555",
        "«y = Parameter('y', default=1) if len(str(current)) else None» FC555",
        "«(a,) = (Parameter('a', default=1),)» FC555",
    ),
    "parameters that another name or a function brings": _flow(
        "«x = SIZE» FC555",
        "«y = sized('y')» FC555",
        "z = len(str(SIZE))",
        names="*\nSIZE = Parameter('size', default=1)\ndef sized(name):\n    return Parameter(name, default=1)",
    ),
    "a file and a Config that only some condition declares": _flow(
        "with open(__file__):",
        "    «x = IncludeFile('x', default=__file__)» FC555",
        "«cfg = None or Config('cfg', default_value={})» FC555",
    ),
    "constants that are no parameters": _flow("KINDS = (len(str(Parameter)), [int, str])", "size: int = len('a')"),
    "a type that is a text": _flow("x = Parameter('x', «type='int'») FC545"),
    "a default of another type": _flow("x = Parameter('x', type=int, «default='many'») FC546"),
    "a fraction for a whole number": _flow("x = Parameter('x', type=int, «default=1.5») FC546"),
    "a number for a text": _flow("x = Parameter('x', type=str, «default=5») FC546"),
    "JSON that is none": _flow("x = Parameter('x', type=JSONType, «default='{a: 1}'») FC546"),
    "one value for several": _flow("x = Parameter('x', multiple=True, «default='a'») FC546"),
    "one of several of another type": _flow("x = Parameter('x', multiple=True, type=int, «default=[1, 'b']») FC546"),
    "a default that is no choice": _flow("x = Parameter('x', type=click.Choice(['a', 'b']), «default='c'») FC547"),
    "a separator for numbers": _flow("x = Parameter('x', type=int, «separator=','») FC548"),
    "required and scheduled": _flow("x = «Parameter('x', required=True)» FC549", flow="@schedule(daily=True)"),
    "a flag that only run time knows": _flow("x = Parameter('x', «required=click.get()») FC550"),
    "options that only run time knows": _flow("x = Parameter('x', «**click.get()») FC502"),
    "a parameter that a step assigns": _flow("x = Parameter('x', default=1)", body="«self.x» = 2 FC401"),
    "a constant that a step assigns": _flow("SIZE = 3", body="«self.SIZE» += 1 FC402"),
    "assignments that the code tries": """
from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    SIZE = 3
    x = Parameter("x", default=1)

    @step
    def start(self):
        try:
            self.SIZE = self.x = 2
        except AttributeError:
            print("read-only")
""",
    "one assignment that is tried and one that is not": """
from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    x = Parameter("x", default=1)

    @step
    def start(self):
        try:
            self.x = 2
        except AttributeError:
            self.x = 3
            ^^^^^^ FC401
""",
    "a name of the language that a step assigns": _flow(body="«self.input» = 2 FC403"),
    "a step that a step assigns": _flow(body="«self.start» = 2 FC415"),
    "a step that a step assigns and goes on to": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.end = 2
        ^^^^^^^^ FC406
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a parameter called like an option that goes before it": _flow("flow = Parameter('flow', default='x')"),
    "a deletion that does not last": _flow(body="del «self.x» FC405"),
    "a foreach over what nothing sets": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        self.next(self.a, foreach="itmes")
                                  ^^^^^^^ FC404

    @step
    def a(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "variables that are none": _flow(
        "a = Parameter('a', «envvar=5») FC550",
        "b = Parameter('b', «envvar=['B', click.B]») FC550",
        "c = Parameter('c', envvar=['C', 'CC'])",
        "d = IncludeFile('d', envvar='D')",
    ),
    "Configs that functions make": _flow(
        "a = Config('a', default_value=lambda ctx: {'n': len(ctx.flow_name), 'm': ctx.parameter_name})",
        "b = Config('b', default_value='x: 2;y: 3', parser=pairs)",
        "c = Config('c', default_value='2', parser=lambda text: int(text) + 1, plain=True)",
        "d = Config('d', «default_value=late») FC657",
        "e = Config('e', «default_value=lambda ctx: {'n': ctx.user_name}») FC657",
        "f = Config('f', default_value='1', «parser=lambda text: int(text)») FC655",
        "@retry(times=b.y)",
        "@resources(memory=a.n * 500, cpu=c)",
        flow="import os\ndef late(ctx): return {'n': os.getpid()}\n"
        "def pairs(text): return {key: int(value) for key, _, value in [each.partition(':') for each in text.split(';')]}",
    ),
}
