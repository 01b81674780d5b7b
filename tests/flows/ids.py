"""Every task writes down what it is called, and finds itself by that."""

import re

from metaflow import FlowSpec, Task, current, namespace, parallel, step

namespace(None)


def told():
    """The task's id; what others take for the task is the same task."""
    assert re.fullmatch("[A-Za-z0-9._-]+", current.task_id), current.task_id
    above = f"{current.flow_name}/{current.run_id}/{current.step_name}"
    assert current.pathspec == f"{above}/{current.task_id}"
    own = Task(f"{above}/{current.task_id}")
    assert (
        own == current.task == Task(f"{above}/{own.index_path}{'' if own.iteration is None else f'~{own.iteration}'}")
    )
    assert (own.id, own.pathspec) == (current.task_id, current.pathspec)
    return current.task_id


class IdsFlow(FlowSpec):
    @step
    def start(self):
        self.ids = [told()]
        self.next(self.tidy, self.fan)

    @step
    def tidy(self):
        self.ids = [told()]
        self.rounds = 0
        self.next(self.poll)

    @step
    def poll(self):
        self.ids = [*self.ids, told()]
        self.rounds += 1
        self.enough = self.rounds > 2
        self.next({True: self.meet, False: self.poll}, condition="enough")

    @step
    def meet(self):
        self.next(self.both)

    @step
    def fan(self):
        self.rows = ["a", "b"]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.cells = [1, 2]
        self.ids = [told()]
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.ids = [*getattr(self, "ids", ()), told()]
        self.small = len(self.ids) < 4
        self.next({True: self.cell, False: self.kept}, condition="small")

    @step
    def kept(self):
        self.next(self.line)

    @step
    def line(self, inputs):
        self.ids = [told(), *(each for one in inputs for each in one.ids)]
        self.next(self.page)

    @step
    def page(self, inputs):
        self.ids = [told(), *(each for one in inputs for each in one.ids)]
        self.next(self.both)

    @step
    def both(self, inputs):
        self.ids = [told(), *inputs[0].ids, *inputs[1].ids]
        self.next(self.node, num_parallel=2)

    @parallel
    @step
    def node(self):
        self.own = told()
        self.lead = current.parallel.control_task_id
        self.next(self.nodes)

    @step
    def nodes(self, inputs):
        self.ids = [*inputs[0].ids, *((one.own, one.lead) for one in inputs)]
        self.next(self.end)

    @step
    def end(self):
        print(self.ids)


if __name__ == "__main__":
    IdsFlow()
