from metaflow import FlowSpec, Parameter, step


class BackupFlow(FlowSpec):
    """The smallest one."""

    target = Parameter("target", default="/backup")

    @step
    def start(self):
        print("to", self.target)


if __name__ == "__main__":
    BackupFlow()
