"""A stand-in for the API server of Kubeflow Pipelines: what `table` has of its published swagger and nothing else, over the interpreter
of `tests.engines.kfp`. Start reading in `server`.
"""
