"""`python flow.py …`: what the words of the language's command line become."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flowc.language import command_line as start

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "show f.py:F"),
        ("run", "run f.py:F"),
        ("run --x 1 --y=2", "run f.py:F --x 1 --y=2"),
        ("run --x 1 --max-workers 4 --tag a --tag b", "run --max-workers 4 --tag a --tag b f.py:F --x 1"),
        ("run --max-workers=4 --run-id-file i", "run --max-workers 4 --run-id-file i f.py:F"),
        ("--no-pylint --quiet run --x 1", "run f.py:F --x 1"),
        ("--with retry:times=2 run --with card", "run --with retry:times=2 --with card f.py:F"),
        ("--datastore local run", "run f.py:F"),
        ("--datastore s3 --datastore-root s3://b/p run", "run --store s3://b/p f.py:F"),
        ("--datastore-root /data run", "run --store file:/data f.py:F"),
        ("--config c a.json run --config-value d {}", "run --config c a.json --config-value d {} f.py:F"),
        ("--branch b --production run", "run --branch b --production f.py:F"),
        ("resume --origin-run-id r", "run --resume r f.py:F"),
        ("resume train --origin-run-id r --max-workers 1", "run --resume r --from train --max-workers 1 f.py:F"),
        ("resume", "run --resume latest f.py:F"),
        ("check", "check f.py:F"),
        ("--branch b check", "check --branch b f.py:F"),
        ("show", "show f.py:F"),
        ("show --json", "ir f.py:F"),
        ("dump r/start", "inspect F/r/start"),
        ("logs r/start --json", "inspect F/r/start --log --json"),
        ("--datastore-root s3://b logs r/start", "inspect F/r/start --log --store s3://b"),
        ("card view r/start", "card view F/r/start"),
        ("card get r/start/2 p.html --id films", "card get F/r/start/2 p.html --id films"),
        ("package list", "package f.py:F --list"),
        ("argo-workflows create", "argo create f.py:F"),
        ("argo-workflows create --only-json", "argo create f.py:F"),
        ("--production argo-workflows create -o x/", "argo create --production f.py:F -o x/"),
        ("airflow create out.py", "airflow create f.py:F -o out.py"),
        ("airflow create out.py --store s3://b", "airflow create f.py:F -o out.py --store s3://b"),
        ("step-functions create --only-json", "step-functions create f.py:F"),
        ("--help", "--help"),
        ("version", "--version"),
    ],
)
def test_the_closest_command(words: str, expected: str) -> None:
    assert " ".join(start.started("f.py:F", words.split()).words) == expected


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("spin start", "--resume RUN --from STEP"),
        ("step start", "flowc run"),
        ("tag add x", "add_tag"),
        ("argo-workflows trigger", "argo submit"),
        ("step-functions list-runs", "aws stepfunctions"),
        ("card server", "there are view, get, list"),
        ("dump", "RUN/STEP"),
        ("--datastore s3 run", "--store s3://"),
        ("nonsense", "there are run, resume"),
    ],
)
def test_what_is_not_there_says_what_to_use(words: str, text: str) -> None:
    with pytest.raises(start.NotHere, match=text):
        start.started("f.py:F", words.split())


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--environment conda run", "--environment has no effect: packages are in the image"),
        ("run --max-num-splits 1000", "--max-num-splits has no effect"),
        ("argo-workflows create", "deploys nothing"),
        ("dump r/start", "Task"),
    ],
)
def test_what_flowc_does_differently_is_said(words: str, text: str) -> None:
    assert any(text in said for said in start.started("f.py:F", words.split()).said)


def test_the_namespace_is_what_steps_start_with() -> None:
    assert start.started("f.py:F", ["run", "--namespace", "user:ann"]).variables == {"METAFLOW_NAMESPACE": "user:ann"}


def _python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "flow.py", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ},
    )


def test_a_script_does_it(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "linear.py").read_text().replace("from metaflow import", "from flowc import")
    (tmp_path / "flow.py").write_text(text)
    assert "__main__" in text
    ran = _python(tmp_path, "--no-pylint", "run", "--tag", "x", "--run-id-file", "id")
    assert ran.returncode == 0, ran.stderr
    shown = _python(tmp_path, "logs", f"{(tmp_path / 'id').read_text()}/start")
    assert (shown.returncode, "attempt 1" in shown.stdout) == (0, True), shown.stderr
    assert _python(tmp_path, "airflow", "create", "out.py").returncode == 0
    assert "DAG" in (tmp_path / "out.py").read_text()
    wrong = _python(tmp_path, "spin", "start")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: ")


def _flowc(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowc", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_script_of_metaflow_does_it_without_metaflow(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "linear.py").read_text()
    assert "from metaflow import" in text
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "flow.py").write_text(f"import beside\n{text}")
    (tmp_path / "below" / "beside.py").write_text("")
    (tmp_path / "metaflow.py").write_text("raise AssertionError('what lies where one works is not looked at')\n")
    ran = _flowc(tmp_path, "below/flow.py", "run", "--tag", "x")
    assert (ran.returncode, "succeeded" in ran.stdout + ran.stderr) == (0, True), ran.stderr
    assert _flowc(tmp_path, "below/flow.py", "check").returncode == 0
    assert _flowc(tmp_path, "below/flow.py", "spin").returncode == 2


@pytest.mark.parametrize(
    ("file", "text"),
    [("none.py", "there is no file none.py"), ("bare.py", "bare.py starts no flow"), ("bad.py", "ZeroDivisionError")],
)
def test_a_script_that_starts_nothing_says_so(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "bare.py").write_text("from metaflow import FlowSpec\n")
    (tmp_path / "bad.py").write_text("1 / 0\n")
    ran = _flowc(tmp_path, file, "run")
    assert ran.returncode != 0
    assert text in ran.stderr
