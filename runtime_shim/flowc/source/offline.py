"""A process without a network: by the kernel where it permits that, and by Python in any case."""

from __future__ import annotations

import ctypes
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
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


def go_offline() -> bool:
    """Take the network away from this process and its children for good; whether the kernel does so.

    Where it does not (no Linux, or no user namespaces), Python's own sockets are refused all the same; what C code and
    other programs do is not.
    """
    done = _unshare()
    sys.addaudithook(_refuse)
    return done


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"the module is imported without a network ({event})")


def _unshare() -> bool:
    """Enter a network namespace of its own, which has no device that is up; as the same user."""
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.unshare(_NEW_NET) == 0:
            return True
        if library.unshare(_NEW_USER | _NEW_NET) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except (OSError, AttributeError):
        return False
    return True
