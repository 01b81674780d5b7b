"""The commands that look at runs, here or on their engine, and end them or go on with them: a module each, as in `compiler.commands`.

May import: everything but another command. Start reading in `status`.
"""
