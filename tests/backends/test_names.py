"""Names of any length: each target gets one that it takes, no two the same, and everybody the same one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from compiler.backends import Backend, Options, OutputFile, refuse
from compiler.backends.airflow.segments import MOST_ID
from compiler.backends.airflow.steps import dag_id
from compiler.backends.argo.names import MOST_FIELD, Names, is_object_name, object_name, task_name
from compiler.backends.command import variant_image
from compiler.backends.names import within
from compiler.backends.stepfunctions.jobs import batch_name
from compiler.backends.stepfunctions.layout import safe_name
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.diagnostics import Report
from compiler.ir.plan import FlowTrigger, Project
from compiler.ir.planner import plan
from compiler.pipeline import compile_flow
from compiler.slotted_class import replaced
from compiler.workspace.image.recipes import recipe_name
from compiler.workspace.package import default_image
from tests.stages.plans import flow

WORD = some.text("abz_09", min_size=1, max_size=6)
STEP = some.builds(lambda first, often, end: f"s{first}{'a_bc' * often}{end}", WORD, some.integers(0, 80), WORD)
FLOW = some.builds(
    lambda word, often, end: word + "Xy" * often + end,
    some.text("ABab", min_size=1, max_size=3),
    some.integers(0, 160),
    WORD,
)
PLACES = {
    "dag": (FLOW, dag_id, MOST_ID, r"[\w.-]+"),
    "machine": (FLOW, safe_name, 80, r"[A-Za-z0-9_-]+"),
    "schedule and rule": (FLOW, lambda name: within(safe_name(name), 64), 64, r"[A-Za-z0-9_-]+"),
    "job": (FLOW, batch_name, 128, r"[A-Za-z0-9][A-Za-z0-9_-]*"),
    "task of Argo": (STEP, task_name, MOST_FIELD - len("-each"), r"[a-zA-Z0-9][-a-zA-Z0-9]*"),
    "state": (STEP, lambda step: within(step, 68), 68, r"\w+(-[0-9a-f]+)?"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@given(data=some.data())
def test_a_name_fits_and_no_two_are_the_same(place: str, data: some.DataObject) -> None:
    """Also of those that begin alike; a short one stays as it is, and so does one that was made short."""
    kind, spell, most, valid = PLACES[place]
    whole = data.draw(some.lists(kind, min_size=2, max_size=6, unique=True))
    made = [spell(name) for name in whole]
    for name, given_name in zip(made, whole, strict=True):
        assert len(name) <= most
        assert re.fullmatch(valid, name), name
        assert within(name, most) == name
        assert len(given_name) > most or within(given_name, most) == given_name
    assert len({name.lstrip("_") for name in made}) == len({name.lstrip("_") for name in whole})


PREFIXED = some.builds(
    lambda prefix, middle, end: f"{prefix}{middle}{end}",
    some.sampled_from(["Team" * 80, "a" * 300, "Weekly_numbers." * 30]),
    some.text("abAB01", max_size=3),
    some.text("abAB01", min_size=1, max_size=4),
)


@pytest.mark.parametrize("target", BUILT_IN)
@given(names=some.lists(PREFIXED, min_size=2, max_size=5, unique=True))
def test_deployments_that_begin_alike_stay_apart(target: str, names: list[str]) -> None:
    """And so do their files, on disks that do not count case too."""
    backend = load_backend(target)
    assert backend is not None
    made = plan(flow(start="end", end=""))
    deployed = [backend.deployment(made, Options(default_image="f:0", name=name)) for name in names]
    most, valid = {"airflow": (250, r"[\w.-]+"), "argo": (63, r"[\w.-]+"), "step-functions": (80, r"[\w-]+")}[target]
    assert all(len(name) <= most and re.fullmatch(valid, name) for name in deployed)
    assert len({name.casefold() for name in deployed}) == len(names)
    again = [backend.deployment(made, Options(default_image="f:0", name=name)) for name in reversed(names)]
    assert again == deployed[::-1]


def test_a_short_name_is_the_same_for_ever() -> None:
    """What stands in a cluster is found again by the next version."""
    assert within("n" * 100, 63) == "n" * 50 + "-4e9d823140bd"
    assert object_name("Weekly" * 20) == "weekly-" * 7 + "w-9431ebdac97d"
    assert safe_name("a.b" * 40) == "a-b" * 22 + "a-8e6650f40771"


@given(some.lists(FLOW, min_size=2, max_size=6, unique=True), some.integers(14, 63))
def test_an_object_of_kubernetes_has_a_name_that_is_one(names: list[str], most: int) -> None:
    made = [within(object_name(name), most, whole=name) for name in names]
    assert all(len(name) <= most and is_object_name(name) for name in made)
    long = [name for name, short in zip(names, made, strict=True) if len(object_name(name)) > most and short]
    assert len({within(object_name(name), most, whole=name) for name in long}) == len(long)


def test_a_dot_or_dash_at_the_cut_leaves_a_name_that_kubernetes_takes() -> None:
    for length in range(40, 60):
        assert is_object_name(object_name(f"{'a' * length}.b-c.d{'e' * 40}"))


def test_a_number_fits_too() -> None:
    """Where two wishes for a template's name meet."""
    names = Names()
    made = [names.claim("x" * MOST_FIELD) for _ in range(3)]
    assert len(set(made)) == len(made)
    assert max(map(len, made)) <= MOST_FIELD


