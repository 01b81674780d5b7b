"""Decorators and their options (FC39x, FC50x to FC52x)."""


def _step(*decorators: str, head: str = "", names: str = "*", flow: tuple[str, ...] = (), body: str = "") -> str:
    """A flow of two steps, the second with these decorators; `flow` are the class's. Marks follow their lines after `|`."""
    lines = [f"from metaflow import {names}", *head.strip("\n").split("\n"), "import os"]
    lines += [line for decorator in flow for line in _marked(decorator, "")]
    lines += ["class F(FlowSpec):", "    @step", "    def start(self):", "        self.next(self.a)"]
    lines += [line for decorator in decorators for line in _marked(decorator, "    ")]
    lines += ["    @step", "    def a(self):", *(body or "        self.next(self.end)").strip("\n").split("\n")]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


def _marked(text: str, indent: str) -> list[str]:
    """`retry(times=<-1>) FC511`: the part between the signs is what the finding covers."""
    code = text[-5:] if text[-5:].startswith("FC") else ""
    text = text.removesuffix(code).rstrip()
    start = text.find("«")
    plain = text.replace("«", "").replace("»", "")
    lines = [f"{indent}@{plain}"]
    if code:
        width = text.find("»") - start - 1
        lines.append(" " * (len(indent) + 1 + start) + "^" * width + f" {code}")
    return lines


_ALPHA = """        self.next(self.end)
    alpha = Parameter("alpha", default=1)"""

