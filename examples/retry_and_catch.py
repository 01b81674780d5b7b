"""A step that fails twice and then works, and one that never does but must not stop the run."""

from metaflow import FlowSpec, catch, current, resources, retry, step, timeout


class RetryAndCatchFlow(FlowSpec):
    """Ask a flaky service and a broken one."""

    @step
    def start(self):
        self.places = ["north", "south"]
        self.next(self.ask_flaky, self.ask_broken)

    @retry(times=2, minutes_between_retries=0)
    @timeout(minutes=5)
    @resources(cpu=1, memory=512)
    @step
    def ask_flaky(self):
        """What a failed attempt has set is never seen: `half_done` is not an artifact of this task."""
        if current.retry_count < 2:
            self.half_done = current.retry_count
            raise RuntimeError(f"no answer at attempt {current.retry_count}")
        self.answer = f"answered at attempt {current.retry_count}"
        self.next(self.join)

    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def ask_broken(self):
        """After the last attempt the run goes on, and `problem` tells what happened."""
        self.asked = len(self.places)
        raise ValueError("the service is gone")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.answer = inputs.ask_flaky.answer
        self.leftover = hasattr(inputs.ask_flaky, "half_done")
        self.asked = inputs.ask_broken.asked
        self.failure = f"{inputs.ask_broken.problem.exception}"
        self.next(self.end)

    @step
    def end(self):
        print(self.answer)
        print(f"the other one: {self.failure}")


if __name__ == "__main__":
    RetryAndCatchFlow()
