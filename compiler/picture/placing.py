"""Where everything of a picture stands: sizes from the inside out, then places from the outside in. `page/page.js` does the same again."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from math import ceil

from compiler.legible import one_line
from compiler.picture.drawing import Bend, Beside, Block, Card, Drawing, Frame, Label, Line, Series, within
from compiler.slotted_class import fresh, mutable, record

GAP, APART, PAD, TITLE = 30, 26, 16, 26
"""Between what stands in series and beside; around what is in a frame, and what its title takes more."""

SIDE, LEAST = 14, 196.0
"""At both sides of the text of a card, and the least width of one."""

FOLDED = 34
"""The height of a frame that is folded."""

MOST_NAME, MOST_MARKS, MOST_LABEL, MOST_TITLE = 40, 44, 36, 60
"""Cells of text that are shown; all of it stands in the details."""

_NAME, _SMALL = 8.0, 6.6
"""The width of a cell: of a name, and of everything else."""

MOST_STEPS = 60
"""So many cards a page begins with at most, where folding helps."""


@record
class Box:
    """A rectangle, from its upper left corner; `axis` is where lines begin and end, from its left side."""

    x: float
    y: float
    width: float
    height: float
    axis: float

    @property
    def middle(self) -> float:
        """Where lines begin and end."""
        return self.x + self.axis


@record
class Size:
    """How large a block is, and where its axis is."""

    width: float
    height: float
    axis: float


@record
class Placed:
    """The boxes of cards, labels, bends and frames by their keys, the path of each line, and the size of all."""

    boxes: Mapping[str, Box]
    paths: tuple[tuple[Line, str], ...]
    width: float
    height: float


def cells(text: str) -> int:
    """How many cells a text takes: letters of East Asia and pictures take two, marks none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def clipped(text: str, most: int) -> str:
    """The text on one line of at most so many cells."""
    shown = one_line(text)
    if cells(shown) <= most:
        return shown
    while cells(shown) > most - 1:
        shown = shown[:-1]
    return f"{shown}…"


def card_lines(card: Card) -> tuple[str, str, str]:
    """What stands on a card: name, docstring, marks."""
    doc = clipped(card.doc, int((_card_width(card) - 2 * SIDE) / _SMALL))
    return clipped(card.step, MOST_NAME), doc, _marks(card)


def _marks(card: Card) -> str:
    return clipped(" · ".join(card.marks), MOST_MARKS)


def _card_width(card: Card) -> float:
    """A docstring does not count: another text of it moves nothing."""
    more = (cells(card.state) + 2) * _SMALL if card.state else 0
    more += 28 if card.opens else 0
    wide = max(cells(clipped(card.step, MOST_NAME)) * _NAME + more, cells(_marks(card)) * _SMALL)
    return max(_even(wide) + 2 * SIDE, LEAST)


def _even(width: float) -> float:
    """A width whose half is whole: then so is every place, and nobody has to round."""
    return 2.0 * ceil(width / 2)


def size_of(leaf: Card | Label | Bend) -> tuple[float, float]:
    """Width and height of what holds nothing."""
    if isinstance(leaf, Bend):
        return 12.0, 18.0
    if isinstance(leaf, Label):
        return _even(cells(clipped(leaf.text, MOST_LABEL)) * _SMALL) + 14, 20.0
    return _card_width(leaf), 36.0 + (17 if leaf.doc else 0) + (17 if leaf.marks else 0)


def folded_at_first(drawing: Drawing) -> frozenset[str]:
    """The frames that a picture of many steps begins with folded: outer ones are opened first, as long as not too many cards are seen."""
    folded: set[str] = {each.key for each in drawing.frames if each.kind in FOLDING}
    waiting = list(_outermost(drawing.block))
    seen = len(drawing.cards) - sum(each.steps for each in waiting)
    for frame in waiting:
        inner = list(_outermost(frame.inside))
        own = frame.steps - sum(each.steps for each in inner)
        if seen + own <= MOST_STEPS or len(drawing.cards) <= MOST_STEPS:
            folded.discard(frame.key)
            seen += own
            waiting += inner
    return frozenset(folded)


FOLDING = ("foreach", "gang", "arms")
"""The kinds of frames that fold."""


def _outermost(block: Block) -> Iterator[Frame]:
    """The frames that fold and are in no other of the block."""
    if isinstance(block, Frame) and block.kind in FOLDING:
        yield block
    else:
        for each in within(block):
            yield from _outermost(each)


def place(drawing: Drawing, folded: Collection[str] = ()) -> Placed:
    """The places of a drawing some of whose frames are folded."""
    work = _Work(frozenset(folded))
    size = work.measure(drawing.block)
    work.put(drawing.block, PAD, PAD, ())
    hidden = work.hidden
    lines = _visible(drawing, hidden)
    paths = tuple((line, work.path(line)) for line in lines)
    return Placed(work.boxes, paths, size.width + 2 * PAD, size.height + 2 * PAD)


def _visible(drawing: Drawing, hidden: Mapping[str, str]) -> tuple[Line, ...]:
    """The lines, those of what is hidden from and to the frame that hides it, each once."""
    found: dict[tuple[str, str], Line] = {}
    for line in drawing.lines:
        source, target = hidden.get(line.source, line.source), hidden.get(line.target, line.target)
        if source != target:
            found.setdefault((source, target), Line(source, target, line.opens, line.ends, line.is_curved))
    return tuple(found.values())


