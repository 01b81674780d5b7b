"""The least rights: a run works with what the policies allow, and without a part of it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import escape
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends import Options
from compiler.backends.stepfunctions import BACKEND
from compiler.backends.stepfunctions.policies import job_policy
from compiler.ir.planner import plan
from compiler.pipeline import compile_flow
from compiler.slotted_class import replaced
from compiler.workspace.marks import is_compiled
from tests.engines import FlowCase, Outcome
from tests.engines.stepfunctions import server
from tests.engines.stepfunctions_case import Machine, execute
from tests.stages.iam import allows, behind
from tests.stages.plans import flow

FLOW = '''
import json, os
from flowc import FlowSpec, S3, current, retry, schedule, secrets, step
from flowc.client import Flow


@schedule(daily=True)
class {name}(FlowSpec):
    """A run that uses what a run may use."""

    @secrets(sources=["{secret}"])
    @step
    def start(self):
        self.seen = os.environ["PASSWORD"]
        self.large = bytes(1_000_000)
        self.items = [1, 2]
        self.next(self.work, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        assert current.retry_count, "once more"
        self.square = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [each.square for each in inputs]
        with S3(run=self) as s3:
            s3.put("a", "text")
        self.next(self.end)

    @step
    def end(self):
        run = Flow("{name}")[current.run_id]
        with S3(run=self) as s3:
            print("SAID", json.dumps([run["start"].task.data.seen, s3.get("a").text, self.squares]))
'''
VALUES = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}


def filled(text: str, **values: str) -> Any:
    """A document with its placeholders replaced."""
    return json.loads(re.sub(r"\$\{([^}]+)\}", lambda match: {**VALUES, **values}[match[1]], text))


def files(path: Path, **changes: Any) -> Mapping[str, str]:
    options = replaced(Options(default_image="f:0", target={"policy": True, "sam": True}), **changes)
    found, report = compile_flow(path, BACKEND, options, root=path.parent)
    assert found, [each.message for each in report]
    return {"name": found[0].name.partition(".")[0], **{file.name.partition(".")[2]: file.text for file in found}}


def run(name: str, folder: Path, *, rights_of: str = "", without: str = "") -> Outcome:
    """A run of the flow whose jobs have the job role of its own, or of a flow of another name; or a statement less."""
    engine, bucket = server(), server().bucket()
    secret = f"{folder.name}/db"
    engine.client("secretsmanager").create_secret(Name=secret, SecretString='{"PASSWORD": "pass"}')
    path = folder / "flow.py"
    path.write_text(FLOW.format(name=rights_of or name, secret=secret))
    policy = filled(files(path)["job-policy.json"], StoreBucket=bucket)
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != without]
    path.write_text(FLOW.format(name=name, secret=secret))
    emitted = files(path)
    with behind(policy, engine.endpoint) as gate:
        case = FlowCase(path, name, environment={"AWS_ENDPOINT_URL": gate.url})
        machine = Machine(f"{emitted['name']}", emitted["asl.json"], emitted["jobs.json"])
        return execute(machine, case, folder, bucket=bucket)


@pytest.mark.parametrize("name", ["RightsFlow", "_Fluß"])
def test_a_run_needs_no_more_than_the_job_policy(name: str, tmp_path: Path) -> None:
    """Artifacts, retries, the client, `S3(run=self)` and a secret, behind a gate that allows nothing else."""
    outcome = run(name, tmp_path)
    assert outcome.success, outcome.log
    assert 'SAID ["pass", "text", [1, 4]]' in outcome.log


@pytest.mark.parametrize(
    "less",
    [{"rights_of": "OtherFlow"}, {"without": "FlowcRuns"}, {"without": "FlowcList"}, {"without": "FlowcSecrets"}],
    ids=str,
)
def test_a_run_needs_no_less(less: Mapping[str, str], tmp_path: Path) -> None:
    assert not run("RightsFlow", tmp_path, **less).success


@given(st.from_regex(r"\A[A-Za-z_é\u4e00][A-Za-z0-9_é\u4e00]{0,250}\Z"))
def test_a_flow_s_folder_is_allowed_however_the_store_spells_it(name: str) -> None:
    decided = plan(replaced(flow(start="end", end=""), name=name))
    policy = filled(json.dumps(job_policy(decided, Options(default_image="f:0", store="s3://b/p"))))
    for folder in (escape(name), name):
        assert allows(policy, "s3:PutObject", f"arn:aws:s3:::b/p/{folder}/run/x", {})
        assert allows(policy, "s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": f"p/{folder}/run/"})
    assert not allows(policy, "s3:GetObject", f"arn:aws:s3:::b/q/{name}/run/x", {})
    assert not allows(policy, "s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": "p/"})


SECRETS = {
    "'db'": ["arn:aws:secretsmanager:us-east-1:123456789012:secret:db-??????"],
    "'arn:aws:secretsmanager:eu-west-1:1:secret:a/b'": ["arn:aws:secretsmanager:eu-west-1:1:secret:a/b-??????"],
    "'arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf'": [
        "arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:1:secret:a-AbCdEf-??????",
    ],
    "{'type': 'aws-secrets-manager', 'id': 'db', 'options': {'region': 'eu-central-1'}}": [
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-??????"
    ],
    "{'type': 'aws-secrets-manager', 'id': 'db', 'role': 'arn:aws:iam::1:role/r'}": ["arn:aws:iam::1:role/r"],
}


@pytest.mark.parametrize("written", SECRETS)
def test_secrets_are_named_as_iam_names_them(written: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(FLOW.format(name="F", secret="x").replace('"x"', written))
    policy = filled(files(path)["job-policy.json"], StoreBucket="b")
    assert policy["Statement"][-1]["Resource"] == SECRETS[written]


def test_code_and_the_run_that_triggered_it_are_read_only(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(
        FLOW.format(name="F", secret="x")
        .replace("@schedule(daily=True)", "@trigger_on_finish(flow='Before')")
        .replace("schedule,", "trigger_on_finish,")
    )
    policy = filled(files(path, code="s3://c/code.tar.gz", store="s3://b")["job-policy.json"])
    for place in ("c/code.tar.gz", "b/Before/run/x"):
        assert allows(policy, "s3:GetObject", f"arn:aws:s3:::{place}", {})
        assert not allows(policy, "s3:PutObject", f"arn:aws:s3:::{place}", {})


def test_the_template_s_resources_are_cloudformation_s(tmp_path: Path) -> None:
    """By the rules of cfn-lint, all but the machine, which SAM's own transform makes of its part."""
    path = tmp_path / "flow.py"
    path.write_text(FLOW.format(name="F", secret="x"))
    template = json.loads(files(path)["sam.json"])
    del template["Transform"], template["Resources"]["StateMachine"]
    from cfnlint.api import lint

    found = lint(json.dumps(template), regions=["us-east-1"])
    assert {each.rule.id for each in found} <= {"W2001"}, [each.message for each in found]
    template["Resources"]["TaskRole"]["Properties"]["Police"] = []
    assert {each.rule.id for each in lint(json.dumps(template), regions=["us-east-1"])} > {"W2001"}


def test_every_file_is_known_as_ours(tmp_path: Path) -> None:
    """Each has a mark in its head, so that none goes into the archive whose digest it carries."""
    path = tmp_path / "flow.py"
    path.write_text(FLOW.format(name="F", secret="x"))
    path.with_name("after.py").write_text(path.read_text().replace("@schedule(daily=True)", "@trigger(event='e')"))
    path.with_name("after.py").write_text(path.with_name("after.py").read_text().replace("schedule,", "trigger,"))
    seen = {}
    for each in (path, path.with_name("after.py")):
        found = files(each)
        seen |= {f"F.{end}": text for end, text in found.items() if end != "name"}
    assert len(seen) == 7
    assert [name for name, text in seen.items() if not is_compiled(name, text.encode())] == []
