"""The local run as a target: what it refuses, by the same table and the same rule as every other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from compiler.backends import Gap, Options, OutputFile
from compiler.diagnostics import Report
from compiler.ir.flow import Value
from compiler.ir.plan import Feature, Plan

KUBERNETES = (
    "image_pull_policy image_pull_secrets service_account secrets node_selector namespace gpu_vendor tolerations labels "
    "annotations use_tmpfs tmpfs_tempdir tmpfs_size tmpfs_path persistent_volume_claims port compute_pool "
    "hostname_resolution_timeout qos security_context executable"
)
BATCH = (
    "queue iam_role execution_role max_swap swappiness use_tmpfs tmpfs_tempdir tmpfs_size tmpfs_path inferentia trainium efa "
    "ephemeral_storage log_driver log_options num_parallel host_volumes efs_volumes aws_batch_tags privileged"
)


class Local:
    """Where containers and events do not exist, their options have nothing to say: all are taken."""

    name: ClassVar[str] = "local"
    gaps: ClassVar[Mapping[Feature, Gap]] = {}
    spells: ClassVar[Mapping[str, frozenset[str]]] = {
        "kubernetes": frozenset(KUBERNETES.split()),
        "batch": frozenset(BATCH.split()),
        "trigger": frozenset({"reset_at"}),
        "trigger_on_finish": frozenset({"reset_at"}),
    }
    target_options: ClassVar[Mapping[str, str]] = {}

    def wants(self, key: str, value: Value) -> str | None:
        """There is no key."""
        assert key in self.target_options
        return None

    def check(self, plan: Plan, options: Options, report: Report) -> None:
        """Nothing is refused beyond the gaps."""

    def emit(self, plan: Plan, options: Options) -> tuple[OutputFile, ...]:
        """A local run has no files."""
        return ()


LOCAL = Local()
