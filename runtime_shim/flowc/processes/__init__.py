"""Processes that a container starts for parts of its work: whether a fork is safe, how one is begun, awaited and ended.

May import: the ground. Start reading in `children`.
"""
