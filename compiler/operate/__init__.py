"""What is done with deployed flows and their runs, the same way on every engine and for local runs.

May import: difference and what stands below it. It prints nothing: `telling` and `documents` make lines and JSON. An engine says what it
knows (`compiler.backends.operating`), the store what the tasks left; here both become one. Start reading in `places` (which engine and
store a word means), then `views` (one status), then `releases` and `deploying`.
"""
