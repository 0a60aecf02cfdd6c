"""Becomes another program that dies with its starter: `child.py STARTER_PID SIGNAL USER_ID COMMAND...`.

A program of its own rather than a function between fork and exec, which is not safe in a process with threads. The
order matters: changing the user clears the death signal, so the signal is set after it; and a starter that died
before the signal was set is noticed by its pid.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int) -> None:
    """Asks the kernel to send this process `signal_number` when the thread that started it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def main() -> None:
    starter, signal_number, user = (int(word) for word in sys.argv[1:4])
    if user >= 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        os.umask(0o077)
    die_with_parent(signal_number)
    if os.getppid() != starter:
        sys.exit(f"process {starter}, which asked for this one, is gone")
    os.execv(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
