"""A process that sees nothing of who started it, and has no network: by the kernel where it permits that, by Python in any case.

What the kernel gives (Linux, as root or with user namespaces): no network device, no process but its own, a `/proc` of its own, and
an end of all that it started when it ends. Elsewhere Python's own sockets are refused; what C code and other programs do is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_ALONE = _NEW_MOUNTS | _NEW_IPC | _NEW_PIDS | _NEW_NET
_RECURSIVE, _PRIVATE, _DETACH = 0x4000, 0x40000, 2
_NO_SUID, _NO_DEVICES, _NO_EXEC = 2, 4, 8
_SET_DUMPABLE, _SET_NO_NEW_PRIVILEGES = 4, 38

MEMORY = 8 << 30
"""Bytes that a process may write to at once, as far as the system counts them."""

_FILE, _PROCESSES = 1 << 30, 8192
_CAPABILITIES = 0x20080522
"""The version of the sets of rights that `capset` takes."""

_REFUSED = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
    }
)


def hide() -> None:
    """Let no process of the same user read this one's memory and environment, as far as the system has a way (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def isolate(*descriptors: int) -> bool:
    """Go on in a process that is alone, and has limits; whether the kernel keeps it alone.

    The caller's process, where it is left behind, closes the descriptors, waits, and ends as the new one does.
    """
    done = _unshare()
    if done:
        _follow(os.fork(), descriptors)  # the first process of its own: when it ends, all others there do
        _own_proc()
        _follow(os.fork(), descriptors)
    _limit()
    sys.addaudithook(_refuse)
    return done


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"the module is imported without a network ({event})")


def _unshare() -> bool:
    """Enter namespaces of its own, as the same user; in one of users, so that root has no rights either over what is outside."""
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.unshare(_NEW_USER | _ALONE) != 0:
            return bool(library.unshare(_ALONE) == 0)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except (OSError, AttributeError):
        return False
    return True


def _own_proc() -> None:
    """A `/proc` of these processes alone over the one that shows all; where the kernel does not permit it, that one stays."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) == 0:
        library.umount2(b"/proc", _DETACH)
        library.mount(b"proc", b"/proc", b"proc", _NO_SUID | _NO_DEVICES | _NO_EXEC, None)


def _limit() -> None:
    """Bounds on memory, files and processes; no core dump; no rights beyond the user's, also not by programs that are started."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_NPROC, _PROCESSES),
    ):
        with contextlib.suppress(OSError, ValueError):
            hard = resource.getrlimit(kind)[1]
            own = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (own, own))
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform.startswith("linux"):
            library = ctypes.CDLL(None)
            library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            library.capset((ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)())


def _follow(child: int, descriptors: tuple[int, ...]) -> None:
    """In the child nothing; its parent ends as it does."""
    if not child:
        return
    for descriptor in descriptors:
        os.close(descriptor)
    status = 0
    with contextlib.suppress(ChildProcessError):
        ended = -1
        while ended != child:
            ended, status = (
                os.wait()
            )  # the first process of a namespace has those to wait for whose parents are gone, too
    if os.WIFSIGNALED(status):
        _die_of(os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


def _die_of(number: int) -> None:
    """End by a signal as a shell would tell it: the first process of a namespace cannot be ended by its own."""
    with contextlib.suppress(OSError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)
