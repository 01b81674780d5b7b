"""Run a command and say what it took: `launched.py FD USER COMMAND...` CPU and wall seconds, KiB, exit code go to FD.

Linux counts as a process's memory also what the process had that started it. This one has next to nothing.
"""

import os
import sys
import time


def main() -> None:
    """Start the command, wait for its end, write what `wait4` counts of it and of the children that it has waited for."""
    told, user, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    os.set_inheritable(told, False)
    began = time.perf_counter()
    pid = os.fork()
    if not pid:
        try:
            if user:
                os.setreuid(int(user), int(user))
            os.execvp(command[0], command)
        except OSError as error:
            sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    took = (usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
    os.write(told, " ".join(map(str, took)).encode())


main()
