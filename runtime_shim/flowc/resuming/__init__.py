"""What one run takes over of another: by `--resume`, or where an engine begins a run in the middle.

May import: task and what stands below it. Start reading in `clone`.
"""
