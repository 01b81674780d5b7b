"""The Client: flows, runs, steps, tasks and artifacts of a store, read by anybody at any time. It writes nothing but tags.

May import: the language (for `current`), artifacts, the store, the ground. Start reading in `flows`; which tasks a run has is
found in `walk`. Whoever is outside of this room takes its objects from `flowc.client`, so that every kind is loaded.
"""

from __future__ import annotations

from flowc.public_names import loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.client.context import default_metadata as default_metadata
    from flowc.client.context import default_namespace as default_namespace
    from flowc.client.context import get_metadata as get_metadata
    from flowc.client.context import get_namespace as get_namespace
    from flowc.client.context import metadata as metadata
    from flowc.client.context import namespace as namespace
    from flowc.client.flows import Flow as Flow
    from flowc.client.flows import Metaflow as Metaflow
    from flowc.client.flows import Run as Run
    from flowc.client.flows import Step as Step
    from flowc.client.object import MetaflowObject as MetaflowObject
    from flowc.client.object import restore as restore
    from flowc.client.task import DataArtifact as DataArtifact
    from flowc.client.task import Metadata as Metadata
    from flowc.client.task import MetaflowArtifacts as MetaflowArtifacts
    from flowc.client.task import MetaflowData as MetaflowData
    from flowc.client.task import Task as Task
    from flowc.client.task import task_of as task_of
    from flowc.client.trigger import MetaflowEvent as MetaflowEvent
    from flowc.client.trigger import Trigger as Trigger
    from flowc.client.trigger import namespaced_event_name as namespaced_event_name
    from flowc.client.trigger import trigger_of as trigger_of

_PUBLIC = """
    DataArtifact Flow Metaflow MetaflowArtifacts MetaflowData MetaflowObject Run Step Task
    namespace get_namespace default_namespace metadata get_metadata default_metadata
"""
_MORE = "Metadata MetaflowEvent Trigger namespaced_event_name restore task_of trigger_of"

if not TYPE_CHECKING:  # type checkers know the names from above, and that there are no others
    __getattr__ = loader(__name__, {"flowc.client.flows": _PUBLIC + _MORE})
    __all__ = list(_PUBLIC.split())
