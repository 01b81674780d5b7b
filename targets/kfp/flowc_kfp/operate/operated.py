"""What makes the target one that is operated: how its engine is reached. Nothing of it is needed to compile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends.operating import Connection, Engine


class Operated:
    """The part of the target that `Operable` names."""

    run_prefix: ClassVar[str] = "kfp-"
    connection_options: ClassVar[Mapping[str, str]] = {
        "host": "the address of the server, as `kfp` takes it; else KF_PIPELINES_ENDPOINT",
        "ui": "the address of its page, where that is another; else KF_PIPELINES_UI_ENDPOINT",
        "experiment": "the experiment of the runs (Default); else KF_PIPELINES_DEFAULT_EXPERIMENT_NAME",
        "service_account": "the Kubernetes account of the runs' pods, instead of the server's choice",
        "ca": "a file with the certificates that are trusted for https, instead of the system's",
    }

    def connect(self, connection: Connection) -> Engine:
        """The server that the connection names; asks nothing of it yet. Raises CallError, EngineError."""
        from flowc_kfp.operate.connecting import place  # noqa: PLC0415 - only operating needs it
        from flowc_kfp.operate.engine import KfpEngine  # noqa: PLC0415

        return KfpEngine(place(connection))
