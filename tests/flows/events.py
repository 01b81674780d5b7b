"""Flows that events start, and one that others start: what they take of it."""

from metaflow import FlowSpec, JSONType, Parameter, current, namespaced_event_name, project, step, trigger, trigger_on_finish


class _Told(FlowSpec):
    """What started the run, as every step sees it."""

    @step
    def start(self):
        self.told = told()
        self.next(self.end)

    @step
    def end(self):
        assert self.told == told()


def told():
    """The facts of each event."""
    return [(event.name, event.id, event.type, event.timestamp.year) for event in current.trigger.events]


@trigger(event={"name": "films.added", "parameters": {"title": "film", "cast": "people"}})
class EventFlow(_Told):
    """One event, two of whose fields are parameters."""

    title = Parameter("title", default="none")
    cast = Parameter("cast", type=JSONType, default={})
    year = Parameter("year", default=1900)


@project(name="films")
@trigger(
    events=[namespaced_event_name("films.added"), {"name": "people.added", "parameters": [("title", "film")]}],
    options={"reset_at": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}},
)
class BothEventsFlow(_Told):
    """Two events that must both come, the same day."""

    title = Parameter("title", default="none")


@trigger_on_finish(flow="EventFlow")
class AfterwardsFlow(_Told):
    """It follows another flow."""


if __name__ == "__main__":
    EventFlow()
