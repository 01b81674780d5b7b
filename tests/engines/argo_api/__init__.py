"""A cluster with Argo and Argo Server for tests: two servers of HTTP over one world, which refuse what the real ones do not have.

Start reading in `world`, then `kubernetes` and `argo_server`. Workflows are executed by the interpreter of `tests.engines.argo`.
"""
