"""Flows as courses, blogs and company repositories write them, with packages that are not installed: none is refused without a reason.

`flows` holds them by subject, modules and files beside them included; nothing there is run. `refusals` is the table of what a target
refuses, with the reason. Start reading in `test_shapes`, which compiles each for every target as the command line does.
"""