@mutable
class _Work:
    """The work on one picture. `hidden`: by what is not shown, the folded frame that it is in."""

    folded: frozenset[str]
    sizes: dict[int, Size] = fresh(default_factory=dict)
    boxes: dict[str, Box] = fresh(default_factory=dict)
    chains: dict[str, tuple[str, ...]] = fresh(default_factory=dict)
    hidden: dict[str, str] = fresh(default_factory=dict)

    def measure(self, block: Block) -> Size:
        """The size of a block, and of all within."""
        if isinstance(block, Series):
            sizes = [self.measure(each) for each in block.parts]
            left, right = max(each.axis for each in sizes), max(each.width - each.axis for each in sizes)
            size = Size(left + right, sum(each.height for each in sizes) + GAP * (len(sizes) - 1), left)
        elif isinstance(block, Beside):
            sizes = [self.measure(each) for each in block.parts]
            width = sum(each.width for each in sizes) + APART * (len(sizes) - 1)
            axis = (sizes[0].axis + width - sizes[-1].width + sizes[-1].axis) // 2
            size = Size(width, max(each.height for each in sizes), axis)
        elif isinstance(block, Frame):
            size = self._frame(block)
        else:
            width, height = size_of(block)
            size = Size(width, height, width / 2)
        self.sizes[id(block)] = size
        return size

    def _frame(self, frame: Frame) -> Size:
        if frame.key in self.folded:
            wide = folded_width(frame)
            return Size(wide, FOLDED, wide / 2)
        inner = self.measure(frame.inside)
        if frame.kind == "arms":
            return inner
        half = title_width(frame) / 2
        left, right = max(inner.axis + PAD, half), max(inner.width - inner.axis + PAD, half)
        return Size(left + right, inner.height + 2 * PAD + TITLE, left)

    def put(self, block: Block, x: float, y: float, chain: tuple[str, ...]) -> None:
        """Place a block, and all within; `chain` are the frames with a border that it is in, outer ones first."""
        size = self.sizes[id(block)]
        if isinstance(block, Series):
            for each in block.parts:
                self.put(each, x + size.axis - self.sizes[id(each)].axis, y, chain)
                y += self.sizes[id(each)].height + GAP
        elif isinstance(block, Beside):
            for each in block.parts:
                self.put(each, x, y, chain)
                x += self.sizes[id(each)].width + APART
        else:
            self.boxes[block.key] = Box(x, y, size.width, size.height, size.axis)
            self.chains[block.key] = chain
            if isinstance(block, Frame):
                self._put_inside(block, x, y, chain)

    def _put_inside(self, frame: Frame, x: float, y: float, chain: tuple[str, ...]) -> None:
        if frame.key in self.folded:
            self._hide(frame.inside, frame.key)
        elif frame.kind == "arms":
            self.put(frame.inside, x, y, chain)
        else:
            moved = self.sizes[id(frame)].axis - self.sizes[id(frame.inside)].axis
            self.put(frame.inside, x + moved, y + PAD + TITLE, (*chain, frame.key))

    def _hide(self, block: Block, around: str) -> None:
        if isinstance(block, Series | Beside):
            for each in block.parts:
                self._hide(each, around)
        else:
            self.hidden[block.key] = around
            if isinstance(block, Frame):
                self._hide(block.inside, around)

    def path(self, line: Line) -> str:
        """The path of a line, from the foot of a box to the head of another."""
        source, target = self.boxes[line.source], self.boxes[line.target]
        left = self._border(line.source, line.target) or source
        entered = self._border(line.target, line.source) or target
        foot = source.y if line.source.startswith("bend") else source.y + source.height
        begin, end = (source.middle, foot), (target.middle, target.y)
        if line.is_curved:
            return _curved(begin, end, max(entered.y - GAP, foot), entered.y - (_HEAD if line.ends else 0))
        return _angled(begin, end, left.y + left.height + GAP / 2 if line.opens else entered.y - GAP / 2)

    def _border(self, key: str, other: str) -> Box | None:
        """The outermost frame that holds one and not the other."""
        chain, others = self.chains[key], self.chains[other]
        return next((self.boxes[each] for each in chain if each not in others), None)


_Point = tuple[float, float]
_ROUND = 8.0
_HEAD = 8.0
"""How long the head of a line is, which points down."""


def _curved(begin: _Point, end: _Point, leaves: float, arrives: float) -> str:
    """A path that goes to the side in a curve between two heights."""
    (x1, y1), (x2, y2) = begin, end
    middle = (leaves + arrives) / 2
    curve = f"C{_n(x1)} {_n(middle)} {_n(x2)} {_n(middle)} {_n(x2)} {_n(arrives)}"
    return f"M{_n(x1)} {_n(y1)}V{_n(leaves)}{curve}V{_n(y2)}"


def _angled(begin: _Point, end: _Point, turn: float) -> str:
    """A path that goes to the side at a height."""
    (x1, y1), (x2, y2) = begin, end
    across = x2 - x1
    if abs(across) < 1:
        return f"M{_n(x1)} {_n(y1)}V{_n(y2)}"
    bow = min(_ROUND, abs(across) / 2)
    side = bow if across > 0 else -bow
    return (
        f"M{_n(x1)} {_n(y1)}V{_n(turn - bow)}Q{_n(x1)} {_n(turn)} {_n(x1 + side)} {_n(turn)}"
        f"H{_n(x2 - side)}Q{_n(x2)} {_n(turn)} {_n(x2)} {_n(turn + bow)}V{_n(y2)}"
    )


def _n(number: float) -> str:
    """A number as short as it can be, the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")


def title_width(frame: Frame) -> float:
    """The least width of a frame."""
    return _even(cells(clipped(frame.title, MOST_TITLE)) * _SMALL) + 2 * PAD


def folded_width(frame: Frame) -> float:
    """The width of a frame that is folded."""
    return title_width(frame) + _even(cells(folded_words(frame)) * _SMALL)


def folded_words(frame: Frame) -> str:
    """What a folded frame says beside its title."""
    return f"  ·  {frame.steps} step{'' if frame.steps == 1 else 's'}"
