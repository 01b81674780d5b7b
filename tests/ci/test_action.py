"""`action.yml`: each of its steps runs, in a job of a pull request, and nothing that a pull request holds is executed.

`flowc diff` is a stand-in in most of them (`Job.diff`): its words, its Markdown and its exit code 3 are what the step relies on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ci.runner import ACTION, ROOT, STEPS, Job
from tests.stages.command_line import BROKEN, FLOW

CHECK, COMMENT, COMPARE, INSTALL = "Check flows", "Say what changes", "Compare committed outputs", "Install flowc"
SCRIPTS = [name for name, step in STEPS.items() if "run" in step]
HOSTILE = "$(touch ran); `touch ran`; ' \" && touch ran #"


def test_no_expression_stands_in_a_script() -> None:
    for name in SCRIPTS:
        assert "${{" not in STEPS[name]["run"]
        assert STEPS[name]["shell"] == "bash"


def test_inputs_and_expressions_are_those_that_are_declared() -> None:
    text = (ROOT / "action.yml").read_text()
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    assert all(one["description"] and isinstance(one["default"], str) for one in ACTION["inputs"].values())
    titles = re.findall(r"\$\{\{\s*(github\.[\w.]+)", text)
    assert set(titles) == {
        "github.action_path",
        "github.event.pull_request.base.sha",
        "github.event.pull_request.number",
        "github.token",
    }


def test_what_it_needs_is_on_the_page() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    for name in ACTION["inputs"]:
        assert f"| `{name}` |" in page
    assert "pull-requests: write" in page


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_bash(name: str, job: Job) -> None:
    ended = subprocess.run(["bash", "-n"], input=STEPS[name]["run"], text=True, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_mistakes_are_annotations(job: Job) -> None:
    (job.repository / "good.py").write_text(FLOW)
    job.inputs["flows"] = "good.py\n\n"
    assert job.run(CHECK).returncode == 0
    (job.repository / "a b.py").write_text(BROKEN)
    job.inputs["flows"] = "good.py\na b.py\n"
    ended = job.run(CHECK)
    assert ended.returncode == 1
    assert re.match(r"::error file=a b\.py,line=22,.*title=FC242 ", ended.stdout)


def test_targets_and_the_policy_are_checked_for(job: Job) -> None:
    (job.repository / "flow.py").write_text(FLOW)
    (job.repository / "pyproject.toml").write_text('[tool.flowc.policy]\nforbidden_targets = ["airflow"]\n')
    job.inputs["flows"] = "flow.py"
    assert job.run(CHECK).returncode == 0
    job.inputs["targets"] = "argo\nairflow\n"
    ended = job.run(CHECK)
    assert (ended.returncode, ended.stdout.count("::error"), "FC710" in ended.stdout) == (1, 1, True)


def test_a_flow_runs_in_the_folder_that_is_asked_for(job: Job) -> None:
    (job.repository / "team").mkdir()
    (job.repository / "team" / "flow.py").write_text(FLOW)
    job.inputs |= {"flows": "flow.py", "working-directory": "team"}
    assert job.run(CHECK).returncode == 0


@pytest.mark.parametrize("target", ["airflow", "argo", "step-functions"])
def test_committed_outputs_are_compared(job: Job, target: str) -> None:
    (job.repository / "flow.py").write_text(FLOW)
    job.inputs |= {"flows": "flow.py", "outputs": f"{target}=out dir/\n"}
    made = ["create", "flow.py", "-o", "out dir/"]
    subprocess.run([job.folder / "bin" / "flowc", target, *made], cwd=job.repository, check=True, capture_output=True)
    assert job.run(COMPARE).returncode == 0
    (main, *_) = sorted((job.repository / "out dir").iterdir())
    main.write_text(main.read_text() + "\n::error::not from us\n")
    ended = job.run(COMPARE)
    assert ended.returncode == 1
    before, told, after = re.split(r"^::(?:stop-commands::)?([0-9a-f-]{36})(?:::)?$", ended.stdout, flags=re.MULTILINE)[
        ::2
    ]
    assert (before, "::error::not from us" in told, "::error::not" in after) == ("", True, False)
    assert "::error title=flowc::committed outputs" in after


def test_all_outputs_are_compared_whatever_the_first_is(job: Job) -> None:
    (job.repository / "flow.py").write_text(FLOW)
    job.inputs |= {"flows": "flow.py", "outputs": "argo=a/\nairflow=b/"}
    ended = job.run(COMPARE)
    assert ended.returncode == 1
    assert "a/" in ended.stdout + ended.stderr
    assert "b/" in ended.stdout + ended.stderr


def test_nothing_is_compared_where_no_output_is_named(job: Job) -> None:
    assert not job.is_wanted(COMPARE)


@pytest.fixture
def pull(job: Job) -> Job:
    """A job whose repository has the commit that the pull request is against."""
    if shutil.which("jq") is None:
        pytest.skip("there is no jq, which the stand-in for gh asks")
    _git(job.repository, "init", "--quiet")
    (job.repository / "flow.py").write_text(FLOW)
    _git(job.repository, "add", ".")
    _git(job.repository, "commit", "--quiet", "-m", "one")
    job.base = _git(job.repository, "rev-parse", "HEAD").strip()
    return job


def _git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


DIFF = "### PricesFlow\n\n- step `fit` is new: `$(touch ran)` ä €\n"


def test_a_pull_request_has_one_comment_that_is_kept_up_to_date(pull: Job) -> None:
    pull.inputs["flows"] = "flow.py"
    pull.diff(DIFF, 3)
    assert pull.run(COMMENT).returncode == 0
    words = (pull.folder / "diff-words").read_text()
    assert words == repr(["--against", pull.base, "--format", "markdown", "--", "flow.py"])
    assert [each["body"] for each in pull.state["comments"]] == [f"<!-- flowc diff -->\n{DIFF}"]
    pull.diff("another change\n", 3)
    assert pull.run(COMMENT).returncode == 0
    pull.diff("nothing changes\n", 0)
    assert pull.run(COMMENT).returncode == 0
    assert [each["body"] for each in pull.state["comments"]] == ["<!-- flowc diff -->\nnothing changes\n"]
    assert (pull.folder / "summary").read_text() == DIFF + "another change\nnothing changes\n"


def test_what_flowc_says_of_a_change_is_the_comment(pull: Job) -> None:
    """Without a stand-in; and of all flows of the workspace, where none is named."""
    pull.real_diff()
    assert pull.run(COMMENT).returncode == 0
    assert pull.state["comments"] == []
    flow = pull.repository / "flow.py"
    flow.write_text(
        FLOW.replace("    @step\n    def square", "    @retry(times=2)\n    @step\n    def square").replace(
            "step\n", "retry, step\n", 1
        )
    )
    ended = pull.run(COMMENT)
    assert ended.returncode == 0, ended.stderr
    (comment,) = pull.state["comments"]
    assert "SumFlow" in comment["body"]
    assert "retry" in comment["body"]


def test_a_pull_request_that_changes_nothing_gets_no_comment(pull: Job) -> None:
    pull.diff("nothing changes\n", 0)
    assert pull.run(COMMENT).returncode == 0
    assert pull.state["comments"] == []


def test_comments_of_others_stay(pull: Job) -> None:
    """Also one that begins as ours do."""
    others = [
        {"id": 1, "login": "somebody", "body": "<!-- flowc diff -->\nmine"},
        {"id": 2, "login": "github-actions[bot]", "body": "another action's <!-- flowc diff -->"},
    ]
    pull.knows(comments=others)
    pull.diff(DIFF, 3)
    assert pull.run(COMMENT).returncode == 0
    assert pull.state["comments"][:2] == others
    assert len(pull.state["comments"]) == 3


def test_a_token_that_may_not_comment_is_no_failure(pull: Job) -> None:
    """As in a pull request from a fork: the summary has it."""
    pull.knows(refuses=True)
    pull.diff(DIFF, 3)
    ended = pull.run(COMMENT)
    assert (ended.returncode, "::warning title=flowc::" in ended.stdout) == (0, True)
    assert (pull.folder / "summary").read_text() == DIFF


@pytest.mark.parametrize("code", [1, 2, 70])
def test_a_diff_that_fails_fails_the_step(pull: Job, code: int) -> None:
    pull.diff("", code)
    assert pull.run(COMMENT).returncode == code
    assert pull.state["calls"] == []


def test_a_long_diff_is_cut_for_the_comment_alone(pull: Job) -> None:
    """GitHub takes 65,536 characters; no letter is cut in two."""
    text = "x" + "ä" * 70_000
    pull.diff(text, 3)
    assert pull.run(COMMENT).returncode == 0
    (body,) = (each["body"] for each in pull.state["comments"])
    assert body.startswith("<!-- flowc diff -->\nThe whole of this is in the summary of the job.\n\nxä")
    assert len(body) < 65_536
    assert set(body.partition("xä")[2]) == {"ä"}
    assert (pull.folder / "summary").read_text() == text


def test_a_commit_that_a_shallow_clone_lacks_is_fetched(pull: Job, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    shutil.copytree(pull.repository, origin)
    _git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    (origin / "flow.py").write_text(FLOW + "\n")
    _git(origin, "commit", "--quiet", "-am", "two")
    shutil.rmtree(pull.repository)
    _git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), str(pull.repository))
    pull.diff(DIFF, 3)
    assert pull.run(COMMENT).returncode == 0
    assert _git(pull.repository, "cat-file", "-t", pull.base) == "commit\n"


@pytest.mark.parametrize("event", ["push", "schedule", "pull_request_target"])
def test_only_a_pull_request_is_commented_on(job: Job, event: str) -> None:
    """By `pull_request_target` a fork's code would be read with the rights of the repository."""
    job.event = event
    assert not job.is_wanted(COMMENT)


