from metaflow import FlowSpec, Flow, Run, Step, Task, get_metadata, metadata, namespace, current, step, Parameter, default_namespace
from metaflow.exception import MetaflowNotFound

namespace(None)


def latest(name, tag=None):
    try:
        runs = list(Flow(name).runs(tag)) if tag else [Flow(name).latest_successful_run]
    except MetaflowNotFound:
        return None
    return next(iter(runs), None)


class ReaderFlow(FlowSpec):
    flow_to_read = Parameter("flow", default="HelloAliases")

    @step
    def start(self):
        run = latest(self.flow_to_read)
        self.texts = [run.data.text] if run is not None and run.successful else []
        self.where = get_metadata()
        self.next(self.compare)

    @step
    def compare(self):
        own = Run(f"{current.flow_name}/{current.run_id}", _namespace_check=False) if False else None
        self.known = {task.id: task.finished_at for step in (own or []) for task in step}
        self.next(self.end)

    @step
    def end(self):
        print(self.where, self.texts)


if __name__ == "__main__":
    ReaderFlow()
