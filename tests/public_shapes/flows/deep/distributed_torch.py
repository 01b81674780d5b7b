from metaflow import FlowSpec, Parameter, current, parallel, resources, step

N_NODES = 2


class DistributedTrainingFlow(FlowSpec):
    """Data parallel training in a gang; only the control task keeps the model."""

    batch_size = Parameter("batch-size", default=32)

    @step
    def start(self):
        self.checkpoints = []
        self.next(self.train, num_parallel=N_NODES)

    @resources(cpu=4, memory=16000)
    @parallel
    @step
    def train(self):
        import os

        import torch.distributed as dist

        os.environ["MASTER_ADDR"] = current.parallel.main_ip
        os.environ.setdefault("MASTER_PORT", "29500")
        dist.init_process_group("gloo", rank=current.parallel.node_index, world_size=current.parallel.num_nodes)
        self.rank = current.parallel.node_index
        self.model = b"weights" if self.rank == 0 else None
        dist.destroy_process_group()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.model = next(each.model for each in inputs if each.model is not None)
        self.ranks = sorted(each.rank for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        assert self.ranks == list(range(N_NODES))


if __name__ == "__main__":
    DistributedTrainingFlow()