@pytest.mark.parametrize("name", [CHECK, COMMENT, COMPARE])
def test_no_input_is_executed(pull: Job, name: str) -> None:
    (pull.repository / HOSTILE.replace("/", "")).write_text(FLOW)
    pull.inputs |= {"flows": HOSTILE, "targets": "argo", "outputs": f"argo={HOSTILE}"}
    pull.run(name)
    assert not list(pull.folder.rglob("ran"))


@pytest.mark.sampled("alone")
def test_flowc_is_installed_with_what_stands_beside_it(job: Job) -> None:
    """From the action's own source, as a step that uses it does; a team's rules beside it are found."""
    rules = shutil.copytree(ROOT / "examples" / "policy", job.folder / "rules")
    text = (rules / "pyproject.toml").read_text()
    (rules / "pyproject.toml").write_text(text.replace('dependencies = ["flowc"]', "dependencies = []"))
    job.inputs["packages"] = f"{rules}\n\n"
    ended = job.run(INSTALL)
    assert ended.returncode == 0, ended.stderr
    (job.repository / "flow.py").write_text(FLOW)
    (job.repository / "pyproject.toml").write_text('[tool.flowc.policy]\nrules = ["acme"]\n')
    job.inputs["flows"] = "flow.py"
    ended = job.run(CHECK)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "title=ACME003 nobody-to-ask::" in ended.stdout
