"""Where an expression stands, and what all expressions of one file share."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from compiler.frontend.text.modules import Module, Modules
from compiler.frontend.values.budget import Effort
from compiler.frontend.values.config_values import Configs, Given
from compiler.slotted_class import record

if TYPE_CHECKING:
    from compiler.frontend.declarations.import_result import Importer


class FileReading:
    """What is shared while the flows of one file are read: the modules, the values of `Config`s, what evaluating may cost.

    `importer` tells what only running the module does. `passthrough` are names of `metaflow` that the image has.
    """

    __slots__ = ("budget", "configs", "importer", "modules", "passthrough")

    def __init__(
        self,
        modules: Modules,
        given: Mapping[str, Given],
        importer: Importer | None = None,
        passthrough: frozenset[str] = frozenset(),
    ) -> None:
        self.modules = modules
        self.configs = Configs(given)
        self.budget = Effort()
        self.importer = importer
        self.passthrough = passthrough

    @property
    def has_imported(self) -> bool:
        """Whether what only running the module tells is known too."""
        return self.importer is not None


@record
class Scope:
    """Where an expression stands: its module, and the names of the class body around it."""

    reading: FileReading
    module: Module
    names: Mapping[str, ast.expr | None]

    @property
    def modules(self) -> Modules:
        """The modules of the repository."""
        return self.reading.modules

    def within(self, module: Module, names: Mapping[str, ast.expr | None]) -> Scope:
        """Another place of the same reading."""
        return Scope(self.reading, module, names)
