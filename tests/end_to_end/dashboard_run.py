"""The example dashboard as a user runs it: once into a pipe, or live on a terminal whose screens are read."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

_SCRIPT = Path("examples/dashboard/dashboard.py")
# As a shell without job control starts what runs in the background: Ctrl-C is ignored, and that is inherited.
_IN_BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
_END_SECONDS = 60.0
# The page is drawn from the top left corner each time; colours and other moves are not read.
_HOME = "\x1b[H"
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHOWS_CURSOR, LEAVES_SCREEN = "\x1b[?25h", "\x1b[?1049l"


async def run_once(address: str, *options: str, columns: int = 100, lines: int = 30) -> tuple[int, str, str]:
    """The exit code, what it printed, and what it said of errors."""
    process = await asyncio.create_subprocess_exec(
        *_command(address, "--once", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": str(columns), "LINES": str(lines)},
    )
    async with asyncio.timeout(_END_SECONDS):
        output, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


class LiveDashboard:
    """A dashboard on a terminal of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.output = ""

    @property
    def screen(self) -> str:
        """The last page that was drawn whole, without colours."""
        pages = self.output.split(_HOME)
        return _CONTROLS.sub("", pages[-2]) if len(pages) > 2 else ""

    async def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send Ctrl-C, or another signal, and answer the exit code."""
        self._process.send_signal(number)
        async with asyncio.timeout(_END_SECONDS):
            return await self._process.wait()


@contextlib.asynccontextmanager
async def live_dashboard(
    address: str, *options: str, columns: int = 100, lines: int = 30
) -> AsyncIterator[LiveDashboard]:
    """A dashboard that runs through the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    left_out = ("COLUMNS", "LINES", "NO_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    process = await asyncio.create_subprocess_exec(
        *_IN_BACKGROUND,
        *_command(address, *options),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)
    dashboard = LiveDashboard(process)
    loop, pieces = asyncio.get_running_loop(), list[bytes]()

    def read() -> None:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            # The terminal's other end is closed: the process is gone.
            loop.remove_reader(ours)
            return
        pieces.append(piece)
        dashboard.output = b"".join(pieces).decode(errors="ignore")

    loop.add_reader(ours, read)
    try:
        yield dashboard
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        loop.remove_reader(ours)
        os.close(ours)


def _command(address: str, *options: str) -> tuple[str, ...]:
    return (sys.executable, str(_SCRIPT), "--address", address, *options)
