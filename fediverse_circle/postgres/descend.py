"""A program of its own, started as `python descend.py <starter's pid> <uid> <gid> <command> ...`: becomes that user, ties its life to the
starter's, and turns into the command.

The order matters.  Groups before user, or the right to change them is gone.  The tie after the user, for changing it undoes the tie.  The
look at the parent after the tie, for a starter that died before it will never be noticed.  Where the kernel knows no such tie (it is
Linux's), the command is started all the same, and a later start adopts it.

It imports nothing of this package, so that a root whose packages the other user cannot read may start it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(starter: int, uid: int, gid: int, command: list[str]) -> None:
    """Descend, and become the command."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.chdir("/")
    os.umask(0o077)
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    if os.getppid() != starter:
        sys.exit("the program that started this has ended")
    os.execv(command[0], command)  # noqa: S606  no shell is meant


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
