"""What a person types and what comes back: text, files, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import compiler.commands.check as check_command
from compiler.backends.targets import BUILT_IN
from compiler.call.target_settings import toml_value
from compiler.commands import COMMANDS, TARGETS
from compiler.ir.schema import schema
from tests.stages.command_line import BROKEN, FAILING, FLOW, Flowc


def _flowc(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "compiler", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **(env or {})})


def test_help_names_every_command_and_target(flowc: Flowc) -> None:
    ended = flowc("--help")
    assert ended.code == 0
    for name, entry in {**COMMANDS, **TARGETS}.items():
        assert f"  {name} " in ended.out
        assert entry.help in " ".join(ended.out.split())


@pytest.mark.parametrize("name", [*COMMANDS, *(f"{target} create" for target in [*BUILT_IN, "stepfunctions"])])
def test_each_help_teaches_by_an_example(flowc: Flowc, name: str) -> None:
    ended = flowc(*name.split(), "--help")
    assert ended.code == 0
    assert f"flowc {name.replace('stepfunctions', 'step-functions')} " in ended.out.partition("Options:")[0]


MISTAKES = [
    (["chek", "flow.py"], "did you mean `check`?"),
    (["arg", "create", "flow.py"], "did you mean `argo`?"),
    (["check", "none.py"], "there is no file none.py"),
    (["show", "."], "name its flow files"),
    (["check", ".git"], "there is no file .git"),
    (["argo", "create", "--stor", "x", "flow.py"], "--store"),
    (["argo", "create", "--max-workers", "0", "flow.py"], "max-workers"),
    (["argo", "create", "--check", "flow.py"], "say with -o where"),
    (["argo", "create", "flow.py", "two.py:OtherFlow"], "name a folder with -o"),
    (["argo", "create", "-o", "flow.py", "flow.py", "two.py:OtherFlow"], "flow.py is a file: 2 flows need a folder"),
    (["argo", "create", "flow.py", "--prune"], "--prune removes files of a folder: say with -o which one"),
    (["argo", "create", "flow.py", "--json"], "--json tells of files of a folder: say with -o which one"),
    (["argo", "create", "flow.py", "-o", "out", "--prune"], "end it with a slash"),
    (["argo", "create", "flow.py", "-o", "out/", "--prune", "--check"], "leave one out"),
    (["argo", "create", "flow.py", "-o", "out/", "--prune"], "does not compile all of them"),
    (["argo", "create", "-o", "flow.py/", "flow.py"], "flow.py is a file: `-o` with a slash names a folder"),
    (["airflow", "create", "-o", "flow.py", "flow.py"], "would write over the flow itself"),
    (["airflow", "create", "-o", "./other/../flow.py", "flow.py"], "would write over the flow itself"),
    (
        ["argo", "create", "two.py"],
        "several flows: SumFlow, OtherFlow; name one as two.py:SumFlow or with --flow SumFlow",
    ),
    (["argo", "create", "two.py:SumFlow", "--flow", "OtherFlow"], "name two flows"),
    (["config", "--target", "ago"], "did you mean `argo`?"),
    (["run", "flow.py", "--top", "many"], "many"),
    (["run", "flow.py", "--topp", "3"], "no parameter --topp; did you mean --top? The flow's parameters: --top "),
    (["run", "flow.py", "--zzz", "3"], "no parameter --zzz; the flow's parameters: --top "),
    (["run", "--top", "3", "flow.py"], "has no option --top; the flow's own parameters go after its file"),
    (["run", "--tags", "x", "flow.py"], "no option --tags; did you mean `--tag`? The flow's own parameters"),
    (["run", "flow.py", "resume"], "`flowc run flow.py --resume` goes on"),
    (["run", "--resume", "flow.py"], "`flowc run flow.py --resume` goes on"),
    (["run", "--with", "timeout:minute=1", "flow.py"], "did you mean `minutes`?\n"),
    (["run", "--with", "timeout:zzz=1", "flow.py"], "no argument `zzz`; it takes seconds, minutes, hours"),
    (["card", "flow.py"], "no command `flow.py`; there are: get, list, view"),
    (["run", "flow.py", "more"], "unexpected extra argument"),
    (["inspect", "SumFlow"], "FLOW/RUN"),
    (["inspect", "SumFlow/none"], "no run SumFlow/none"),
    (["image", "flow.py", "--build", "make"], "'docker', 'podman', 'buildah'"),
    (["package", "flow.py", "--root", "other"], "other"),
]


@pytest.mark.parametrize(
    ("arguments", "said"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
@pytest.mark.language("refused.several")
def test_a_mistake_in_the_call_is_one_message_and_its_exit_code(
    flowc: Flowc, folder: Path, arguments: list[str], said: str
) -> None:
    (folder / "two.py").write_text(FLOW + FLOW[FLOW.index("class") :].replace("SumFlow", "OtherFlow"))
    ended = flowc(*arguments)
    assert (ended.code, ended.out) == (4 if said.startswith("no run ") else 2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_check_says_all_mistakes_of_all_files_and_fails(flowc: Flowc, folder: Path) -> None:
    (folder / "broken.py").write_text(BROKEN)
    assert (flowc("check", "flow.py").code, flowc("check", "broken.py").code) == (0, 1)
    (folder / "worse.py").write_text(BROKEN.replace("self.next(self.end)", "pass"))
    ended = flowc("check", "flow.py", "broken.py", "worse.py")
    assert ended.code == 1
    assert "broken.py:22:19" in ended.out
    assert "worse.py" in ended.out


def test_check_of_one_flow_says_nothing_of_the_others(flowc: Flowc, folder: Path) -> None:
    (folder / "two.py").write_text(FLOW + BROKEN[BROKEN.index("class") :])
    assert (flowc("check", "two.py").code, flowc("check", "two.py:SumFlow").code) == (1, 0)
    assert flowc("check", "two.py:BrokenFlow", "two.py:SumFlow").code == 1
    assert "SumFlow" in flowc("check", "two.py:SunFlow").out


def test_check_prints_for_machines(flowc: Flowc, folder: Path) -> None:
    (folder / "broken.py").write_text(BROKEN)
    found = json.loads(flowc("check", "broken.py", "--format", "json").out)
    assert found["errors"] == len(found["diagnostics"]) > 0
    assert flowc("check", "broken.py", "--format", "github").out.startswith("::error file=broken.py,line=22")
    assert json.loads(flowc("check", "flow.py", "--format", "json").out)["diagnostics"] == []


@pytest.mark.parametrize("target", BUILT_IN)
def test_create_prints_what_it_writes(flowc: Flowc, folder: Path, target: str) -> None:
    printed = flowc(target, "create", "flow.py")
    assert printed.code == 0
    assert flowc(target, "create", "flow.py", "-o", "out/main.file").code == 0
    assert (folder / "out/main.file").read_bytes().decode() == printed.out
    assert flowc(target, "create", "flow.py", "-o", "out/").code == 0
    assert printed.out in [path.read_text(encoding="utf-8") for path in (folder / "out").iterdir()]


def test_other_documents_are_named_or_written(flowc: Flowc, folder: Path) -> None:
    ended = flowc("step-functions", "create", "flow.py")
    assert "note: not printed: SumFlow.jobs.json" in ended.err
    assert flowc("stepfunctions", "create", "flow.py", "-o", "out/").code == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["SumFlow.asl.json", "SumFlow.jobs.json"]


@pytest.mark.parametrize("target", BUILT_IN)
def test_check_compares_with_the_disk_and_writes_nothing(flowc: Flowc, folder: Path, target: str) -> None:
    out = folder / "out"
    missing = flowc(target, "create", "flow.py", "-o", "out/", "--check")
    assert (missing.code, out.exists()) == (1, False)
    assert missing.out.startswith("--- /dev/null\n+++ out/")
    flowc(target, "create", "flow.py", "-o", "out/")
    count = len(list(out.iterdir()))
    assert flowc(target, "create", "flow.py", "-o", "out/", "--check") == type(missing)(0, "", f"{count} unchanged\n")
    path = next(out.iterdir())
    text = path.read_bytes()
    path.write_bytes(text.replace(b"square", b"sqare", 1) if b"square" in text else text + b" ")
    before = path.read_bytes()
    ended = flowc(target, "create", "flow.py", "-o", "out/", "--check")
    assert (ended.code, path.read_bytes()) == (1, before)
    assert f"--- out/{path.name}\n+++ out/{path.name}\n@@" in ended.out


def test_outputs_in_the_root_do_not_change_the_digest_that_they_name(flowc: Flowc, folder: Path) -> None:
    """All outputs beside the flow: none of them is code."""
    for target in BUILT_IN:
        ended = flowc(target, "create", "flow.py", "-o", "./")
        assert "note:" not in ended.err
    for target in BUILT_IN:
        assert flowc(target, "create", "flow.py", "-o", "./", "--check").code == 0
    assert flowc("package", "flow.py", "--list").out == "flow.py\n"


def test_a_mistake_in_one_flow_writes_none(flowc: Flowc, folder: Path) -> None:
    (folder / "broken.py").write_text(BROKEN)
    ended = flowc("argo", "create", "flow.py", "broken.py", "-o", "out/")
    assert (ended.code, ended.out, (folder / "out").exists()) == (1, "", False)
    assert "jion" in ended.err


def test_an_interruption_leaves_old_files_and_nothing_else(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "out").mkdir()
    (folder / "out/SumFlow.asl.json").write_text("old")

    def interrupted(self: Path, _: bytes) -> int:
        if "jobs" in self.name:
            raise KeyboardInterrupt
        with self.open("wb") as file:
            return file.write(b"half")

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    ended = flowc("step-functions", "create", "flow.py", "-o", "out/")
    assert (ended.code, "Traceback" in ended.err) == (130, False)
    assert {path.name: path.read_text() for path in (folder / "out").iterdir()} == {"SumFlow.asl.json": "old"}


def test_a_bug_of_ours_says_so_and_leaves_a_report(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def impossible(*_: object, **__: object) -> None:
        raise AssertionError("two ends\nmore")

    monkeypatch.setattr(check_command, "read_flows", impossible)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    ended = flowc("check", "flow.py")
    assert (ended.code, ended.out) == (70, "")
    assert ended.err.startswith(
        "flowc: internal error: AssertionError: two ends\nThis is a bug of flowc, not of your flow.\nTo report it, "
    )
    report = Path(ended.err.rpartition(": ")[2].strip()).read_text()
    assert "command: flowc check flow.py\n" in report
    assert "in impossible" in report


def test_colours_are_for_terminals_only(folder: Path) -> None:
    (folder / "broken.py").write_text(BROKEN)
    for env, coloured in [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]:
        master, slave = os.openpty()
        command = [sys.executable, "-P", "-m", "compiler", "check", "broken.py"]
        subprocess.run(command, stdout=slave, stderr=slave, env={**os.environ, **env, "TERM": "xterm"}, check=False)
        os.close(slave)
        assert (b"\x1b[" in os.read(master, 100_000)) is coloured
        os.close(master)
    done = _flowc("check", "broken.py", env={"NO_COLOR": ""})
    assert "\x1b" not in "".join(done.communicate())


def test_a_reader_that_leaves_is_no_crash(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-P", "-m", "compiler", "ir", "flow.py"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


def test_show_draws_the_graph(flowc: Flowc, folder: Path) -> None:
    assert flowc("show", "flow.py").out == (
        "SumFlow  Add squares.\n"
        "start     -> square for each of numbers\n"
        "  square  -> join                        One square.\n"
        "join      -> end\n"
        "end       end\n"
    )


@pytest.mark.parametrize("form", [[], ["--plan"]])
def test_ir_fits_its_published_schema(flowc: Flowc, folder: Path, form: list[str]) -> None:
    document = json.loads(flowc("ir", "flow.py", *form).out)
    published = json.loads(flowc("ir", "--schema").out)
    assert published == json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator(published).validate(document)
    assert document["version"] == 1
    key = "plan" if form else "flow"
    document[key]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(published).validate(document)


def test_ir_does_not_depend_on_where_one_stands(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = flowc("ir", "flow.py").out
    monkeypatch.chdir("/")
    assert flowc("ir", folder / "flow.py").out == here


def test_run_prints_each_task_and_says_how_it_went(flowc: Flowc, folder: Path) -> None:
    ended = flowc(
        "run", "--run-id-file", "id", "--tag", "a", "flow.py", "--top", "2", "--key-words", "x y", "--key-words", "z"
    )
    assert ended.code == 0, ended.err
    run_id = (folder / "id").read_text().strip()
    assert sorted(ended.out.splitlines()) == [
        "end       | total 1 x y z",
        "square[0] | square of 0",
        "square[1] | square of 1",
    ]
    assert f"SumFlow/{run_id} succeeded: 5 tasks" in ended.err
    listed = json.loads(flowc("runs", "SumFlow", "--json").out)
    assert [(run["run_id"], run["status"], run["tags"]) for run in listed] == [(run_id, "succeeded", ["a"])]
    assert flowc("runs", "flow.py").out == flowc("runs", "SumFlow").out
    state = json.loads(flowc("inspect", f"SumFlow/{run_id}", "--json", "--log").out)
    assert state["status"] == "succeeded"
    assert {(task["step"], task["index"], task["status"]) for task in state["tasks"]} == {
        ("start", "-", "done"), ("square", "0", "done"), ("square", "1", "done"), ("join", "-", "done"), ("end", "-", "done"),
    }  # fmt: skip
    one = json.loads(flowc("inspect", f"SumFlow/{run_id}/square/1", "--json", "--log").out)
    assert (one["status"], one["tasks"][0]["attempts"][0]["log"]) == ("succeeded", "square of 1\n")
    assert one["tasks"][0]["artifacts"]["result"]["type"] == "int"
    assert f"SumFlow/{run_id}/square/square-1  done" in flowc("inspect", f"SumFlow/{run_id}/square/1").out
    assert flowc("inspect", f"SumFlow/{run_id}/sqare").code == 4


def test_a_run_that_fails_shows_the_authors_own_lines(flowc: Flowc, folder: Path) -> None:
    (folder / "failing.py").write_text(FAILING)
    ended = flowc("run", "--json", "failing.py")
    assert ended.code == 1
    result = json.loads(ended.out)
    assert (result["success"], result["failed"]) == (False, ["square[1]"])
    assert 'failing.py", line 20, in square' in ended.err
    assert "runtime_shim" not in ended.err
    assert "square[1] failed: ZeroDivisionError: division by zero" in ended.err
    state = flowc("inspect", result["pathspec"])
    assert f"{result['pathspec']}  failed" in state.out
    line = next(line for line in state.out.splitlines() if "square/1" in line)
    assert "failed" in line
    assert "ZeroDivisionError: division by zero" in line


def test_run_lists_the_flows_parameters(flowc: Flowc, folder: Path) -> None:
    ended = flowc("run", "flow.py", "--help")
    assert ended.code == 0
    assert "--top INTEGER" in ended.out
    assert "How far. [default: 3]" in ended.out
    assert "--key-words TEXT" in ended.out


SLEEPING = FLOW.replace("SumFlow", "SleepingFlow").replace(
    'print("square of", self.input)', "import time; print('asleep', flush=True); time.sleep(60)"
)


def test_ctrl_c_ends_a_run_and_all_its_tasks(flowc: Flowc, folder: Path) -> None:
    (folder / "sleeping.py").write_text(SLEEPING)
    process = _flowc("run", "sleeping.py", env={"PYTHONUNBUFFERED": "1"})
    assert process.stdout
    assert process.stderr
    assert "asleep" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = process.communicate(timeout=50)
    assert time.monotonic() - begun < 50
    assert process.returncode == 130
    assert "Traceback" not in said
    run = said.splitlines()[0].removeprefix("run ")
    assert f"SleepingFlow/{run} interrupted: 1 task done; `flowc inspect SleepingFlow/{run}` shows them" in said
    assert f"SleepingFlow/{run}  stopped" in flowc("inspect", f"SleepingFlow/{run}").out
    assert not _running(str(folder))


def _running(text: str) -> list[str]:
    """The command lines and working directories of processes that name a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines = [(process / "cmdline").read_bytes().decode(errors="replace"), os.readlink(process / "cwd")]
        except OSError:
            continue
        found += [line for line in lines if text in line and process.name != str(os.getpid())]
    return found