LONG = "T" + "he" * 200 + "Flow"
"""Longer than every limit."""


def emitted(target: str, name: str, **more: Any) -> tuple[OutputFile, ...]:
    backend = load_backend(target)
    assert backend is not None
    made = plan(flow(**{"start": "a" * 300, "a" * 300: "end", "end": ""}))
    decided = replaced(made, flow=replaced(made.flow, name=name), **more)
    return _taken(backend, decided, Options(default_image="f:0"))


def _taken(backend: Backend, decided: Any, options: Options) -> tuple[OutputFile, ...]:
    report = Report()
    refuse(decided, backend, options, report)
    assert not [*report]
    return backend.emit(decided, options)


@pytest.mark.parametrize("target", BUILT_IN)
def test_no_length_of_a_name_is_refused(target: str) -> None:
    """Of a flow, a step and a project; and another flow of the same beginning has another name."""
    project = Project("p" * 60, "user." + "u" * 60, is_production=False)
    first, second = (emitted(target, f"{LONG}{end}", project=project) for end in "AB")
    name_of = {"airflow": _dags, "argo": _objects, "step-functions": _machines}[target]
    assert name_of(first) != name_of(second)


def _dags(files: tuple[OutputFile, ...]) -> str:
    (found,) = re.findall(r'dag_id="([^"]*)"', files[0].text)
    assert len(found) <= MOST_ID
    ids = re.findall(r'task_id="([^"]*)"', files[0].text)
    assert all(len(each) <= MOST_ID for each in ids)
    (tags,) = re.findall(r"tags=\[(.*?)\]", files[0].text, re.DOTALL)
    assert all(len(tag) <= 100 for tag in re.findall(r'"(.*?)"', tags))
    return str(found)


def _objects(files: tuple[OutputFile, ...]) -> str:
    (template,) = yaml.safe_load_all(files[0].text)
    name = str(template["metadata"]["name"])
    assert len(name) <= 63
    return name


def _machines(files: tuple[OutputFile, ...]) -> str:
    name = files[0].name.removesuffix(".asl.json")
    assert len(name) <= 80
    assert all(len(state) <= 80 for state in json.loads(files[0].text)["States"])
    for document in json.loads(files[1].text).values():
        assert len(document["jobDefinitionName"]) <= 128
    return name


def test_an_image_has_a_tag_and_a_name_that_registries_take() -> None:
    """Of a long step and of a long flow; what follows a registry's port is no tag."""
    assert variant_image("r.io:5000/f:0123456789ab", "train") == "r.io:5000/f:0123456789ab-train"
    assert variant_image("r.io:5000/f", "train") == "r.io:5000/f-train"
    made = {variant_image("f:0123456789ab", "s" * 200 + end) for end in "ab"}
    assert len(made) == len("ab")
    assert all(re.fullmatch(r"f:\w[\w.-]{0,127}", image) for image in made)
    flows = {default_image(LONG + end, "0123456789ab", None) for end in "aA"}
    assert len(flows) == len("aA")
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*:\w{12}", image) and len(image) < 200 for image in flows)
    assert len(recipe_name("s" * 300)) < 255


