"""What flowc gives to authors, kept as artifacts: objects of the client, of S3, of `current`."""

from metaflow import S3, FlowSpec, Run, Task, current, namespace, parallel, step
from metaflow.datatools import RangeInfo, S3GetObject, S3PutObject


class ObjectsFlow(FlowSpec):
    """Objects of the client, of S3, of `current`."""

    @step
    def start(self):
        namespace(None)
        run = Run("SettingsFlow/local-settings")
        self.run, self.flow, self.step_, self.task = run, run.parent, run["start"], run["start"].task
        self.artifact = run["start"].task["kept"]
        self.data = run.data
        self.artifacts = run["start"].task.artifacts
        self.metadata = run["start"].task.metadata[:1]
        caught = Task("CaughtFlow/local-caught/start/-")
        self.attempts = caught.attempts
        self.failure = Task("CaughtFlow/local-caught/each/0").exception
        self.next(self.objects)

    @step
    def objects(self):
        with S3(run=self) as s3:
            self.url = s3.put("films", "Metropolis", metadata={"year": "1927"}, content_type="text/plain")
            s3.put_many([("more", "M"), ("most", "Die Nibelungen")])
            self.found = s3.info("films")
            self.part = s3.get(S3GetObject("films", 2, 3))
            self.part_text = self.part.text
            self.listed = s3.list_paths()
            try:
                s3.get("none")
            except Exception as error:
                self.missing = error
        self.asked = [S3GetObject("films", 2, 3), S3PutObject("a", "b"), RangeInfo(10, 2, 3)]
        self.next(self.ask)

    @step
    def ask(self):
        self.trigger = current.trigger
        self.event = current.trigger.event
        self.graph = current.graph
        self.this_run, self.this_task = current.run, current.task
        self.facts = (current.flow_name, current.run_id, current.step_name, current.task_id, current.username)
        self.pathspec, self.tags, self.names = current.pathspec, current.tags, current.parameter_names
        self.next(self.node, num_parallel=1)

    @parallel
    @step
    def node(self):
        self.node_of = current.parallel
        self.next(self.join)

    @step
    def join(self, inputs):
        self.node_of = inputs[0].node_of
        self.next(self.end)

    @step
    def end(self):
        print(self.node_of.num_nodes)


if __name__ == "__main__":
    ObjectsFlow()
