from metaflow import FlowSpec, namespaced_event_name, project, step, trigger


@project(name="training")
@trigger(events=["features.ready", "labels.ready"])
class AllEventsFlow(FlowSpec):
    @step
    def start(self):
        self.name = namespaced_event_name("model")
        self.next(self.end)

    @step
    def end(self):
        print(self.name)


if __name__ == "__main__":
    AllEventsFlow()
