"""Operating what was compiled for Argo Workflows: deployments, runs, tasks and logs, by Kubernetes itself or by Argo Server.

May import: what `compiler.backends` holds; the client libraries in `api` alone. Start reading in `engine`, then `deploying` and `runs`.
It never opens the store.
"""
