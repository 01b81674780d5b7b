"""A task done once more: the debugger at its exception, and what it leaves beside what it had left before.

May import: everything but `flowc.__main__`; nothing else imports it. Start reading in `comparison`.
"""
