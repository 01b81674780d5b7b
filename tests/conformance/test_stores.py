"""A whole flow on Google Cloud Storage and Azure: the local run and Argo leave there what they leave in a folder."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from flowc.client.context import flow_names
from flowc.store import open_store

from tests.conformance.plan import SHORT
from tests.conformance.results import read_result
from tests.engines import FlowCase
from tests.engines.argo_case import run_argo
from tests.engines.local import run_local
from tests.stages.clouds import cloud

SOURCE = """
    from flowc import FlowSpec, IncludeFile, Parameter, catch, current, parallel_map, retry, step

    class Stored(FlowSpec):
        width = Parameter("width", default=3)
        words = IncludeFile("words", default="words.txt")

        @step
        def start(self):
            self.large = bytes(range(256)) * 2000
            self.items = [str(n) * 40000 for n in range(self.width)]
            self.next(self.each, foreach="items")

        @retry(times=1, minutes_between_retries=0)
        @step
        def each(self):
            if current.retry_count == 0 and self.index == 1:
                raise ValueError("the first attempt fails")
            self.found = len(self.input) + len(self.large)
            self.next(self.join)

        @step
        def join(self, inputs):
            self.merge_artifacts(inputs, exclude=["found"])
            self.total = sum(each.found for each in inputs)
            self.rounds = 0
            self.next(self.again)

        @step
        def again(self):
            self.rounds += 1
            self.case = "more" if self.rounds < 3 else "done"
            self.next({"more": self.again, "done": self.tried}, condition="case")

        @catch(var="failed")
        @step
        def tried(self):
            self.squares = parallel_map(lambda n: n * n, range(4))
            raise RuntimeError("caught")
            self.next(self.end)

        @step
        def end(self):
            self.last = (self.total, self.rounds, self.words, len(self.large), self.failed.type)

    if __name__ == "__main__":
        Stored()
"""


@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["gs"] if SHORT else ["gs", "az"])
def test_a_flow_leaves_in_a_cloud_what_it_leaves_in_a_folder(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, here, there, argo = (tmp_path / name for name in ("project", "here", "there", "argo"))
    for folder in (project, here, there, argo):
        folder.mkdir()
    (project / "stored.py").write_text(textwrap.dedent(SOURCE))
    (project / "words.txt").write_text("some words")
    with cloud(kind) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        case = FlowCase(project / "stored.py", "Stored", environment=variables)
        url = f"{kind}://flows/deep/{{}}"
        outcomes = (
            run_local(case, here),
            run_local(case, there, store=url.format("local")),
            run_argo(case, argo, store=url.format("argo")),
        )
        for outcome in outcomes:
            assert outcome.success, outcome.log
        expected, *others = [read_result(outcome, project) for outcome in outcomes]
        assert all(other.tasks == expected.tasks for other in others)
        assert all(other.walked == expected.walked for other in others)
        assert flow_names(open_store(url.format("argo"))) == ["Stored"]
