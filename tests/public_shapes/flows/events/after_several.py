from metaflow import FlowSpec, step, trigger_on_finish, project


@project(name="reports")
@trigger_on_finish(flows=["SalesFlow", {"name": "StockFlow", "project": "warehouse", "project_branch": "prod"}])
class SeveralFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SeveralFlow()
