"""Decorators of the language that only running the module tells: within calls, by loops, by a base."""

from metaflow import FlowSpec, catch, current, environment, retry, step


def when(flag, *decorators):
    def put(function):
        for each in decorators if flag else ():
            function = each(function)
        return function

    return put


def everywhere(flow, *decorators):
    for name in ("start", "end"):
        for each in decorators:
            each(getattr(flow, name))


class ImportedDecoratorsFlow(FlowSpec):
    @when(len("yes") == 3, retry(times=2, minutes_between_retries=0), environment(vars={"KEY": "$x"}))
    @when(False, catch(var="never"))
    @step
    def start(self):
        self.count = current.retry_count
        if current.retry_count < 2:
            raise ValueError("again")
        self.next(self.end)

    @step
    def end(self):
        raise KeyError("kept")


everywhere(ImportedDecoratorsFlow, catch(var="kept", print_exception=False))

if __name__ == "__main__":
    ImportedDecoratorsFlow()
