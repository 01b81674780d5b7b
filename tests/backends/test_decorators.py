"""What decorators say of a flow or a pod means the same on every target, in its own words; what the text does not tell is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from compiler.backends import Options
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.ir.flow import Value
from tests.engines import FlowCase
from tests.engines.compiling import compiled, refusal

EACH = pytest.mark.parametrize("target", BUILT_IN)


def case(
    folder: Path, *, flow: str = "", body: str = "", step: str = "", given: Mapping[str, Value] | None = None
) -> FlowCase:
    """A flow of two steps with these lines above the class, in it, and above its first step."""
    path = folder / "words.py"
    path.write_text(
        f"import os\nfrom metaflow import *\n\n\ndef compute():\n    return os.environ['FAR']\n\n\n{flow}\n"
        f"class WordsFlow(FlowSpec):\n    {body}\n\n    {step}\n    @step\n    def start(self):\n        self.next(self.end)\n\n"
        "    @step\n    def end(self):\n        pass\n",
        encoding="utf-8",
    )
    return FlowCase(path, "WordsFlow", root=folder, config_values=given or {})


def emitted(found: FlowCase, target: str) -> str:
    """All that a target is given, as one text."""
    backend = load_backend(target)
    assert backend is not None
    return "\n".join(file.text for file in compiled(found, backend, Options(default_image="words:1"))[1])


def refused(found: FlowCase, target: str) -> frozenset[str]:
    """The codes for which a target gives nothing."""
    backend = load_backend(target)
    assert backend is not None
    return refusal(found, backend)


SPELLED: Mapping[str, Callable[[str], str]] = {
    "airflow": lambda cron: f'schedule="{cron}"',
    "argo": lambda cron: f"- '{cron}'",
    "step-functions": str,
}


@EACH
@pytest.mark.parametrize(
    ("word", "cron", "bridged"),
    [
        ("hourly", "0 * * * *", "cron(0 * * * ? *)"),
        ("daily", "0 0 * * *", "cron(0 0 * * ? *)"),
        ("weekly", "0 0 * * 0", "cron(0 0 ? * SUN *)"),
    ],
)
@pytest.mark.language("schedule.words")
def test_a_word_is_the_same_schedule_everywhere(
    target: str, word: str, cron: str, bridged: str, tmp_path: Path
) -> None:
    text = emitted(case(tmp_path, flow=f"@schedule({word}=True)"), target)
    assert SPELLED[target](bridged if target == "step-functions" else cron) in text


@EACH
@pytest.mark.language("kubernetes.portable")
def test_the_portable_part_of_the_other_platform_applies(target: str, tmp_path: Path) -> None:
    other = "batch" if target in ("argo", "airflow") else "kubernetes"
    sizes = emitted(case(tmp_path, step=f'@{other}(image="their:2", cpu=3, memory=5000, gpu=1)'), target)
    plain = emitted(case(tmp_path, step="@resources(cpu=3, memory=5000, gpu=1)"), target)
    assert sizes.replace("their:2", "words:1").count("5000") == plain.count("5000") > 0
    assert "their:2" in sizes
    assert "their:2" not in plain


@EACH
@pytest.mark.language("config.required")
def test_a_required_config_has_to_be_given(target: str, tmp_path: Path) -> None:
    body = 'settings = Config("settings", required=True)'
    assert refused(case(tmp_path, body=body), target) == {"FC652"}
    assert "given-word" in emitted(case(tmp_path, body=body, given={"settings": {"word": "given-word"}}), target)


@EACH
@pytest.mark.parametrize(
    ("decorator", "codes"),
    [
        ("@environment(vars={'NEAR': os.environ['FAR']})", set()),
        ("@environment(vars={'NEAR': compute()})", set()),
        ("@resources(memory=compute())", {"FC501"}),
        ("@retry(times=int(os.environ['FAR']))", {"FC501"}),
    ],
)
@pytest.mark.language("real.decorator-dynamic")
def test_what_the_text_does_not_say_is_refused_or_left_to_the_container(
    target: str, decorator: str, codes: set[str], tmp_path: Path
) -> None:
    assert refused(case(tmp_path, step=decorator), target) == codes


def test_the_cases_are_read_as_each_target_writes_them(tmp_path: Path) -> None:
    """The texts are what the targets read, not only what stands in them."""
    text = emitted(case(tmp_path, flow="@schedule(weekly=True)"), "argo")
    (cron,) = (each for each in yaml.safe_load_all(text) if each["kind"] == "CronWorkflow")
    assert cron["spec"]["schedules"] == ["0 0 * * 0"]
    assert json.dumps("cron(0 0 ? * SUN *)") in emitted(case(tmp_path, flow="@schedule(weekly=True)"), "step-functions")


PAUSES: Mapping[str, str] = {
    "airflow": "retry_delay=180,",
    "argo": "duration: '3m'",
    "step-functions": '"IntervalSeconds": 180',
}


@EACH
@pytest.mark.language("retry.pause")
def test_the_pause_between_attempts_is_the_engines(target: str, tmp_path: Path) -> None:
    text = emitted(case(tmp_path, step="@retry(times=2, minutes_between_retries=3)"), target)
    assert text.count(PAUSES[target]) == 1, text
