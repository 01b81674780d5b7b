"""The author's module: how it is found and imported, and what of it is a step, a parameter, a constant.

May import: the language and what is below it. It runs no step. Start reading in `module`; what the compiler asks for is in `declaration`.
"""
