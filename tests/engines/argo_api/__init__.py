"""A cluster with Argo and Argo Server for tests, as two servers of HTTP over one world: what Kubernetes and Argo's OpenAPI do not have is refused.

Start reading in `world`, then `kubernetes` and `argo_server`. Workflows are executed by the interpreter of `tests.engines.argo`.
"""
