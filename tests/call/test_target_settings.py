"""Settings of a target on the command line: every form that a person would type, and one line for what does not fit."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN, load_backend
from compiler.call.target_settings import given_value
from tests.stages.command_line import Flowc

TAKEN: list[tuple[str, str, str, object]] = [
    ("airflow", "tags", "a,b", ("a", "b")),
    ("airflow", "tags", "a", ("a",)),
    ("airflow", "tags", '["a, b"]', ("a, b",)),
    ("airflow", "owner", "3", "3"),
    ("airflow", "owner", "a,b", "a,b"),
    ("airflow", "max_active_runs", "3", 3),
    ("airflow", "in_cluster", "true", True),
    ("airflow", "default_args", "owner=x", {"owner": "x"}),
    ("airflow", "tolerations", '[{"key": "gpu", "operator": "Exists"}]', ({"key": "gpu", "operator": "Exists"},)),
    ("argo", "node_selector", '{"team": "x"}', {"team": "x"}),
    ("argo", "labels", '{team = "x"}', {"team": "x"}),
    ("airflow", "image_pull_secrets", "one, two", ("one", "two")),
    ("argo", "pod_gc", "strategy=OnPodCompletion", {"strategy": "OnPodCompletion"}),
    ("argo", "qos", "Burstable", "Burstable"),
    ("step-functions", "tags", "team=x,cost=a=b", {"team": "x", "cost": "a=b"}),
    ("step-functions", "spot_attempts", "3", 3),
    ("step-functions", "queue", "3", "3"),
]


@pytest.mark.parametrize(("target", "key", "text", "value"), TAKEN)
def test_text_is_read_as_what_its_key_takes(target: str, key: str, text: str, value: object) -> None:
    backend = load_backend(target)
    assert backend is not None
    assert given_value(backend, key, text) == value


REFUSED = [
    ("airflow", "--max-active-runs many", "--max-active-runs many: it takes a whole number, for example --max-active-runs 3"),
    ("airflow", "--operator docker", "--operator docker: it takes `kubernetes` or `bash`"),
    ("airflow", "--labels 3", "--labels 3: it takes a table of texts, for example --labels key=value,other=value"),
    ("airflow", "--on-failure-callback f", "it takes the dotted path of a function, for example --on-failure-callback module.function"),
    ("airflow", "--default-args depends_on_past=true", "--default-args depends_on_past=true: it takes for depends_on_past "),
    ("argo", "--labels x", "--labels x: it takes a table of texts, for example --labels key=value,other=value"),
    ("argo", "--tolerations x", "--tolerations x: it takes a list of tables, for example --tolerations '[{"),
    ("argo", "--qos Best", "--qos Best: it takes one of Guaranteed, Burstable"),
    ("argo", "--service-account default", "it takes an account of its own"),
    ("step-functions", "--tags x", "--tags x: it takes a table of texts, for example --tags key=value,other=value"),
    ("step-functions", "--spot-attempts 99", "it takes a number from 1 to 10, for example --spot-attempts 3"),
    ("step-functions", "--queue ''", "--queue '': it takes a text, for example --queue text"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "words", "said"), REFUSED)
def test_what_does_not_fit_is_one_line_that_names_the_option(
    flowc: Flowc, folder: Path, target: str, words: str, said: str
) -> None:
    ended = flowc(target, "create", *shlex.split(words), "flow.py")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err
    assert "pyproject" not in ended.err


@pytest.mark.parametrize("target", BUILT_IN)
def test_an_example_is_taken(flowc: Flowc, folder: Path, target: str) -> None:
    """For every key that refuses a line break, what the message shows works."""
    backend = load_backend(target)
    assert backend is not None
    shown = 0
    for key in backend.target_options:
        option = f"--{key.replace('_', '-')}"
        if backend.kind(key) == "flag":
            continue
        said = flowc(target, "create", option, json.dumps([[None]]), "flow.py").err
        if ", for example " in said:
            shown += 1
            words = shlex.split(said.partition(", for example ")[2])
            assert words[0] == option
            assert flowc(target, "create", *words, "flow.py").code == 0
    assert shown > 1


@pytest.mark.parametrize("target", BUILT_IN)
def test_a_flag_is_one_and_has_its_opposite(flowc: Flowc, folder: Path, target: str) -> None:
    """What is true or false takes no word, and what stands in the settings can be taken back."""
    backend = load_backend(target)
    assert backend is not None
    flags = [key for key in backend.target_options if backend.kind(key) == "flag"]
    assert flags
    fixed = ("--image", "x:1", "--namespace", "n") if target == "argo" else ("--image", "x:1")
    for key in flags:
        assert backend.wants(key, True) is None
        assert backend.wants(key, "true") is not None
        option = key.replace("_", "-")
        plain, on, off = (
            flowc(target, "create", *fixed, *words, "flow.py") for words in ((), (f"--{option}",), (f"--no-{option}",))
        )
        assert (plain.code, on.code, off.code) == (0, 0, 0)
        (folder / "pyproject.toml").write_text(f"[tool.flowc.{target}]\n{key} = true\n")
        assert flowc(target, "create", *fixed, "flow.py").out == on.out
        assert flowc(target, "create", *fixed, f"--no-{option}", "flow.py").out == off.out
        (folder / "pyproject.toml").unlink()
        assert "there is no file true" in flowc(target, "create", f"--{option}", "true", "flow.py").err


@pytest.mark.parametrize("target", BUILT_IN)
def test_each_kind_of_an_option_is_what_its_key_takes(target: str) -> None:
    backend = load_backend(target)
    assert backend is not None
    for key in backend.target_options:
        is_flag = backend.wants(key, True) is None and backend.wants(key, False) is None
        is_number = backend.wants(key, 3) is None
        assert backend.kind(key) == ("flag" if is_flag else "number" if is_number else "other"), key
