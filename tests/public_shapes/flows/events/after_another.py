from metaflow import FlowSpec, Parameter, current, step, trigger_on_finish


@trigger_on_finish(flow="UploadFlow")
class AfterUploadFlow(FlowSpec):
    """Reads what the flow before it left."""

    @step
    def start(self):
        run = current.trigger.run if current.trigger else None
        self.key = run.data.key if run else "nothing"
        self.next(self.end)

    @step
    def end(self):
        print(self.key)


if __name__ == "__main__":
    AfterUploadFlow()
