"""What a shell offers behind a half typed call: commands, options, flow files, parameters, runs and their steps.

May import: call and what stands below it; `root` asks it, and the command that prints the scripts. Start reading in `shells`.
"""
