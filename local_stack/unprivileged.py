"""Run as a script in the child: gives up root, ties its life to the parent, and becomes the server."""

import ctypes
import os
import signal
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def enter_user_namespace(uid: int, gid: int) -> None:
    """Be `uid` inside a new user namespace; outside, the process and its files stay those of the caller."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused a new user namespace")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1", encoding="ascii")


def drop_to(uid: int, gid: int) -> None:
    """Become the user `uid` for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` when the parent ends (Linux; elsewhere the next start cleans up)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> None:
    """Arguments: way (stay | namespace | drop), uid, gid, parent's pid, death signal, then the command."""
    way, uid, gid, parent, death_signal, *command = arguments
    if way == "namespace":
        enter_user_namespace(int(uid), int(gid))
    elif way == "drop":
        drop_to(int(uid), int(gid))
    # After the change of user, because that change would clear it.
    if int(death_signal):
        die_with_parent(int(parent), int(death_signal))
    os.execv(command[0], command)  # noqa: S606 - the command is made by local_stack.launcher


if __name__ == "__main__":
    main(sys.argv[1:])
