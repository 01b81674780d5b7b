"""Names that lines use while a module is imported or a step runs: those of `metaflow` and `flowc`, and those of the module itself.

May import: decorators, text, findings. Start reading in `language_names`, which checks the code of `reached`; `undefined` is what fails
while the module is imported.
"""
