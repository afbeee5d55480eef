"""Become another program that dies with its parent. Run as a script by `services.local.processes`, never imported.

    python -I -S tether.py <parent pid> <signal number> <account or -> <program> [argument …]

It drops to the account where one is named (only root can), asks the kernel to send the signal when the parent is
gone (Linux only; elsewhere the next run clears up, see `run_directory.reap_leftover`) and then *is* the program: same
process id, no layer in between. It is a script and not a `preexec_fn` because code that runs between fork and exec
in a process with threads can deadlock.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when its parent dies. Kept over exec, cleared by a change of account."""

EXIT_ORPHANED = 125
"""The parent was gone before the tether was tied: nobody would ever stop the program, so it is not started."""


def become(parent: int, death_signal: int, account: str, argv: list[str]) -> None:
    """Replace this process by `argv`; returns never."""
    if account != "-":
        _drop_to(account)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(EXIT_ORPHANED)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so over exec
    os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted


def _drop_to(account: str) -> None:
    entry = pwd.getpwnam(account)
    os.initgroups(account, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
