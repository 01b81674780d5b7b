"""What the words of a command line mean: flows and files, parameters, settings, stores, runs of the past, targets.

May import: terminal, workspace, pipeline and all below. It holds no command. Start reading in `sources`.
"""
