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
        ("run --mlflow http://x", "run --mlflow http://x f.py:F"),
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
        ("logs r/start --json", "logs F/r/start --json"),
        ("logs --both r/start/3 --timestamps", "logs F/r/start/3"),
        ("--datastore-root s3://b logs r/start", "logs F/r/start --store s3://b"),
        ("card view r/start", "card view F/r/start"),
        ("card get r/start/2 p.html --id films", "card get F/r/start/2 p.html --id films"),
        ("package list", "package f.py:F --list"),
        ("argo-workflows create", "argo deploy f.py:F"),
        ("argo-workflows --name x create --max-workers 3", "argo deploy f.py:F --name x --max-workers 3"),
        (
            "--with retry --store s3://b --branch b argo create",
            "argo deploy --branch b --with retry --store s3://b f.py:F",
        ),
        ("--datastore s3 argo-workflows create", "argo deploy f.py:F"),
        ("argo-workflows create --workflow-timeout 9", "argo deploy f.py:F --active-deadline-seconds 9"),
        (
            "step-functions create --authorize t --generate-new-token --log-execution-history",
            "step-functions deploy f.py:F",
        ),
        ("airflow create", "airflow deploy f.py:F"),
        ("airflow --name x create out.py", "airflow create f.py:F -o out.py --name x"),
        ("argo-workflows trigger", "argo trigger f.py:F"),
        (
            "--branch b argo-workflows --name=x trigger --run-id-file i --tag=1 --deployer-attribute-file d --wait 2",
            "argo trigger --branch b --name=x --run-id-file i f.py:F --tag=1 --wait 2",
        ),
        ("argo-workflows list-runs", "runs F --target argo"),
        (
            "step-functions list-runs --running --aborted",
            "runs F --target step-functions --status running --status terminated",
        ),
        ("argo-workflows status argo-x-y", "status F/argo-x-y --target argo"),
        ("argo-workflows terminate argo-x-y --authorize t", "terminate F/argo-x-y --target argo"),
        (
            "--datastore-root s3://b step-functions status sfn-1",
            "status F/sfn-1 --target step-functions --store s3://b",
        ),
        ("argo-workflows delete --authorize t", "argo delete --yes f.py:F"),
        ("--production argo-workflows --name x suspend", "argo suspend --production --name x f.py:F"),
        ("argo-workflows unsuspend", "argo resume f.py:F"),
        ("argo-workflows list-workflow-templates --all", "argo list"),
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
        ("argo-workflows suspend argo-x-y", "terminate RUN"),
        ("argo-workflows unsuspend argo-x-y", "flowc retry RUN"),
        ("argo-workflows", "there are create, trigger"),
        ("step-functions frobnicate", "there are create, trigger"),
        ("argo-workflows status", "say which"),
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
        ("argo-workflows create --authorize t", "--authorize has no effect: there are no production tokens"),
        ("argo-workflows create --notify-on-error", "--notify-on-error has no effect: write an @exit_hook"),
        ("argo-workflows trigger --deployer-attribute-file d", "--deployer-attribute-file has no effect"),
        ("argo-workflows create --namespace n", "where the target deploys"),
        ("logs r/start --stderr", "--stderr has no effect"),
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
    shown = _python(tmp_path, "logs", f"{(tmp_path / 'id').read_text()}/end")
    assert (shown.returncode, "the longest is" in shown.stdout) == (0, True), shown.stderr
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