FOLLOWED = "WeeklyNumbersOfAllShopsAndTheirWarehousesInEveryCountryAndRegionThatWeHaveEverSoldAnythingIn"
"""Longer than a machine's and a template's name."""


@pytest.mark.parametrize("target", BUILT_IN)
def test_a_flow_that_follows_another_finds_it_by_the_name_that_it_has(target: str, tmp_path: Path) -> None:
    head = "from flowc import *\n\n\n"
    body = "    @step\n    def start(self):\n        pass\n"
    ends = f"@schedule(daily=True)\nclass {FOLLOWED}(FlowSpec):\n{body}"
    follows = f"@trigger_on_finish(flow='{FOLLOWED}')\nclass {FOLLOWED}Again(FlowSpec):\n{body}"
    texts = {}
    for name, text in (("ends", ends), ("follows", follows)):
        (tmp_path / f"{name}.py").write_text(head + text)
        backend = load_backend(target)
        assert backend is not None
        files, report = compile_flow(tmp_path / f"{name}.py", backend, Options(default_image="f:0", namespace="n"))
        assert not [*report]
        texts[name] = {file.name.partition(".")[2]: file.text for file in files}
    _agree(target, texts["ends"], texts["follows"])


def _agree(target: str, ends: dict[str, str], follows: dict[str, str]) -> None:
    """By the asset, the template's name in the filter, or the machine's in the pattern and in the run's id."""
    if target == "airflow":
        assert re.findall(r'Asset\("(.*?)"\)', ends["py"]) == re.findall(r'schedule=\[Asset\("(.*?)"\)', follows["py"])
    elif target == "argo":
        template, cron = yaml.safe_load_all(ends["yaml"])
        _, source, sensor = yaml.safe_load_all(follows["yaml"])
        (watched,) = source["spec"]["resource"].values()
        wanted = {each["key"]: each["value"] for each in watched["filter"]["fields"]}
        assert re.fullmatch(wanted["spec.workflowTemplateRef.name"], template["metadata"]["name"])
        assert cron["spec"]["workflowSpec"]["workflowTemplateRef"]["name"] == template["metadata"]["name"]
        started = sensor["spec"]["triggers"][0]["template"]["k8s"]["source"]["resource"]["metadata"]["name"]
        assert max(len(cron["metadata"]["name"]), len(started), len(sensor["metadata"]["name"])) <= 52
    else:
        (machine,) = re.findall(r":stateMachine:(\S+?)\"", follows["events.json"])
        assert len(machine) <= 80
        assert f"sfn-{machine}-<execution>" in follows["events.json"]
        assert len(json.loads(ends["schedule.json"])["Name"]) <= 64
        assert len(json.loads(follows["events.json"])["Name"]) <= 64
        assert machine == safe_name(FOLLOWED)


def test_a_flow_may_follow_very_many() -> None:
    """The name of what the Sensor creates holds a hash for each."""
    made = plan(flow(start="end", end=""))
    backend = load_backend("argo")
    assert backend is not None
    for count in (1, 4, 5, 9, 20):
        triggers = tuple(FlowTrigger(f"Other{at}", None, None, made.flow.span) for at in range(count))
        decided = replaced(made, flow=replaced(made.flow, name=LONG), triggers=triggers)
        (file,) = _taken(backend, decided, Options(default_image="f:0", namespace="n"))
        *_, sensor = yaml.safe_load_all(file.text)
        template = sensor["spec"]["triggers"][0]["template"]["k8s"]
        keys = [int(each) for each in re.findall(r"trunc (\d+)", json.dumps(template["parameters"]))]
        assert len(keys) == count
        assert len(template["source"]["resource"]["metadata"]["name"]) + sum(key + 1 for key in keys) <= 63
