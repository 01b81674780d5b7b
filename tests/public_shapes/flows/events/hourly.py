from metaflow import FlowSpec, Parameter, retry, schedule, step, timeout


@schedule(hourly=True)
class HourlyFlow(FlowSpec):
    window = Parameter("window-minutes", default=60, type=int)

    @retry(times=1)
    @timeout(minutes=50)
    @step
    def start(self):
        import datetime

        end = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
        self.begin, self.end_time = end - datetime.timedelta(minutes=self.window), end
        self.next(self.end)

    @step
    def end(self):
        print(self.begin.isoformat(), self.end_time.isoformat())


if __name__ == "__main__":
    HourlyFlow()
