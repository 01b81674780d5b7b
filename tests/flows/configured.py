"""A Config that a parser of the author's own reads, in decorators and for a mutator."""

import os

from metaflow import Config, FlowMutator, FlowSpec, config_expr, resources, retry, step


def lines(text):
    return {name.strip(): int(value) for name, _, value in (line.partition("=") for line in text.splitlines()) if name}


class Sized(FlowMutator):
    def pre_mutate(self, mutable_flow):
        configs = dict(mutable_flow.configs)
        assert set(configs) == {"cfg", "other"}, configs
        times = configs["cfg"].retries + mutable_flow.other.more
        mutable_flow.end.add_decorator(retry, deco_kwargs={"times": times})


@Sized
class ConfiguredFlow(FlowSpec):
    cfg = Config("cfg", default=os.path.join(os.path.dirname(__file__), "configured.txt"), parser=lines)
    other = Config("other", default_value={"more": 1})

    @resources(memory=cfg.memory)
    @step
    def start(self):
        self.memory = self.cfg.memory
        self.next(self.end)

    @resources(memory=config_expr("cfg.memory // 2"))
    @step
    def end(self):
        pass


if __name__ == "__main__":
    ConfiguredFlow()
