"""Random flows run while processes are killed, stores refuse and files are damaged: nothing may be torn, mixed, lost, hung or left behind.

    make soak                       for SOAK_SECONDS (600), from a new seed
    python -m tests.soak SEED SECONDS

What is injected is counted where it happens. It never says how the product works inside: what a run left is read back and compared with
a run of the same flow that nothing disturbed.
"""