SETTINGS = """
[tool.flowc]
store = "s3://shared/x"
namespace = "team"
max_workers = 4

[tool.flowc.argo]
namespace = "argo-team"
"""


def test_settings_have_an_order_and_an_origin(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(SETTINGS)
    rows = json.loads(flowc("config", "flow.py", "--target", "argo", "--json").out)
    file = folder / "pyproject.toml"
    found = {
        key: (rows[key]["value"], Path(rows[key]["origin"].rpartition(" ")[2]).name)
        for key in ("store", "namespace", "image")
    }
    assert found == {
        "store": ("s3://shared/x", file.name),
        "namespace": ("argo-team", file.name),
        "image": (None, "default"),
    }
    assert rows["namespace"]["origin"].startswith("[tool.flowc.argo] in ")
    assert "s3://shared/x" in flowc("argo", "create", "flow.py").out
    assert "s3://mine" in flowc("argo", "create", "--store", "s3://mine", "flow.py").out
    assert "not set" in flowc("config").out


WRONG_SETTINGS = [
    ('[tool.flowc]\nstor = "x"', "pyproject.toml:2:1", "= help: did you mean `store`?"),
    ("[tool.flowc]\nmax_workers = true", "pyproject.toml:2:1", "must be a whole number from 1, not true"),
    ("[tool.flowc.argo]\nproduction = 1", "pyproject.toml:2:1", "must be true or false, not 1"),
    ("[tool.flowc.airflow]\ntags = 1", "pyproject.toml:2:1", "`tags` of [tool.flowc.airflow] must be"),
    ("[tool.flowc", "pyproject.toml:1:11", "this is no TOML"),
]


@pytest.mark.parametrize(("text", "place", "said"), WRONG_SETTINGS)
def test_a_wrong_setting_is_told_as_a_wrong_flow_is(
    flowc: Flowc, folder: Path, text: str, place: str, said: str
) -> None:
    """By every command, also one of another target; all at its line, with exit code 1."""
    (folder / "pyproject.toml").write_text(text)
    for words in (["argo", "create"], ["run"], ["show"], ["ir"], ["package"], ["image"], ["config"], ["list"]):
        ended = flowc(*words, "flow.py")
        assert (ended.code, ended.out.strip("[]\n")) == (1, ""), words
        assert place in ended.err
        assert said in ended.err
    for form in ("text", "json", "github", "sarif"):
        ended = flowc("check", "--format", form, "flow.py")
        assert (ended.code, ended.err) == (1, "")
        assert "FC80" in ended.out


def test_relative_store_of_the_settings_starts_at_their_file(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text('[tool.flowc.run]\nstore = "file:kept"\n')
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert flowc("run", "../flow.py").code == 0
    assert (folder / "kept" / "SumFlow").is_dir()
    assert not (folder / "sub" / ".flowc").exists()


TOML_VALUES = [("3", 3), ("true", True), ("[1, 2]", (1, 2)), ('{a = "b"}', {"a": "b"}), ('"3"', "3"), ("bash", "bash")]


@pytest.mark.parametrize(
    ("text", "value"), [*TOML_VALUES, ("2024-01-01", "2024-01-01"), ("07:30", "07:30"), ("a\nb", "a\nb"), ("", "")]
)
def test_an_option_of_a_target_is_read_as_its_table_would_be(text: str, value: object) -> None:
    assert toml_value(text) == value


def test_package_writes_an_archive_named_by_its_content(flowc: Flowc, folder: Path) -> None:
    ended = flowc("package", "flow.py", "-o", "build")
    path = Path(ended.out.strip())
    assert (ended.code, path.parent) == (0, Path("build"))
    facts = json.loads(flowc("package", "flow.py", "--list", "--json").out)
    assert (facts["files"], facts["digest"]) == (["flow.py"], path.name.removesuffix(".tar.gz"))


def test_image_describes_what_create_names(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "requirements.txt").write_text("numpy\n")
    recipe = flowc("image", "flow.py").out
    assert "FROM python:3.11-slim\n" in recipe
    assert "pip install --no-cache-dir -r /tmp/requirements.txt" in recipe
    named = flowc("argo", "create", "flow.py").out
    assert flowc("image", "flow.py", "-o", "context").code == 0
    assert (folder / "context" / "Dockerfile").read_text() == recipe
    assert flowc("argo", "create", "flow.py").out == named, "the context is no code"
    tool = folder.parent / "bin"
    tool.mkdir()
    (tool / "podman").write_text(
        '#!/bin/sh\necho "$@" > "$(dirname "$0")/called"\nls "$4" >> "$(dirname "$0")/called"\n'
    )
    (tool / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool}:{os.environ['PATH']}")
    ended = flowc("image", "flow.py", "--build", "podman", "--registry", "r.io")
    assert ended.code == 0
    tag = ended.out.strip()
    called, *context = (tool / "called").read_text().split("\n")
    assert called.startswith(f"build --tag {tag} /")
    assert context[:4] == ["Dockerfile", "code.tar.gz", "flowc", "requirements.txt"]
    assert f"'{tag}'" in flowc("argo", "create", "--registry", "r.io", "flow.py").out


def test_packages_of_the_settings_replace_requirements(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.flowc]\npackages = ["numpy>=1", "x y"]\npython = "3.12"\n')
    recipe = flowc("image", "flow.py").out
    assert "FROM python:3.12-slim\n" in recipe
    assert "\nRUN pip install --no-cache-dir 'numpy>=1' 'x y'\n" in recipe


def test_an_image_without_its_tool_says_so(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    ended = flowc("image", "flow.py", "--build", "buildah")
    assert (ended.code, "no `buildah` on this machine" in ended.err) == (2, True)
