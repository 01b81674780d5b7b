"""The typed graph of a flow: facts of its source (`flow`) and decisions for a target (`plan`). Imports nothing above it."""