CASES = {
    "a variable that is named like a credential": _step("environment(«vars={'DB_PASSWORD': 'hunter2hunter2'}») FC570"),
    "a variable with the shape of a credential": _step("environment(«vars={'KEY': 'AKIA' 'ABCDEFGHIJKLMNOP'}») FC570"),
    "a password in a URL": _step("environment(«vars={'DB': 'postgres://ada:correcthorse@db/x'}») FC570"),
    "a key of Google's": _step("environment(«vars={'KEY': 'AIza' '" + "aB3-_" * 7 + "'}») FC570"),
    "a token of a model hub": _step("environment(«vars={'HUB': 'hf_' '" + "aB3" * 11 + "'}») FC570"),
    "a webhook": _step(
        "environment(«vars={'U': 'https://hooks.slack.com/services/' 'T0A/B0C/" + "x1" * 12 + "'}») FC570"
    ),
    "a key of a language model": _step("environment(«vars={'K': 'sk-' 'proj-" + "aB3_" * 6 + "'}») FC570"),
    "common texts that are no credentials": _step(
        "environment(vars={'ID': '123e4567-e89b-12d3-a456-426614174000', 'SHA': '" + "0123456789abcdef" * 4 + "'})",
        "kubernetes(image='registry.example.org/a/b@sha256:" + "0f" * 32 + "')",
        flow=("schedule(cron='0 6 * * *')",),
        head="LOGO = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO'",
    ),
    "names of credentials whose value is a place": _step(
        "environment(vars={'API_KEY': '/run/secrets/key', 'CREDENTIALS': 's3://bucket/keys', 'DB_PASSWORD': '${DB_PASSWORD}',"
        " 'PRIVATE_KEY': 'keys/deploy.pem', 'TOKEN': '<your token>',"
        " 'DB': 'postgres://ada:{password}@db/x', 'M': 'sk-learn-model-for-regression'})"
    ),
    "names and values that are no credentials": _step(
        "environment(vars={'TOKEN_URL': 'https://example.org/token', 'MAX_TOKEN': '100000000', 'PASSWORD': '', 'SALT': 'a:b@c'})"
    ),
    "a value that only run time knows": _step("resources(«memory=os.cpu_count()») FC501"),
    "options that only run time knows": _step("resources(«**dict(os.environ)») FC502"),
    "an option by position": _step("retry(«3») FC503"),
    "a misspelt option": _step("retry(«time=3») FC504"),
    "an option of another decorator": _step("timeout(hours=1, «times=3») FC504"),
    "a misspelt decorator": _step("«retri(times=3)» FC505", names="FlowSpec, step, retri"),
    "a decorator that is not imported": _step("«retry» FC506", names="FlowSpec, step"),
    "a decorator of an extension": _step("«checkpoint» FC507", names="FlowSpec, step, checkpoint"),
    "a name of an extension that is no decorator here": """
from metaflow import FlowSpec, checkpoint, huggingface_hub, step
                                           ^^^^^^^^^^^^^^^ FC660
try:
    from metaflow import load_model
except ImportError:
    load_model = None

class F(FlowSpec):
    @checkpoint
     ^^^^^^^^^^ FC507
    @step
    def start(self):
        self.model = huggingface_hub.load("x")
""",
    "a flow decorator on a step": _step("«schedule(daily=True)» FC508"),
    "a step decorator on a flow": _step(flow=("«retry(times=2)» FC508",)),
    "a decorator twice": _step("retry(times=2)", "«retry(times=3)» FC509"),
    "a variable with a NUL": _step("environment(«vars={'A': 'a\\0b'}») FC645"),
    "a label with half of a surrogate pair": _step("kubernetes(«labels={'\\ud83d': 'a'}») FC645"),
    "an image with a NUL": _step("batch(«image='a\\0'») FC645"),
    "texts of many kinds": _step("environment(vars={'A': '\\x01\\x1b\\x7f\\u2028\\ufeff{{x}}$(y)', 'B': ''})"),
    "times that are a text": _step("retry(«times='many'») FC510"),
    "numbers in every spelling": _step(
        "retry(times=2.0, minutes_between_retries='0.5')",
        "timeout(seconds='60', minutes=1e0, hours=0x1)",
        "resources(cpu='1e-1', memory=10 ** 3, gpu=int('2'), shared_memory=1_000)",
        "kubernetes(disk='4e3', port=8080.0, memory=str(2 ** 10))",
    ),
    "numbers that are none": _step(
        "retry(«times=True») FC510",
        "timeout(«seconds='nan'») FC510",
        "resources(«memory=4000.5») FC510",
        "kubernetes(«disk='1e999'») FC510",
    ),
    "a number that is an empty text": _step("batch(«max_swap=''») FC510"),
    "a step for Kubernetes and for AWS Batch": _step("kubernetes(cpu=1)", "«batch(cpu=1)» FC586"),
    "times that are a fraction": _step("retry(«times=1.5») FC510"),
    "negative retries": _step("retry(«times=-1») FC511"),
    "a negative pause": _step("retry(times=1, «minutes_between_retries=-2») FC511"),
    "memory that is no number": _step("resources(«memory='lots'») FC510"),
    "memory with a unit": _step("kubernetes(«memory='4Gi'») FC510"),
    "no memory at all": _step("batch(«memory=0») FC511"),
    "no cpu at all": _step("resources(«cpu=0») FC511"),
    "an image that is a number": _step("kubernetes(«image=3») FC510"),
    "a label's value": _step("kubernetes(«labels={'team': 'data science'}») FC539"),
    "a label's key": _step("kubernetes(«labels={'_team': 'data'}») FC539"),
    "a label's key before the slash": _step("kubernetes(«labels={'Example.com/a': 'b'}») FC539"),
    "labels that are right": _step("kubernetes(labels={'example.com/team': 'Data_1.0', 'empty': ''})"),
    "more retries than anybody counts": _step("retry(«times=2**40») FC511"),
    "a number beyond all floats": _step("retry(«times=" + "9" * 400 + "») FC501"),
    "labels that are a list": _step("kubernetes(«labels=['a']») FC510"),
    "a flag that is a text": _step("catch(var='x', «print_exception='no'») FC510"),
    "a swappiness beyond its range": _step("batch(«swappiness=200») FC511"),
    "an environment value that is a list": _step("environment(vars={'A': '1', 'B': «[2]»}) FC510"),
    "environment values that are numbers": _step("environment(vars={'A': 1, 'B': 2.5, 'C': True})"),
    "a package at an address": _step("pypi(packages={'tool[all,fast] @ git+https://example.org/tool.git': ''})"),
    "a large size": _step("resources(memory=600 * 1000)"),
    "an environment that is a list": _step("environment(«vars=['A=1']») FC510"),
    "a name of a variable": _step("environment(vars={'A B': «'1'»}) FC527"),
    "catch on a foreach": _step(
        "«catch(var='x')» FC512",
        body="""
        self.xs = [1]
        self.next(self.b, foreach="xs")
    @step
    def b(self):
        self.next(self.j)
    @step
    def j(self, inputs):
        self.next(self.end)
""",
    ),
    "catch on a switch": _step(
        "«catch(var='x')» FC512",
        body="""
        self.v = 1
        self.next({1: self.b, 2: self.end}, condition="v")
    @step
    def b(self):
        self.next(self.end)
""",
    ),
    "a timeout without a time": _step("«timeout» FC513"),
    "a timeout of nothing": _step("«timeout(seconds=0)» FC513"),
    "a name to catch in": _step("catch(«var='my problem'») FC514"),
    "a cron of four fields": _step(flow=("schedule(«cron='0 6 * *'») FC520",)),
    "an hour that there is not": _step(flow=("schedule(«cron='0 26 * * *'») FC520",)),
    "six fields without a question mark": _step(flow=("schedule(«cron='0 6 * * 1 *'») FC520",)),
    "a time zone that there is not": _step(flow=("schedule(daily=True, «timezone='Europe/Berlim'») FC521",)),
    "two schedules": _step(flow=("schedule(cron='0 6 * * *', «hourly=True») FC522",)),
    "no schedule": _step(flow=("«schedule(daily=False)» FC523",)),
    "a project's name": _step(flow=("project(«name='My Project'») FC524",)),
    "a project's branch": _step(flow=("project(name='p', «branch='feature/x'») FC524",)),
    "a project without a name": _step(flow=("«project(branch='b')» FC525",)),
    "a secret in the source": _step("secrets(«sources=[{'type': 'inline', 'options': {'A': '1'}}]») FC526"),
    "secrets that are one text": _step("secrets(«sources='a'») FC510"),
    "a secret of a store that nobody knows": _step("secrets(«sources=['aws-secret-manager.db']») FC537"),
    "a secret without a name": _step("secrets(«sources=[{'type': 'kubernetes'}]») FC537"),
    "an option of a secret": _step("secrets(«sources=[{'type': 'aws-secrets-manager', 'id': 'a', 'opts': {}}]») FC504"),
    "a variable whose name is a number below none": _step("environment(vars={«-3»: 'a', 'B': 'b'}) FC527"),
    "a variable whose name is a constant that is no text": _step(
        "environment(vars={'B': 'b', «NAME»: 'a'}) FC527", head="NAME = (1, 2)"
    ),
    "a variable whose name is a number": _step("environment(vars={«0»: os.environ.get('A')}) FC527"),
    "a variable for a secret": _step("secrets(«sources=[{'id': 'a', 'options': {'env_var_name': 'A B'}}]») FC527"),
    "a package that pip cannot read": _step("pypi(«packages={'a; b': '1'}») FC538"),
    "a version that is a number": _step("conda(«packages={'pandas': 2}») FC538"),
    "a python that is none": _step(flow=("pypi_base(«python='three'») FC538",)),
    "a python without a first version": _step("conda(«python='<3.12'») FC538"),
    "any release of a python": _step("conda(python='3.10.*')", flow=("pypi_base(python='>=3.10, <3.11')",)),
    "packages that are a list": _step("pypi(«packages=['pandas']») FC510"),
    "secrets and packages that are right": _step(
        "secrets(sources=['db', 'kubernetes.db', {'type': 'aws-secrets-manager', 'id': 'a/b', 'options': {'json': False}}])",
        "pypi(packages={'pandas': '2.1.0', 'a[b]': '>=1,<2', 'c': '', 'git+https://host/r': '@v1'}, python='3.11.4')",
        "conda(packages={'conda-forge::gdal': '3.8'}, disabled=True)",
    ),
    "a hook that is no function": _step(flow=("exit_hook(on_error=[«len»]) FC529",)),
    "a hook that is misspelt": _step(
        flow=("exit_hook(on_error=[«'notfy'»]) FC529",), head="def notify(run=None):\n    pass"
    ),
    "a hook that is a lambda": _step(flow=("exit_hook(on_success=[«lambda: None»]) FC529",)),
    "a hook that calls nothing": _step(flow=("«exit_hook()» FC530",)),
    "an option of a hook": _step(
        flow=("exit_hook(on_error=[tell], «options={'imag': 'x'}») FC504",), head="def tell():\n    pass"
    ),
    "hooks that are right": _step(
        flow=("exit_hook(on_error=[tell, 'tell', alerts.page, 'pkg.mod.f'])", "exit_hook(on_success=[shout])"),
        head="import alerts\nfrom alerts import shout\ndef tell():\n    pass",
    ),
    "a trigger without an event": _step(flow=("«trigger()» FC531",)),
    "a flow to wait for that has no name": _step(flow=("«trigger_on_finish(flows=[])» FC531",)),
    "an event and events": _step(flow=("trigger(event='a', «events=['b']») FC532",)),
    "two kinds of triggers": _step(flow=("trigger(event='a')", "«trigger_on_finish(flow='F')» FC532")),
    "an event's name": _step(flow=("trigger(«event='a b'») FC533",)),
    "an event that is a number": _step(flow=("trigger(«events=[1]») FC533",)),
    "a misspelt key of an event": _step(flow=("trigger(«event={'name': 'a', 'parameter': {}}») FC504",)),
    "a field that no event has": _step(
        flow=("trigger(«event={'name': 'a', 'parameters': {'alpha': 'x.y'}}») FC533",), body=_ALPHA
    ),
    "a flow's name with one dot": _step(flow=("trigger_on_finish(«flow='project.Other'») FC533",)),
    "half a project": _step(flow=("trigger_on_finish(«flow={'name': 'Other', 'project': 'p'}») FC533",)),
    "an event twice": _step(flow=("trigger(«events=['a', 'a']») FC534",)),
    "a parameter that is filled twice": _step(
        flow=("trigger(«event={'name': 'a', 'parameters': ['alpha', ('alpha', 'x')]}») FC534",), body=_ALPHA
    ),
    "a parameter that an event cannot fill": _step(
        flow=("trigger(«event={'name': 'a', 'parameters': {'alpha': 'x'}}») FC535",)
    ),
    "an option of a trigger": _step(flow=("trigger(event='a', «options={'reset': {}}») FC504",)),
    "a reset without a time": _step(flow=("trigger(events=['a', 'b'], «options={'reset_at': {}}») FC533",)),
    "triggers that are right": _step(
        flow=(
            "project(name='p')",
            "trigger(events=[namespaced_event_name('a'), {'name': 'b', 'parameters': {'alpha': 'x'}}])",
        ),
        body=_ALPHA,
    ),
    "flows to wait for that are right": _step(
        flow=("trigger_on_finish(flows=['A', 'p.test.b.C', {'name': 'D', 'project': 'p', 'project_branch': 'prod'}])",),
    ),
    "a required parameter that no event fills": """
from metaflow import FlowSpec, Parameter, step, trigger

@trigger(event={"name": "e", "parameters": {"alpha": "a"}})
class F(FlowSpec):
    alpha = Parameter("alpha", required=True)
    beta = Parameter("beta", required=True)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC536
    @step
    def start(self):
        pass
""",
    "a mutator": _step("«grow» FC393", head="class grow(StepMutator):\n    pass"),
    "a mutator that derives from another": _step(
        "«grow(by=2)» FC393", head="class plant(StepMutator):\n    pass\nclass grow(plant):\n    pass"
    ),
    "a mutator under another name": _step(
        "«grown» FC393", head="class grow(StepMutator):\n    pass\ngrown = grow(by=3)"
    ),
    "a flow mutator": _step(head="class grow(FlowMutator):\n    pass", flow=("«grow» FC393",)),
    "a flow mutator on a step": _step("«grow» FC508", head="class grow(FlowMutator):\n    pass"),
    "a step mutator on a flow": _step(head="class grow(StepMutator):\n    pass", flow=("«grow» FC508",)),
    "a user step decorator on a flow": _step(
        head="@user_step_decorator\ndef timed(name, flow, inputs):\n    yield", flow=("«timed» FC508",)
    ),
    "user step decorators, twice, and unknown artifacts": _step(
        "timed",
        "timed(unit='s')",
        "Guard",
        head="""
@user_step_decorator
def timed(name, flow, inputs, attributes):
    yield
class Guard(UserStepDecorator):
    pass
""",
        body="        print(self.by_guard)\n        self.next(self.end)",
    ),
    "what cannot be a user step decorator": _step(
        "«quiet» FC665",
        "«few» FC665",
        "«plain(word='x')» FC665",
        "«plain('x')» FC665",
        "«Timed('x')» FC665",
        "plain",
        "plain()",
        "more(word='x')",
        "Timed(unit='x')",
        head="""
@user_step_decorator
def quiet(step_name, flow, inputs):
    def inner():
        yield
@user_step_decorator
def few(flow):
    yield
@user_step_decorator
def plain(step_name, flow, inputs):
    yield
@user_step_decorator
def more(step_name, flow, inputs, attributes):
    try:
        yield
    finally:
        print(attributes)
class Timed(UserStepDecorator):
    def init(self, unit):
        self.unit = unit
""",
    ),
    "decorators of steps above what is none": """
from metaflow import FlowSpec, resources, retry, step, user_step_decorator

@user_step_decorator
def traced(step_name, flow, inputs):
    yield

class F(FlowSpec):
    @retry(times=2)
     ^^^^^^^^^^^^^^ FC664
    @traced
     ^^^^^^ FC664
    @property
    def size(self):
        return 1

    @step
    def start(self):
        pass
""",
    "names of its own in a decorator are not the language's": _step(
        "plain", head="def plain(function):\n    project = batch = function\n    return batch"
    ),
    "a decorator that puts on others": _step(
        "«big» FC661", head="def big(function):\n    return resources(memory=64000)(function)"
    ),
    "options that say nothing alone": _step("batch(«log_options=['a:b']») FC515"),
    "a pod that cannot be Guaranteed": _step("kubernetes(«qos='Guaranteed'», cpu=1) FC515"),
    "a pod that is Guaranteed": _step("kubernetes(qos='Guaranteed', cpu=1)", "resources(memory=500)"),
    "a card that is to be shown while its step runs": _step("card(type='default', refresh_interval=1)"),
    "options of a card that are none": _step(
        "card(«timeout='soon'») FC510",
        "card(«id=5») FC510",
        "card(«scope='run'») FC510",
        "card(«rank=1») FC510",
        "card(timeout=5, options={'a': os.getcwd()}, id=os.getcwd(), scope='task', customize=True)",
    ),
    "decorators out of expressions, and names with several values": _step(
        "(«resources(cpu=2) if os.environ else plain») FC661",
        "«either» FC661",
        "partly(cpu=2)",
        head="""
import functools, os
if os.environ:
    either = resources(cpu=2)
else:
    either = functools.cache
partly = functools.partial(resources, memory=100)
def plain(function):
    return function
""",
    ),
    "decorators of the language under another name": _step(
        "often",
        "soon(seconds=3)",
        "late",
        head="""
import functools
import metaflow as mf
often = retry(times=3)
soon = timeout
caught = catch(var="error")
late = caught
""",
    ),
    "a mistake in a decorator under another name": """
from metaflow import FlowSpec, retry, step

often = retry(tmes=3)
              ^^^^^^ FC504

class F(FlowSpec):
    @often
    @retry
     ^^^^^ FC509
    @step
    def start(self):
        pass
""",
    "a decorator that hides the step": _step(
        "«timed» FC662",
        "«noted('a')» FC662",
        "«Kept» FC662",
        head="""
def timed(function):
    def wrapped(self):
        return function(self)
    return wrapped
def noted(word):
    def decorate(function):
        def wrapped(self):
            self.word = word
            return function(self)
        return wrapped
    return decorate
class Kept:
    def __init__(self, function):
        self.function = function
    def __call__(self, flow):
        return self.function(flow)
""",
    ),
    "decorators that keep the step, or may": _step(
        "timed",
        "noted('a')",
        "marked",
        "Kept",
        "given",
        "Made(3)",
        head="""
import functools
def timed(function):
    @functools.wraps(function)
    def wrapped(self):
        return function(self)
    return wrapped
def noted(word):
    def decorate(function):
        def wrapped(self):
            return function(self)
        return functools.update_wrapper(wrapped, function)
    return decorate
def marked(function):
    print(function.__name__)
    return function
class Kept:
    def __init__(self, function):
        functools.update_wrapper(self, function)
    def __get__(self, flow, owner=None):
        return self.function.__get__(flow)
def given(function):
    if os.environ.get("TIMED"):
        def wrapped(self):
            return function(self)
        return wrapped
    return function
class Made:
    def __init__(self, count):
        self.count = count
    def __call__(self, function):
        return function
""",
    ),
    "environment read at import": """
import os
from metaflow import FlowSpec, environment, step

TOKEN = os.environ["TOKEN"]
        ^^^^^^^^^^^^^^^^^^^ FC528
os.environ["HOME_URL"] = "x"
URL = os.environ["HOME_URL"]
KIND = os.environ["KIND"]

class F(FlowSpec):
    @environment(vars={"KIND": "a"})
    @step
    def start(self):
        self.token = os.environ["TOKEN"]
""",
}

step_with = _step
