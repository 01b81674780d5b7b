"""Flows that events start, and text that no engine may read as its own."""

from __future__ import annotations

HOSTILE = "it's {{workflow.name}} $(X) {{=1+1}} \"\n"
BODY = """
    alpha = Parameter("alpha", default="untouched")
    must = Parameter("must", type=int, required=True)
    @step
    def start(self):
        self.told = [(event.name, event.id, event.type) for event in current.trigger.events]
        self.next(self.end)
"""
EVENT = "@trigger(event={'name': 'data.updated', 'parameters': {'alpha': 'x', 'must': 'y'}})"
PLAIN = """
    @step
    def start(self):
        self.told = [(event.name, event.id, event.type) for event in current.trigger.events]
        self.next(self.end)
"""
