"""Runs `moviedreamer` in a process that the system kills (SIGSYS) as soon as anything in it, native code too, opens an
internet socket, which every look-up of a name begins with: python no_network.py ARGUMENTS...

TCP over IPv6 is refused instead: urllib3 asks for such a socket when it is imported, to learn whether there is IPv6.
"""

import ctypes
import os
import platform
import struct
import sys

SOCKET = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Machine -> (audit architecture, number of the system call `socket`)."""
KILL, REFUSE, ALLOW = 0x80000000, 0x00050061, 0x7FFF0000
LOAD, AND, EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06
AF_INET, AF_INET6, DATAGRAM = 2, 10, 2
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2


def supported() -> bool:
    """Whether this system has such a guard."""
    return sys.platform == "linux" and platform.machine() in SOCKET


def forbid_internet() -> None:
    """From here on an internet socket ends this process and its children. Raises OSError if the system says no."""
    architecture, socket = SOCKET[platform.machine()]
    steps = [
        (LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 0), (EQUAL, 1, 0, socket), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 16), (EQUAL, 6, 0, AF_INET), (EQUAL, 1, 0, AF_INET6), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 24), (AND, 0, 0, 0xF), (EQUAL, 1, 0, DATAGRAM), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, KILL),
    ]  # fmt: skip
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    packed = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER, packed, 0, 0)):
        if libc.prctl(*call):
            raise OSError(ctypes.get_errno(), "prctl: no seccomp filter")


if __name__ == "__main__":
    forbid_internet()
    if sys.argv[1:] == ["--look-up"]:  # what the guard is for, done by the C library
        ctypes.CDLL(None).getaddrinfo(b"example.org", b"80", None, ctypes.byref(ctypes.c_void_p()))
        sys.exit(0)
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from moviedreamer_core.cli import main

    main(sys.argv[1:])
