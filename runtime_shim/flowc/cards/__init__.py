"""Cards: the pages that tasks leave, and what authors put on them (`from metaflow.cards import Markdown`).

May import: the client, source (for the flow's graph), the language, artifacts, the store, the ground. It never changes how a
task ends. Start reading in `render`; what `current.card` is, is in `current_card`. Nothing is loaded before a card is used.
"""

from __future__ import annotations

from flowc.public_names import loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.cards.basic import BlankCard as BlankCard
    from flowc.cards.basic import DefaultCard as DefaultCard
    from flowc.cards.basic import ErrorCard as ErrorCard
    from flowc.cards.basic import MetaflowCard as MetaflowCard
    from flowc.cards.card_client import Card as Card
    from flowc.cards.card_client import CardContainer as CardContainer
    from flowc.cards.card_client import get_cards as get_cards
    from flowc.cards.component import ErrorComponent as ErrorComponent
    from flowc.cards.component import LogComponent as LogComponent
    from flowc.cards.component import MetaflowCardComponent as MetaflowCardComponent
    from flowc.cards.component import PageComponent as PageComponent
    from flowc.cards.component import PythonCodeComponent as PythonCodeComponent
    from flowc.cards.component import SectionComponent as SectionComponent
    from flowc.cards.component import SubTitleComponent as SubTitleComponent
    from flowc.cards.component import TableComponent as TableComponent
    from flowc.cards.component import TextComponent as TextComponent
    from flowc.cards.component import TitleComponent as TitleComponent
    from flowc.cards.component import UserComponent as UserComponent
    from flowc.cards.components import Artifact as Artifact
    from flowc.cards.components import Error as Error
    from flowc.cards.components import EventsTimeline as EventsTimeline
    from flowc.cards.components import Image as Image
    from flowc.cards.components import JSONViewer as JSONViewer
    from flowc.cards.components import Markdown as Markdown
    from flowc.cards.components import ProgressBar as ProgressBar
    from flowc.cards.components import PythonCode as PythonCode
    from flowc.cards.components import Table as Table
    from flowc.cards.components import ValueBox as ValueBox
    from flowc.cards.components import VegaChart as VegaChart
    from flowc.cards.components import YAMLViewer as YAMLViewer

_HOMES = {
    "flowc.cards.basic": "BlankCard DefaultCard ErrorCard MetaflowCard",
    "flowc.cards.card_client": "Card CardContainer get_cards",
    "flowc.cards.component": (
        "ErrorComponent LogComponent MetaflowCardComponent PageComponent PythonCodeComponent SectionComponent "
        "SubTitleComponent TableComponent TextComponent TitleComponent UserComponent"
    ),
    "flowc.cards.components": (
        "Artifact Error EventsTimeline Image JSONViewer Markdown ProgressBar PythonCode Table ValueBox VegaChart YAMLViewer"
    ),
}

if not TYPE_CHECKING:  # type checkers know the names from above, and that there are no others
    __getattr__ = loader(__name__, _HOMES)
    __all__ = list(" ".join(_HOMES.values()).split())
