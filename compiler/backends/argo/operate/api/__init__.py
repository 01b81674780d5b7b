"""The two ways to an Argo: Kubernetes with lightkube (`cluster`), Argo Server with hera (`server`), and what both are asked for.

May import: `compiler.backends`, lightkube, hera. Start reading in `protocol`. It never decides what is to be changed.
"""
