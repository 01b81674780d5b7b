"""Names of `metaflow` and `flowc` that lines use while a module is imported or a step runs.

May import: decorators, text, findings. Start reading in `language_names`, which checks the code of `reached`.
"""
