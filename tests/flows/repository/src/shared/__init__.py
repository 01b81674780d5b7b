"""What the repository's flows share; names come from here as well as from the modules."""

from .bases import Prepared as Ready
from .names import ITEMS, SIZES, often
