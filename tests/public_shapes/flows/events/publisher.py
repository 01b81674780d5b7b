import json
import os
import urllib.request

from metaflow import FlowSpec, Parameter, current, exit_hook, step

WEBHOOK = os.environ.get("SLACK_WEBHOOK", "")


def post(text: str) -> None:
    if WEBHOOK:
        request = urllib.request.Request(WEBHOOK, json.dumps({"text": text}).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10)


def failed(run):
    post(f":fire: {run.pathspec} failed")


def done(run):
    post(f"{run.pathspec} is done")


@exit_hook(on_success=[done], on_error=[failed], options={"image": "python:3.11-slim"})
class PublisherFlow(FlowSpec):
    channel = Parameter("channel", default="#jobs", required=False)

    @step
    def start(self):
        post(f"{current.flow_name} begins for {self.channel}")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PublisherFlow()
