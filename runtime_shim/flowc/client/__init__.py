"""The Client: flows, runs, steps, tasks and artifacts of a store, read by anybody at any time. It writes nothing but tags.

May import: the language (for `current`), artifacts, the store, the ground. Start reading in `flows`; which tasks a run has is
found in `walk`. Whoever is outside of this room takes its objects from `flowc.client`, so that every kind is loaded.
"""

from __future__ import annotations

from flowc.public_names import loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.client.flows import Flow as Flow
    from flowc.client.flows import Metaflow as Metaflow
    from flowc.client.flows import Run as Run
    from flowc.client.flows import Step as Step
    from flowc.client.object import restore as restore
    from flowc.client.task import DataArtifact as DataArtifact
    from flowc.client.task import Task as Task
    from flowc.client.task import task_of as task_of
    from flowc.client.trigger import Trigger as Trigger
    from flowc.client.trigger import trigger_of as trigger_of

_PUBLIC = """
    DataArtifact Flow Metaflow MetaflowArtifacts MetaflowData MetaflowObject Run Step Task
    namespace get_namespace default_namespace metadata get_metadata default_metadata
"""
_MORE = "Metadata MetaflowEvent Trigger namespaced_event_name restore task_of trigger_of"
__getattr__ = loader(__name__, {"flowc.client.flows": _PUBLIC + _MORE})
__all__ = list(_PUBLIC.split())  # pyright: ignore[reportUnsupportedDunderAll]  # the table says it once
