import os

from metaflow import FlowSpec, Parameter, card, current, project, retry, step


@project(name="films")
class AskedFlow(FlowSpec):
    """What a step may ask about the run that it is part of."""

    count = Parameter("count", default=2)
    word = "constant"

    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        """The first one."""
        assert current.retry_count == 1, "the first attempt fails"
        self.counts = list(range(self.count))
        self.names = [
            name
            for name in ("flow_name", "run_id", "step_name", "task_id", "retry_count", "pathspec", "namespace", "username",
                         "tags", "parameter_names", "graph", "is_running_flow", "tempdir", "trigger", "project_name",
                         "branch_name", "project_flow_name", "is_production", "is_user_branch", "card", "parallel",
                         "origin_run_id", "nonsense", "task", "run")
            if name in current
        ]
        self.got = [current.get("nonsense"), current.get("nonsense", 3), current.get("flow_name"), current.origin_run_id]
        self.next(self.body, foreach="counts")

    @card
    @step
    def body(self):
        self.where = [current.step_name, current.task_id, current.pathspec == f"{current.run.pathspec}/body/body-{self.index}"]
        self.has_card = "card" in current
        self.folder = current.tempdir
        self.is_folder = os.path.isdir(self.folder)
        self.folder = None
        self.next(self.join)

    @step
    def join(self, inputs):
        self.wheres = [each.where for each in inputs]
        self.seen = [each.has_card and each.is_folder for each in inputs]
        graph = current.graph
        self.types = {name: step["type"] for name, step in graph["steps"].items()}
        self.ways = {name: step["next"] for name, step in graph["steps"].items()}
        self.structure = graph["graph_structure"]
        self.declared = [graph["parameters"], graph["constants"], graph["doc"], graph["start_step"], graph["end_step"]]
        self.decorators = {name: [each["name"] for each in step["decorators"]] for name, step in graph["steps"].items()}
        self.more = [graph["steps"]["start"]["doc"], graph["steps"]["start"]["matching_join"], graph["decorators"][0]["name"]]
        self.next(self.end)

    @step
    def end(self):
        self.project = [current.project_name, current.project_flow_name.split(".")[0], current.is_production]
        self.parameters = current.parameter_names
        event = current.trigger.event
        self.event = [event.name, event.id, event.type, len(current.trigger.events)]
        self.runs = [run.pathspec for run in current.trigger.runs]
        self.asked = "metaflow.OtherFlow.end" in current.trigger


if __name__ == "__main__":
    AskedFlow()
