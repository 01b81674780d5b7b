from metaflow import FlowSpec, Parameter, current, project, step, trigger


@trigger(event={"name": "s3.upload", "parameters": {"key": "object_key", "size": "bytes"}})
@project(name="ingest")
class UploadFlow(FlowSpec):
    key = Parameter("key", default="none")
    size = Parameter("size", default=0)

    @step
    def start(self):
        if current.trigger:
            print("started by", current.trigger.event.name)
        self.next(self.end)

    @step
    def end(self):
        print(self.key, self.size)


if __name__ == "__main__":
    UploadFlow()
