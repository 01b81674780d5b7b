"""Names of `metaflow` that only extensions have: refused by name, unless the image has them (`passthrough`)."""

from __future__ import annotations

from collections.abc import Mapping

BY_IMAGE = "where an extension in the image brings it, name it in `passthrough` of [tool.flowc]"
"""What to do about a name that only an extension can have."""

_BY_CODE = "do it in the step's code, or in an image of your own"
_GANG = "`@parallel` with `num_parallel`, and start the framework in the step's code"

GANGS = frozenset(
    (
        "deepspeed",
        "deepspeed_parallel",
        "metaflow_ray",
        "mpi",
        "mpi_parallel",
        "pytorch_parallel",
        "ray_parallel",
        "tensorflow",
        "tensorflow_parallel",
        "torchrun",
        "torchrun_parallel",
    )
)
"""Decorators of extensions that act as `@parallel`; so does every other whose name ends with `_parallel`."""

EXTENSIONS: Mapping[str, str] = {
    "model": _BY_CODE,
    "checkpoint": _BY_CODE,
    "huggingface_hub": _BY_CODE,
    "load_model": _BY_CODE,
    "pip": "use `@pypi`",
    "pip_base": "use `@pypi_base`",
    "trigger_on": "use `@trigger` or `@trigger_on_finish`",
    "nvidia": "use `@kubernetes(gpu=...)`",
    "nvct": "use `@kubernetes(gpu=...)`",
    "nim": _BY_CODE,
    "vllm": _BY_CODE,
    "ollama": _BY_CODE,
    "fast_bakery_internal": "remove it",
    "gpu_profile": _BY_CODE,
    "slurm": "use `@kubernetes` or `@batch`",
    **dict.fromkeys(sorted(GANGS), _GANG),
    "argo_workflows_internal": "remove it",
    "step_functions_internal": "remove it",
    "airflow_internal": "remove it",
}
"""Names that extensions bring, and what to do instead."""


def is_gang(name: str) -> bool:
    """Whether a decorator of an extension makes a step's tasks the nodes of a gang."""
    return name in GANGS or name.endswith("_parallel")
