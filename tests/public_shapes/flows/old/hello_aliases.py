import metaflow as mf
from metaflow import FlowSpec as Flow_, step as node, Parameter as P
from metaflow import current as ctx

retry_thrice = dict(times=3, minutes_between_retries=0)


class HelloAliases(Flow_):
    who = P("who", default="world")
    greeting: str = "hello"

    @mf.retry(**retry_thrice)
    @node
    def start(self):
        self.text = f"{self.greeting} {self.who}"
        self.next(self.end)

    @mf.timeout(minutes=5)
    @node
    def end(self):
        print(ctx.run_id, self.text)


if __name__ == "__main__":
    HelloAliases()
