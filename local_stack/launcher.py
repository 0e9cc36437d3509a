"""Starts child processes: as an ordinary user, in their own session, and bound to the life of the starter."""

import functools
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local_stack import unprivileged
from local_stack.errors import StackError

Way = Literal["stay", "namespace", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a server is kept from running as root, and as whom its files must be owned."""

    way: Way
    uid: int
    gid: int

    def own(self, directory: Path) -> None:
        """Give a directory to the account and see that it gets there; only a real change of user needs it."""
        if self.way != "drop":
            return
        for path in (directory, *directory.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        # The data directory around it stays ours; others may only pass through.
        directory.parent.chmod(directory.parent.stat().st_mode | 0o011)
        if run(["/bin/sh", "-c", 'cd "$0"', str(directory)], account=self).returncode != 0:
            raise StackError(
                f"running as root, and the servers' own user can't reach {directory}: "
                "start as an ordinary user, or put the data directory where every user can enter"
            )


CURRENT_ACCOUNT = Account(way="stay", uid=-1, gid=-1)


@functools.cache
def server_account(probe: Path) -> Account:
    """Find the account for servers that refuse root; `probe` is the program that must run under it.

    Root prefers a user namespace, in which the server sees an ordinary user while files stay root's own;
    where the kernel or the container forbids that, the server becomes `nobody`.
    """
    if os.geteuid() != 0:
        return CURRENT_ACCOUNT
    stranger = _ordinary_user()
    for way in ("namespace", "drop"):
        account = Account(way=way, uid=stranger.pw_uid, gid=stranger.pw_gid)
        if run([str(probe), "--version"], account=account).returncode == 0:
            return account
    raise StackError(
        f"running as root, and the user {stranger.pw_name} can't run {probe}: "
        "start as an ordinary user, or keep the project in a directory that every user can enter"
    )


def run(
    command: Sequence[str], *, account: Account, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end and give its output."""
    return subprocess.run(  # noqa: S603 - commands are made in this package, never from input
        _wrapped(command, account, death_signal=0),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_environment(environment),
        start_new_session=True,
    )


def start(
    command: Sequence[str],
    *,
    account: Account,
    log: Path,
    death_signal: signal.Signals,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that appends its output to `log` and gets `death_signal` when the starting thread ends.

    Its own session keeps a Ctrl-C at the terminal from reaching it: the starter stops children in order.
    """
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - as above
            _wrapped(command, account, death_signal=death_signal),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd=directory or "/",
            env=_environment(environment),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _wrapped(command: Sequence[str], account: Account, *, death_signal: int) -> list[str]:
    script = str(Path(unprivileged.__file__).resolve())
    identity = [account.way, str(account.uid), str(account.gid), str(os.getpid()), str(int(death_signal))]
    return [sys.executable, "-I", "-S", script, *identity, *command]


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Only what a server needs: the caller's variables (PGHOST, DIPTYCH_…) must not steer it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZ") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **(extra or {})}


def _ordinary_user() -> pwd.struct_passwd:
    """`nobody`, or any listed user but root: Postgres looks its own user up by number."""
    accounts = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not accounts:
        raise StackError("running as root, and the system lists no other user to run the servers as")
    return next((entry for entry in accounts if entry.pw_name == "nobody"), accounts[-1])
