"""The commands of what is deployed on an engine: `flowc <target> deploy`, `trigger`, `list` and so on, and `flowc doctor`.

May import: everything but another command. Start reading in `deploy`; `compiler.commands.target` names the functions that make them.
"""
