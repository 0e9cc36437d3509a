"""Looks at processes by number: is it alive, is it the one that we mean, stop it and wait."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped] # ships no types

POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Look again and again until the condition holds; False when the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs; one that ended and waits for its parent does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def children(pid: int) -> list[int]:
    """The processes that a process has started and that run now; none when it has ended."""
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none: numbers are used again after a restart."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    try:
        listed = subprocess.run(  # noqa: S603 - systems without /proc
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return listed.stdout.strip()


def left_behind(pid: int | None, *marks: str) -> int | None:
    """The number again if it is a live process whose command line has all marks, else None."""
    if pid is None or pid <= 1 or not is_alive(pid):
        return None
    line = command_line(pid)
    return pid if all(mark in line for mark in marks) else None


def stop_process(pid: int, stop_signal: signal.Signals, timeout_seconds: float) -> bool:
    """Send the signal and wait for the end of a process that need not be our child."""
    try:
        os.kill(pid, stop_signal)
    except ProcessLookupError:
        return True
    return wait_until(lambda: not is_alive(pid), timeout_seconds)


def end(process: "subprocess.Popen[bytes] | None", number: int, timeout_seconds: float) -> None:
    """Send a signal to a child that still runs and wait for its end; raise subprocess.TimeoutExpired."""
    if process is not None and process.poll() is None:
        process.send_signal(number)
        process.wait(timeout_seconds)
