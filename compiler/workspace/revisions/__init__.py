"""A repository at another revision of git: what has changed since, and its tree in a folder.

May import: settings and what stands beside and below it in the workspace. Nothing of the repository runs for it. Start reading in `git`.
"""
