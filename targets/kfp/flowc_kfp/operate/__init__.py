"""Operating what was compiled for Kubeflow Pipelines: deployments, runs, tasks and logs, by the REST API of its server.

May import: what docs/new-target.md names, and the server's client library in `api` alone. Start reading in `engine`, then `deploying` and
`runs`. It never opens the store.
"""
